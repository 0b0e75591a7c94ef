"""What may be counted: arrays of the types that qviz reads, made float32 as qviz makes them.

Integers and float64 are rounded to the nearest, ties to even; what overflows is infinite. All else is exact.
"""
import functools

import numpy as np

from .errors import StatsError

# What one step works on: its scratch stays in the second cache, and below the 128 KB from which the C library asks the
# system for memory each time, which takes as long as the counting.
CHUNK = 12 << 10

WIDTHS = {
    "bool": 1, "int8": 1, "uint8": 1, "float8_e4m3fn": 1, "float8_e5m2": 1,
    "int16": 2, "uint16": 2, "float16": 2, "bfloat16": 2,
    "int32": 4, "uint32": 4, "float32": 4,
    "int64": 8, "uint64": 8, "float64": 8,
}
# NumPy has no type for these. Whoever has none either gives their bits as unsigned integers.
FOREIGN = ("bfloat16", "float8_e4m3fn", "float8_e5m2")


class Values:
    """An array of a known type."""

    def __init__(self, array, dtype=None):
        """`dtype` names the type where the array holds bits: `bfloat16` in uint16, `float8_*` in uint8."""
        array = np.asarray(array)
        name = array.dtype.name
        if array.dtype.kind == "V" and array.dtype.fields is None and array.dtype.itemsize == 2 and name not in WIDTHS:
            name = "bfloat16"  # what np.load makes of one that np.save has written
        if dtype is not None:
            if dtype not in FOREIGN:
                raise StatsError(f"dtype {dtype!r} cannot be given; it is for the bits of {', '.join(FOREIGN)}")
            if array.dtype.itemsize != WIDTHS[dtype]:
                raise StatsError(f"the bits of {dtype} lie in {WIDTHS[dtype]} bytes each, not in {array.dtype.name}")
            name = dtype
        if name not in WIDTHS:
            raise StatsError(f"values of type {name} are not counted; convert them to float32 or float64 first")
        if name in FOREIGN:
            array = array.view(f"u{WIDTHS[name]}")
        self.array, self.dtype, self.shape = array, name, array.shape

    def bits(self, chunk):
        """The bits of the float32 that each element of this piece of the array is."""
        return _bits(chunk, self.dtype)

    def table(self):
        """The bits of each value that the type has, and how often it is there; None where it has too many."""
        width = WIDTHS[self.dtype]
        if width > 2 or self.array.size < 1 << (8 * width):
            return None
        native = self.array.dtype.newbyteorder("=")
        times = np.zeros(1 << (8 * width), np.int64)
        for chunk in self.chunks(1 << 20):
            times += np.bincount(chunk.astype(native, copy=False).view(f"u{width}"), minlength=times.size)
        return codes(self.dtype), times

    def chunks(self, size=CHUNK):
        """All elements, in any order, as flat pieces."""
        array = self.array
        if array.flags.c_contiguous or array.flags.f_contiguous:
            flat = array.ravel(order="K")
            for start in range(0, flat.size, size):
                yield flat[start:start + size]
        elif array.size:
            flags = ["external_loop", "buffered", "zerosize_ok"]
            yield from np.nditer(array, flags=flags, order="K", buffersize=size)

    def blocks(self, axis):
        """Blocks of a few indices along an axis: one row an index, about `CHUNK` elements in all or a single row."""
        rows = np.moveaxis(self.array, axis, 0)
        step = max(1, CHUNK // max(1, rows[0].size)) if len(rows) else 1
        for start in range(0, len(rows), step):
            block = rows[start:start + step]
            yield block.reshape(len(block), -1)


def _bits(chunk, dtype):
    if dtype == "bfloat16":
        return chunk.astype(np.uint32) << np.uint32(16)
    if dtype in FOREIGN:
        return codes(dtype)[chunk]
    if chunk.dtype != np.float32 or not chunk.dtype.isnative or not chunk.flags.c_contiguous:
        # Asked for in so many words: float64 may overflow.
        with np.errstate(all="ignore"):
            chunk = np.ascontiguousarray(chunk, np.float32)
    return chunk.view(np.uint32)


@functools.lru_cache(maxsize=None)
def codes(dtype):
    """The bits of the float32 that each code of a type of one or two bytes is."""
    width = WIDTHS[dtype]
    every = np.arange(1 << (8 * width), dtype=np.uint32).astype(f"u{width}")
    if dtype == "bfloat16":
        return _bits(every, dtype)
    if dtype == "float8_e5m2":
        return _bits((every.astype(np.uint16) << 8).view(np.float16), "float16")
    if dtype == "float8_e4m3fn":
        return _e4m3fn(every)
    if dtype == "bool":
        return _bits(every != 0, dtype)
    return _bits(every.view(dtype), dtype)


def _e4m3fn(every):
    exponent, fraction = (every >> 3) & 15, (every & 7).astype(np.float64)
    normal = np.ldexp(8 + fraction, exponent.astype(int) - 10)
    values = np.where(exponent > 0, normal, np.ldexp(fraction, -9)) * np.where(every >> 7, -1.0, 1.0)
    values[(every & 0x7F) == 0x7F] = np.nan
    return values.astype(np.float32).view(np.uint32)
