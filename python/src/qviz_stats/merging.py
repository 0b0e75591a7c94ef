"""Parts become one table, exactly: any order, any grouping, and each piece of the data once."""
import hashlib
import json
from pathlib import Path

from . import grid, table
from .collector import Collector
from .errors import StatsError

MERGED = "merged"


def merge(paths, out, *, run=None, replace=False):
    """Merges files into one, and gives the list of the (run, shard) that it holds.

    A shard that stands in several files counts once where they say the same, and is an error where they differ. Parts of
    several runs are merged only where `run` names what they become.
    """
    seen, whole, runs = {}, None, set()
    for path in map(Path, paths):
        part = table.read(path)
        if whole is None:
            whole, first = Collector(part.bins), path
        elif grid.kept_bits(part.bins) != whole._kept:
            raise StatsError(f"{path} has {part.bins} bins and {first} has {whole.bins}; parts of one table have the same")
        for key, entries in part.shards.items():
            runs.add(key[0])
            if run is None and len(runs) > 1:
                raise StatsError(f"{path} is of run {key[0]!r}, others are of {(runs - {key[0]}).pop()!r}; name the run to merge them")
            held = part.holds if part.holds is not None else [key]
            digest = _digest(entries)
            double = [shard for shard in held if shard in seen]
            if double:
                same = len(held) == 1 and seen[double[0]][1] == digest
                if same:
                    continue
                raise StatsError(
                    f"{path} and {seen[double[0]][0]} both hold shard {double[0][1]!r} of run {double[0][0]!r}, and not the "
                    "same of it; it would count twice, and cannot be taken out again"
                )
            for shard in held:
                seen[shard] = (path, digest if len(held) == 1 else None)
            _take(whole, entries, path)
    if whole is None:
        raise StatsError("there is nothing to merge")
    held = sorted(seen)
    run = run if run is not None else runs.pop() if runs else ""
    shards = [(run, MERGED, list(whole.entries()))] if held else []
    table.write(Path(out), shards, whole.bins, holds=[list(shard) for shard in held], replace=replace)
    return held


def _take(whole, entries, path):
    """Takes in what one shard says."""
    tensors = {}
    for entry in entries:
        tensors.setdefault((entry.kind, entry.tensor), {})[entry.axis] = entry
    for key, by_axis in tensors.items():
        if None not in by_axis:
            raise StatsError(f"{path}: {key[1]} is there along an axis and not as a whole")
        along = {axis: entry.rows for axis, entry in by_axis.items() if axis is not None}
        mine = whole._tensors.get(key)
        try:
            if mine is not None:
                table.same_splits(key[1], mine.along, along)
                if mine.whole.stats[0] + by_axis[None].rows.stats[0, 0] > table.MOST_VALUES:
                    raise StatsError(f"{key[1]} has more than 2^47 values in all, whose sums may not fit into 64 bits")
            whole._take(key, *by_axis[None][2:6], by_axis[None].rows, along)
        except StatsError as error:
            raise StatsError(f"{path}: {error}") from error


def _digest(entries):
    """The same for shards of the same content, in whichever order their rows were written."""
    digest = hashlib.sha256()
    for entry in sorted(entries, key=lambda e: (e.kind, e.tensor, -1 if e.axis is None else e.axis)):
        digest.update(json.dumps(entry[:7]).encode())
        for name in entry.rows.__slots__:
            digest.update(getattr(entry.rows, name).tobytes())
    return digest.digest()


def done(path, *, run, shard):
    """Whether this file is there and holds this shard: the piece of work is not to be done again."""
    path = Path(path)
    if not path.exists():
        return False
    there = table.read(path).shards
    if (run, shard) not in there and there:
        other = next(iter(there))
        raise StatsError(f"{path} holds shard {other[1]!r} of run {other[0]!r}, not {shard!r} of {run!r}; choose another name")
    return True
