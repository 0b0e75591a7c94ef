"""Counting along an axis: many parts, most of them with few values."""
import numpy as np

from . import grid
from .counts import Counts
from .rows import EXP_BITS, IDX_BITS, Rows, added
from .values import CHUNK


def counted_along(values, axis, bins):
    """The counts of each index along an axis."""
    kept = grid.kept_bits(bins)
    found = [Rows.empty(0)]
    for block in values.blocks(axis):
        if block.shape[1] < 1 << kept:
            found.append(_sorted(values.bits(block), kept))
            continue
        for row in block:
            counts = Counts(bins)
            for start in range(0, len(row), CHUNK):
                counts.push(values.bits(row[start:start + CHUNK]))
            found.append(counts.rows())
    return Rows.stacked(found)


def _sorted(bits, kept):
    """Counts rows shorter than counters would be many, by sorting."""
    rows = Rows.empty(len(bits))
    magnitude = (bits & grid.MAGNITUDE).astype(np.int64)
    minus = bits > grid.MAGNITUDE
    finite = magnitude < grid.INFINITE
    infinite = magnitude == grid.INFINITE
    zero = magnitude == 0
    every = (np.ones_like(finite), zero, magnitude > grid.INFINITE, infinite & ~minus, infinite & minus)
    rows.stats[:] = np.stack([which.sum(axis=1) for which in every], axis=1)
    ordered = np.where(minus, -magnitude, magnitude)
    rows.low[:] = np.where(finite, ordered, grid.INFINITE).min(axis=1, initial=grid.INFINITE)
    rows.high[:] = np.where(finite, ordered, -grid.INFINITE).max(axis=1, initial=-grid.INFINITE)
    amax = np.where(finite, magnitude, 0).max(axis=1, initial=0)
    rows.exp[:] = [grid.width_exponent(int(bits), kept) for bits in amax]

    part = np.broadcast_to(np.arange(len(bits))[:, None], bits.shape)[finite]
    side = part * 2 + (~minus | zero)[finite]
    magnitude = magnitude[finite]
    biased = np.maximum(magnitude >> 23, 1)
    m = (magnitude & int(grid.FRACTION)) | np.where(magnitude >> 23 > 0, int(grid.IMPLIED), 0)
    idx = m >> np.minimum(rows.exp[part] - (biased - 150), 24)
    rows.bins, rows.times = added(side << IDX_BITS | idx, np.ones_like(idx))

    some = m > 0
    m, key = m[some], (side << EXP_BITS | biased)[some]
    square = m * m
    pieces = (np.ones_like(m), m & 0xFFF, m >> 12, square & 0xFFFF, square >> 16 & 0xFFFF, square >> 32)
    rows.sums, rows.pieces = added(key, np.stack(pieces, axis=1))
    return rows
