"""Counts that arrays are added to: a counter for each bin."""
import numpy as np

from . import grid
from .rows import EXP_BITS, IDX_BITS, Rows


class Counts:
    """Counters of one part, on a grid whose range doubles whenever a value lies beyond it.

    All edges are powers of two times an integer, so that the counts depend on the values alone, not on their order nor
    on how they were cut into pieces.
    """

    def __init__(self, bins):
        self.bits = grid.kept_bits(bins)
        self.kept = 1 << self.bits
        self.stats = np.zeros(5, np.int64)  # n, zeros, nan, pos_inf, neg_inf
        self.low, self.high = grid.INFINITE, -grid.INFINITE
        self.exp = grid.SMALLEST
        self.bins = np.zeros((2, self.kept), np.int64)  # above zero, then below
        self.sums = np.zeros((grid.LEADING, 6), np.int64)

    def push(self, bits, times=None):
        """Takes in values by their float32 bits; each as often as `times` says, where it is given.

        At most 2^29 values at once: the sums that NumPy makes in float64 stay below 2^53, and are exact.
        """
        many = (lambda which: int(which.sum())) if times is None else (lambda which: int(times[which].sum()))
        self.stats[0] += len(bits) if times is None else int(times.sum())
        if not len(bits):
            return
        low, high = grid.extremes(bits)
        if low <= -grid.INFINITE or high >= grid.INFINITE:
            magnitude = bits & grid.MAGNITUDE
            self.stats[2] += many(magnitude > grid.INFINITE)
            self.stats[3] += many(bits == grid.INFINITE)
            self.stats[4] += many(bits == grid.INFINITE | 1 << 31)
            bits, times = _only(magnitude < grid.INFINITE, bits, times)
            if not len(bits):
                return
            low, high = grid.extremes(bits)
        self.low, self.high = min(self.low, low), max(self.high, high)
        if low <= 0 <= high:
            # Zeros, often half of all, are left out of everything behind. They count as above zero, whatever their sign.
            other = (bits & grid.MAGNITUDE) != 0
            n = int(other.sum()) if times is None else int(times[other].sum())
            zeros = (len(bits) if times is None else int(times.sum())) - n
            if zeros:
                self.stats[1] += zeros
                self.bins[0, 0] += zeros
                bits, times = _only(other, bits, times)
                if not len(bits):
                    return
        self.grow(grid.width_exponent(max(high, -low), self.bits))
        self._push_nonzero(bits, times)

    def _push_nonzero(self, bits, times):
        count = lambda at, size: np.bincount(at, times, size).astype(np.int64)  # noqa: E731
        total = lambda at, piece: np.bincount(at, piece if times is None else piece * times, grid.LEADING)  # noqa: E731

        key = (bits >> np.uint32(23)).astype(np.intp)
        n = count(key, grid.LEADING)
        m = bits & grid.FRACTION
        if n[0] or n[256]:
            m |= np.where(bits & ~grid.FRACTION & grid.MAGNITUDE, grid.IMPLIED, np.uint32(0))  # subnormals have no implied bit
        else:
            m |= grid.IMPLIED

        slot = (m >> grid.shifts(self.exp)[key]).astype(np.intp)
        slot += self._side()[key]
        self.bins += count(slot, 2 * self.kept).reshape(2, self.kept)

        square = m.astype("<u8")
        square *= square
        words = square.view("<u2").reshape(-1, 4)
        pieces = [m & np.uint32(0xFFF), m >> np.uint32(12), words[:, 0], words[:, 1], words[:, 2]]
        self.sums[:, 0] += n
        for i, piece in enumerate(pieces, 1):
            self.sums[:, i] += total(key, piece).astype(np.int64)

    def _side(self):
        """Where the counters of each sign begin."""
        return np.repeat([0, self.kept], 256)

    def grow(self, exponent):
        """Makes the bins at least as wide as this."""
        if exponent > self.exp:
            by = min(exponent - self.exp, self.bits)
            self.exp, left = exponent, self.kept >> by
            folded = self.bins.reshape(2, left, 1 << by).sum(axis=2)
            self.bins[:] = 0
            self.bins[:, :left] = folded

    def absorb(self, rows):
        """Takes in what was counted elsewhere, of one part too."""
        self.grow(int(rows.exp[0]))
        self.stats += rows.stats[0]
        self.low, self.high = min(self.low, int(rows.low[0])), max(self.high, int(rows.high[0]))
        idx = (rows.bins & ((1 << IDX_BITS) - 1)) >> min(self.exp - int(rows.exp[0]), IDX_BITS)
        np.add.at(self.bins, (1 - (rows.bins >> IDX_BITS), idx), rows.times)
        self.sums[(1 - (rows.sums >> EXP_BITS)) * 256 + (rows.sums & 255)] += rows.pieces

    def rows(self):
        """What is there, without the empty counters."""
        one = lambda x: np.array([x], np.int64)  # noqa: E731
        counts = self.bins[::-1].reshape(-1)
        slots = np.flatnonzero(counts)
        bins = (slots >> self.bits) << IDX_BITS | slots & (self.kept - 1)
        sums = self.sums.reshape(2, 256, 6)[::-1].copy()
        sums[:, 1] += sums[:, 0]  # subnormals have the exponent of the smallest normal numbers
        sums[:, 0] = 0
        sums = sums.reshape(-1, 6)
        keys = np.flatnonzero(sums[:, 0])
        return Rows(
            self.stats[None].copy(), one(self.low), one(self.high), one(self.exp), keys, sums[keys], bins, counts[slots]
        )


def _only(which, bits, times):
    return bits[which], None if times is None else times[which]
