"""Counting a share of the calls only."""
import contextvars
import functools
import random
import threading

from .errors import StatsError

_counting = contextvars.ContextVar("qviz_stats_counting", default=True)


def counting():
    """Whether what runs here is to be counted."""
    return _counting.get()


def sampled(rate, seed=0):
    """A decorator: of the calls of the function, this share is counted, drawn by chance; the others run unobserved.

        @sampled(0.01, seed=7)
        def serve(request):
            return model(request)

    The same seed draws the same calls, where one thread makes them.
    """
    if not 0 <= rate <= 1:
        raise StatsError(f"a rate is from 0 to 1, not {rate}")

    def decorate(function):
        chance, lock = random.Random(seed), threading.Lock()

        @functools.wraps(function)
        def call(*args, **kwargs):
            with lock:
                drawn = chance.random() < rate
            token = _counting.set(drawn and _counting.get())
            try:
                return function(*args, **kwargs)
            finally:
                _counting.reset(token)

        return call

    return decorate
