"""What was counted of a tensor, as few numbers as there are: the form in which counts travel.

A tensor counted as a whole is one part; along an axis, each index is one.
"""
import numpy as np

from . import grid

# Which part, and which sign: -1 comes first, as in the file.
IDX_BITS = 16
EXP_BITS = 8


class Rows:
    """Counts of some parts.

    * `stats`: for each part n, zeros, nan, pos_inf, neg_inf; `low` and `high` as ordered integers (see `grid`); `exp`,
      log2 of its bins' width.
    * `sums`: sorted keys `(part * 2 + plus) << 8 | biased`, and for each key n, s0, s1, q0, q1, q2.
    * `bins`: sorted keys `(part * 2 + plus) << 16 | idx`, and how many values each holds.
    """

    __slots__ = ("stats", "low", "high", "exp", "sums", "pieces", "bins", "times")

    def __init__(self, stats, low, high, exp, sums, pieces, bins, times):
        self.stats, self.low, self.high, self.exp = stats, low, high, exp
        self.sums, self.pieces, self.bins, self.times = sums, pieces, bins, times

    @classmethod
    def empty(cls, parts):
        """Of parts of which nothing was counted."""
        none = np.zeros(0, np.int64)
        return cls(
            np.zeros((parts, 5), np.int64), np.full(parts, grid.INFINITE, np.int64),
            np.full(parts, -grid.INFINITE, np.int64), np.full(parts, grid.SMALLEST, np.int64),
            none, np.zeros((0, 6), np.int64), none, none,
        )

    @property
    def parts(self):
        """How many parts there are."""
        return len(self.exp)

    def same(self, other):
        """Whether both say the same."""
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in self.__slots__)

    def merged(self, other):
        """Both together: the coarser width wins, and everything else is added up."""
        exp = np.maximum(self.exp, other.exp)
        sums, pieces = _joined([self.sums, other.sums], [self.pieces, other.pieces])
        bins, times = _joined([self._coarse(exp), other._coarse(exp)], [self.times, other.times])
        return Rows(
            self.stats + other.stats, np.minimum(self.low, other.low), np.maximum(self.high, other.high), exp,
            sums, pieces, bins, times,
        )

    def coarser(self, bits):
        """The same counts on a grid of 2^bits bins a side, where these are fewer: what counting on it gives."""
        tops = np.maximum(np.maximum(self.high, -self.low), 0)
        exp = np.maximum(self.exp, [grid.width_exponent(int(top), bits) for top in tops])
        bins, times = added(self._coarse(exp), self.times)
        return Rows(self.stats, self.low, self.high, exp, self.sums, self.pieces, bins, times)

    def _coarse(self, exp):
        """The keys of the bins at these widths."""
        if np.array_equal(exp, self.exp):
            return self.bins
        by = np.minimum(exp - self.exp, IDX_BITS + 1)[self.bins >> (IDX_BITS + 1)]
        side, idx = self.bins >> IDX_BITS, self.bins & ((1 << IDX_BITS) - 1)
        return side << IDX_BITS | idx >> by

    @staticmethod
    def stacked(all_rows):
        """The parts of all of them, one behind the other."""
        first, sums, bins = 0, [], []
        for rows in all_rows:
            sums.append(rows.sums + (first << (EXP_BITS + 1)))
            bins.append(rows.bins + (first << (IDX_BITS + 1)))
            first += rows.parts
        field = lambda name: np.concatenate([getattr(rows, name) for rows in all_rows])  # noqa: E731
        return Rows(
            field("stats"), field("low"), field("high"), field("exp"),
            np.concatenate(sums), field("pieces"), np.concatenate(bins), field("times"),
        )


def added(keys, values):
    """Each key once, in order, with the sum of its values."""
    if not len(keys):
        return keys, values
    if (keys[1:] < keys[:-1]).any():
        order = np.argsort(keys, kind="stable")
        keys, values = keys[order], values[order]
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    if len(first) == len(keys):
        return keys, values
    return keys[first], np.add.reduceat(values, first, axis=0)


def _joined(keys, values):
    return added(np.concatenate(keys), np.concatenate(values))
