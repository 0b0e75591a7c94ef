"""The collector: arrays go in under the names of their tensors, a table comes out."""
import threading
from pathlib import Path

from . import grid, table
from .counts import Counts
from .errors import StatsError
from .offered import OfArray

KINDS = ("activation", "weight")


class Tensor:
    """What is known of one tensor."""

    def __init__(self, kind, op, shape, dtype):
        self.kind, self.op, self.shape, self.dtype = kind, op, shape, dtype
        self.samples = 0
        self.whole = None  # Counts
        self.along = {}  # Rows by axis

    def described(self, name, op, shape, dtype, samples):
        """Takes in what is said of further values of it."""
        if self.op and op and self.op != op:
            raise StatsError(f"{name} is made by {self.op} in one part and by {op} in another: these are two networks")
        self.op = self.op or op
        self.shape = joined_shape(self.kind, self.shape, shape)
        if self.dtype != dtype:
            self.dtype = "mixed" if self.dtype and dtype else ""
        self.samples += samples


class Collector:
    """Counts tensors. It may be pickled, sent and merged; several threads may add to it.

    >>> import numpy as np
    >>> seen = Collector()
    >>> seen.add("relu1", np.maximum(np.random.randn(8, 64), 0))
    >>> seen.merge(seen_elsewhere)                                  # doctest: +SKIP
    >>> seen.write("part-0.parquet", run="v1", shard="part-0")      # doctest: +SKIP
    """

    def __init__(self, bins=2048):
        """`bins`: how many bins a magnitude has at least, at a power of two up to 32768. Parts that differ
        are merged on the fewest."""
        self.bins = bins
        self.values = 0
        self._kept = grid.kept_bits(bins)
        self._tensors = {}
        self._lock = threading.RLock()

    def __len__(self):
        return len(self._tensors)

    def has(self, name, kind="activation"):
        """Whether it has seen anything of a tensor."""
        return (kind, name) in self._tensors

    def add(self, name, array, *, kind="activation", op="", axis=None, samples=1, dtype=None):
        """Counts the values of one more array of a tensor.

        `array`: anything that NumPy makes an array of, or a tensor of PyTorch, which is counted on its device.
        `op`: the operator that makes it (that takes a weight), as ONNX names it. `axis`: counts each index along this
        axis as well. `samples`: of how many samples these values are, 0 where nobody knows. `dtype`: `bfloat16`,
        `float8_e4m3fn` or `float8_e5m2` where the array holds the bits of such values as unsigned integers.
        """
        if kind not in KINDS:
            raise StatsError(f"{name}: a tensor is an activation or a weight, not {kind!r}")
        if type(array).__module__.split(".")[0] == "torch":
            from .device import described

            counted = described(array)
        else:
            counted = OfArray(array, dtype)
        if axis is not None:
            if not -len(counted.shape) <= axis < len(counted.shape):
                raise StatsError(f"{name}: there is no axis {axis} in the shape {tuple(counted.shape)}")
            axis %= len(counted.shape)
            if not counted.shape[axis]:
                raise StatsError(f"{name} has the shape {tuple(counted.shape)}, so that axis {axis} has no channels")
        shape = "x".join(str(size) for size in counted.shape or (1,))
        # What can fail comes before anything is taken in.
        whole = counted.whole(self.bins)
        along = None if axis is None else counted.along(axis, self.bins)
        with self._lock:
            tensor = self._tensors.get((kind, name))
            if tensor is None:
                tensor = Tensor(kind, op, shape, counted.dtype)
                tensor.samples = samples
            elif axis is not None and axis in tensor.along and tensor.along[axis].parts != along.parts:
                raise StatsError(f"{name}: axis {axis} has {along.parts} indices now and had {tensor.along[axis].parts}")
            elif set(tensor.along) != ({axis} - {None}):
                raise StatsError(f"{name}: all its arrays need the same axis, or none")
            else:
                tensor.described(name, op, shape, counted.dtype, samples)
            self._tensors[kind, name] = tensor
            if tensor.whole is None:
                tensor.whole = Counts(self.bins)
            whole.into(tensor.whole)
            if along is not None:
                before = tensor.along.get(axis)
                tensor.along[axis] = along if before is None else before.merged(along)
            self.values += whole.n

    def merge(self, other):
        """Takes in what another collector has counted of other data. Weights are the same in both, and count once."""
        if other is self:
            raise StatsError("a collector is not merged with itself: everything would count twice")
        if other._kept != self._kept:
            raise StatsError(f"one collector has {self.bins} bins and the other {other.bins}; give both the same")
        with self._lock, other._lock:
            for key, theirs in other._tensors.items():
                mine = self._tensors.get(key)
                if mine is not None:
                    table.same_splits(key[1], mine.along, theirs.along)
                    if key[0] == "weight" and not self._same(key, theirs):
                        raise StatsError(f"{key[1]} is a weight of other values here and there: these are two networks")
            for key, theirs in other._tensors.items():
                if key[0] == "weight" and key in self._tensors:
                    continue  # the same everywhere, it counts once
                self._take(key, theirs.op, theirs.shape, theirs.dtype, theirs.samples, theirs.whole.rows(), theirs.along)
            self.values += other.values

    def _same(self, key, theirs):
        mine = self._tensors[key]
        about = lambda tensor: (tensor.op, tensor.shape, tensor.dtype, tensor.samples)  # noqa: E731
        return about(mine) == about(theirs) and mine.whole.rows().same(theirs.whole.rows()) and all(
            rows.same(theirs.along[axis]) for axis, rows in mine.along.items()
        )

    def _take(self, key, op, shape, dtype, samples, whole, along):
        tensor = self._tensors.get(key)
        if tensor is None:
            tensor = self._tensors[key] = Tensor(key[0], op, shape, dtype)
            tensor.samples = samples
            tensor.whole = Counts(self.bins)
            tensor.along = dict(along)
        else:
            tensor.described(key[1], op, shape, dtype, samples)
            tensor.along = {axis: rows.merged(along[axis]) for axis, rows in tensor.along.items()}
        tensor.whole.absorb(whole)

    def entries(self):
        """What stands in the table, one entry for each tensor and each axis of it."""
        with self._lock:
            for (kind, name), tensor in sorted(self._tensors.items()):
                about = (kind, name, tensor.op, tensor.shape, tensor.dtype, tensor.samples)
                yield table.Entry(*about, None, tensor.whole.rows())
                for axis, rows in sorted(tensor.along.items()):
                    yield table.Entry(*about, axis, rows)

    def write(self, path, *, run, shard, replace=False):
        """Writes the table, whole or not at all. `run`: which calibration this belongs to. `shard`: which piece of the
        data was counted; a piece that is counted again, by a task that is tried again, has the same name."""
        table.write(Path(path), [(run, shard, list(self.entries()))], self.bins, replace=replace)

    def coarser(self, bins):
        """A collector with the same counts for fewer bins."""
        coarse, bits = Collector(bins), grid.kept_bits(bins)
        with self._lock:
            for key, tensor in self._tensors.items():
                along = {axis: rows.coarser(bits) for axis, rows in tensor.along.items()}
                about = (tensor.op, tensor.shape, tensor.dtype, tensor.samples)
                coarse._take(key, *about, tensor.whole.rows().coarser(bits), along)
            coarse.values = self.values
        return coarse

    def take(self):
        """A collector with what was counted until now; this one begins anew. For a service that never ends:

            seen.collector.take().write(f"stats/{host}-{hour}.parquet", run="v1", shard=f"{host}-{hour}")
        """
        taken = Collector(self.bins)
        with self._lock:
            taken._tensors, self._tensors = self._tensors, {}
            taken.values, self.values = self.values, 0
        return taken

    def __getstate__(self):
        return self.bins, self.values, list(self.entries())

    def __setstate__(self, state):
        bins, values, entries = state
        self.__init__(bins)
        self.values = values
        for entry in entries:
            if entry.axis is None:
                self._take((entry.kind, entry.tensor), *entry[2:6], entry.rows, {})
            else:
                self._tensors[entry.kind, entry.tensor].along[entry.axis] = entry.rows


def joined_shape(kind, a, b):
    """The shape of values of both shapes: batches of an activation are added up along the first axis, and a size that
    differs is `?`. Any order gives the same. Where even the number of axes differs it is `?` alone, and `?x` is one axis
    of unknown size."""
    one, other = (["?"] if text == "?x" else None if text == "?" else (text or "1").split("x") for text in (a, b))
    if one is None or other is None or len(one) != len(other):
        return "?"
    sizes = [x if x == y else "?" for x, y in zip(one, other)]
    if kind == "activation":
        sizes[0] = "?" if "?" in (one[0], other[0]) else str(int(one[0]) + int(other[0]))
    return "?x" if sizes == ["?"] else "x".join(sizes)
