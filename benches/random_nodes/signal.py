"""Spectra, and what they are made with."""

import numpy as np

from random_nodes import Fixed, Node, floats, given, maybe, opset, pick


def dft(rng):
    version = opset(rng, 17)
    last = pick(rng, 1, 2)
    x = floats(rng, (2, int(rng.integers(4, 9)), int(rng.integers(4, 7)), last))
    inverse = pick(rng, 0, 0, 1)
    onesided = pick(rng, 0, 1) if last == 1 and not inverse else 0
    length = Fixed(np.array(int(rng.integers(3, 10)), np.int64)) if maybe(rng, 0.4) else None
    axis = pick(rng, 1, 2, None)
    attributes = given(inverse=inverse or None, onesided=onesided or None)
    if version >= 20:
        return Node("DFT", [x, length, Fixed(np.array(axis - x.ndim * maybe(rng, 0.3), np.int64)) if axis else None],
                    attributes, version)
    return Node("DFT", [x, length], attributes | given(axis=axis), version)


def stft(rng):
    x = floats(rng, (2, 32, 1))
    length = int(rng.integers(4, 9))
    window = rng.random(length).astype(np.float32) if maybe(rng, 0.7) else None
    frame = Fixed(np.array(length, np.int64)) if window is None or maybe(rng) else None
    return Node("STFT", [x, Fixed(np.array(int(rng.integers(1, 6)), np.int64)), None if window is None else Fixed(window), frame],
                given(onesided=pick(rng, 0, 1, None)), opset(rng, 17))


def window(rng):
    op = pick(rng, "HannWindow", "HammingWindow", "BlackmanWindow")
    size = np.array(int(rng.integers(2, 12)), pick(rng, np.int64, np.int32))
    return Node(op, [Fixed(size)], given(periodic=pick(rng, 0, 1, None)), opset(rng, 17))


def mel_weight_matrix(rng):
    low = float(rng.uniform(0, 200))
    return Node("MelWeightMatrix", [Fixed(np.array(v, np.int64)) for v in (int(rng.integers(4, 12)), 64, 16000)] +
                [Fixed(np.array(v, np.float32)) for v in (low, 7600.0)], {}, opset(rng, 17))


NODES = [dft, stft, dft, stft, window, mel_weight_matrix]
