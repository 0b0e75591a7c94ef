"""What a collector is handed, and how it goes into counts."""

from .along import counted_along
from .values import Values


class OfArray:
    """An array of NumPy, to be counted."""

    def __init__(self, array, dtype=None):
        self.values = Values(array, dtype)
        self.shape, self.dtype = self.values.shape, self.values.dtype

    def whole(self, bins):
        """Its values are counted where they go: nothing can fail from here on."""
        return self

    def along(self, axis, bins):
        return counted_along(self.values, axis, bins)

    @property
    def n(self):
        return self.values.array.size

    def into(self, counts):
        table = self.values.table()
        if table is not None:
            codes, times = table
            there = times > 0
            counts.push(codes[there], times[there])
            return
        for chunk in self.values.chunks():
            counts.push(self.values.bits(chunk))


class OfRows:
    """Counts that are there already, as of another device."""

    def __init__(self, rows):
        self.rows, self.n = rows, int(rows.stats[0, 0])

    def into(self, counts):
        counts.absorb(self.rows)
