"""The arithmetic of the table: what a float32 is as integers, and which bin it falls into.

Everything here works on the bits of float32, never on floats: a processor that flushes subnormals to zero, as some
libraries tell it to, changes nothing.
"""
import functools

import numpy as np

MAGNITUDE = np.uint32(0x7FFFFFFF)
FRACTION = np.uint32(0x007FFFFF)
IMPLIED = np.uint32(0x00800000)
INFINITE = 0x7F800000
NEGATIVE_ZERO = np.uint32(0x80000000)

# The exponent of the smallest subnormal: no bin is narrower, because finer edges would be no float32.
SMALLEST = -149
# Biased exponents, once for each sign: the leading nine bits of a float32.
LEADING = 512
MOST_BINS = 32768


def kept_bits(bins):
    """log2 of the bins on each side of zero: twice those asked for, at a power of two."""
    if not 1 <= bins <= MOST_BINS:
        raise ValueError(f"bins must be from 1 to {MOST_BINS}, not {bins}")
    return 1 + int(bins - 1).bit_length()


# The exponent e of x = m * 2^e for each of the leading nine bits; 24 bits hold m.
UNIT = np.maximum(np.arange(LEADING) & 255, 1) - 150


def width_exponent(amax, bits):
    """log2 of the bins' width where the largest magnitude has these bits: 2^k / 2^bits, k the first with amax < 2^k."""
    k = (amax >> 23) - 126 if amax >> 23 else amax.bit_length() - 149
    return max(k - bits, SMALLEST)


@functools.lru_cache(maxsize=512)
def shifts(exponent):
    """By how much m is shifted to give the index of its bin of this width, for each of the leading nine bits."""
    return np.clip(exponent - UNIT, 0, 24).astype(np.uint32)


# A finite value as an integer of the same order: its magnitude's bits, negated below zero. Both zeros are 0.


def extremes(bits):
    """The ordered integers of the smallest and the largest value, all of them finite.

    Told from three extremes of the integers themselves, which order like the values above zero and the other way round
    below it. What is not finite shows as `INFINITE` or beyond on its side.
    """
    signed_top, top, bottom = int(bits.view(np.int32).max()), int(bits.max()), int(bits.min())
    high = signed_top if signed_top >= 0 else -(bottom & 0x7FFFFFFF)
    low = -(top & 0x7FFFFFFF) if top >= 1 << 31 else bottom
    return low, high


def from_ordered(ordered):
    """The float32 of an ordered integer; NaN where there is none."""
    ordered = np.asarray(ordered, np.int64)
    bits = np.where(ordered >= 0, ordered, 0x80000000 - ordered)
    bits = np.where(np.abs(ordered) >= INFINITE, 0x7FC00000, bits)
    return bits.astype(np.uint32).view(np.float32)


def to_ordered(values):
    """The ordered integer of a float32 that is finite."""
    bits = np.asarray(values, np.float32).view(np.uint32).astype(np.int64)
    return np.where(bits >= 1 << 31, -(bits & 0x7FFFFFFF), bits)
