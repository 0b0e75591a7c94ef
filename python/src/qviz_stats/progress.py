"""How far it is, on one line of stderr."""
import sys
import time


class Progress:
    """Says how many calls and values were counted, at most twice a second; on a terminal in place, else every minute."""

    def __init__(self, stream=None, clock=time.monotonic):
        self.stream, self.clock = stream or sys.stderr, clock
        self.in_place = self.stream.isatty()
        self.start = self.said = clock()

    def __call__(self, calls, tensors, values, last=False):
        now = self.clock()
        if not last and now - self.said < (0.5 if self.in_place else 60):
            return
        self.said = now
        rate = values / max(now - self.start, 1e-9) / 1e6
        line = f"{calls:,} calls, {tensors:,} tensors, {values:,} values counted, {rate:,.1f} million a second"
        if self.in_place:
            self.stream.write(f"\r{line}\x1b[K" + ("\n" if last else ""))
        else:
            self.stream.write(line + "\n")
        self.stream.flush()
