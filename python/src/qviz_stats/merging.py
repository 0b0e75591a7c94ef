"""Parts become one table, exactly: any order, any grouping, and each piece of the data once."""
import hashlib
import json
import warnings
from pathlib import Path

from . import grid, table
from .collector import Collector
from .errors import StatsError


def merge(paths, out, *, runs=False, replace=False):
    """Merges files into one, and gives the list of the (run, shard) that it holds.

    A shard that stands in several files counts once where they say the same, and is an error where they differ. Weights
    are the same in all files, and count once. Parts of several runs are merged only where `runs` says so. Parts that were
    counted for different numbers of bins come to the fewest, with a warning: that is what one pass for these gives.
    """
    merger = _Merger(runs)
    for path in map(Path, paths):
        part = table.read(path)
        try:
            merger.take(path, part)
        except StatsError as error:
            raise StatsError(f"{path}: {error}") from error
    whole = merger.finish()
    held = sorted(merger.seen)
    shards = [("+".join(sorted(merger.runs)), table.MERGED, list(whole.entries()))]
    table.write(Path(out), shards, whole.bins, holds=[list(shard) for shard in held], replace=replace)
    finest, fewest = max(merger.counted_for, default=0), min(merger.counted_for, default=0)
    if finest > fewest:
        first = merger.counted_for[fewest]
        warnings.warn(
            f"{first} was counted for {1 << fewest - 1} bins and others for up to {1 << finest - 1}: all are brought to "
            f"{1 << fewest - 1}", stacklevel=2,
        )
    return held


class _Merger:
    def __init__(self, any_runs):
        self.any_runs, self.runs, self.whole, self.empty = any_runs, {}, None, None
        self.seen, self.weights = {}, {}
        self.counted_for = {}  # the first file of each number of bins, by their bits

    def take(self, path, part):
        """Takes in a file. After an error nothing comes of any."""
        bits = grid.kept_bits(part.bins)
        if not part.shards:
            self.empty = self.empty or part.bins  # no reason to make others wider
            return
        self.counted_for.setdefault(bits, path)
        if self.whole is None:
            self.whole = Collector(part.bins)
        elif bits < self.whole._kept:
            self.whole = self.whole.coarser(part.bins)
        activations = {}
        for (run, shard), entries in part.shards.items():
            other = next((other for other in self.runs if other != run), None)
            if other is not None and not self.any_runs:
                raise StatsError(f"it is of run {run!r}, and {self.runs[other]} is of {other!r}; ask for several runs to merge them")
            self.runs.setdefault(run, path)
            for whole, along in table.whole_and_along(entries):
                if whole.kind == "weight":
                    self._weight(path, whole, along, bits)
                else:
                    activations.setdefault((run, shard), []).append((whole, along))
        if part.holds is not None:
            # What was merged comes as a whole, or not at all.
            self._piece(path, part.holds, [each for entries in activations.values() for each in entries], bits)
        else:
            for shard, entries in activations.items():
                self._piece(path, [shard], entries, bits)

    def finish(self):
        """What all files come to."""
        if self.whole is None:
            if self.empty is None:
                raise StatsError("there is nothing to merge")
            return Collector(self.empty)
        for known in self.weights.values():
            self._add(*known[min(known)][1])
        return self.whole

    def _piece(self, path, held, entries, bits):
        digest = _digest([bits, *sorted(held)], entries)
        known = [shard for shard in held if shard in self.seen]
        for run, shard in known:
            first, other = self.seen[run, shard]
            if other != digest:
                raise StatsError(
                    f"it holds shard {shard!r} of run {run!r}, and so does {first}, which does not say the same; what was "
                    "added up cannot be taken out again: leave out one of the two"
                )
        if known:
            return
        self.seen.update(dict.fromkeys(held, (path, digest)))
        for whole, along in entries:
            self._add(whole, along)

    def _weight(self, path, whole, along, bits):
        known = self.weights.setdefault(whole.tensor, {})
        for theirs, (first, other) in known.items():
            fewer = min(bits, theirs)
            if _digest([], [_coarser((whole, along), bits, fewer)]) != _digest([], [_coarser(other, theirs, fewer)]):
                raise StatsError(f"{whole.tensor} is a weight of other values than in {first}: these are two networks")
        known.setdefault(bits, (path, (whole, along)))

    def _add(self, whole, along):
        whole, along = _coarser((whole, along), None, self.whole._kept)
        key = (whole.kind, whole.tensor)
        mine = self.whole._tensors.get(key)
        if mine is not None:
            table.same_splits(key[1], mine.along, along)
            if mine.whole.stats[0] + whole.rows.stats[0, 0] > table.MOST_VALUES:
                raise StatsError(f"{key[1]} has more than 2^47 values in all, whose sums may not fit into 64 bits")
        self.whole._take(key, *whole[2:6], whole.rows, along)


def _coarser(entry, have, bits):
    """The same on a grid of 2^bits bins a side."""
    whole, along = entry
    if have == bits:
        return entry
    return whole._replace(rows=whole.rows.coarser(bits)), {axis: rows.coarser(bits) for axis, rows in along.items()}


def _digest(held, entries):
    """The same for what says the same, in whichever order its rows were written."""
    digest = hashlib.sha256(json.dumps(held).encode())
    for whole, along in sorted(entries, key=lambda each: each[0].tensor):
        digest.update(json.dumps(whole[:6]).encode())
        for axis, rows in [(None, whole.rows), *sorted(along.items())]:
            digest.update(json.dumps([axis, rows.parts, len(rows.sums), len(rows.bins)]).encode())
            for name in rows.__slots__:
                digest.update(getattr(rows, name).tobytes())
    return digest.digest()


def done(path, *, run, shard):
    """Whether this file is there and holds this shard: the piece of work is not to be done again."""
    path = Path(path)
    if not path.exists():
        return False
    there = [key for key, entries in table.read(path).shards.items() if any(e.kind == "activation" for e in entries)]
    if there and (run, shard) not in there:
        other = there[0]
        raise StatsError(f"{path} holds shard {other[1]!r} of run {other[0]!r}, not {shard!r} of {run!r}; choose another name")
    return True
