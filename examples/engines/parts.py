"""What all the engines have in common: arguments, and that each piece of the data counts once."""
import argparse
import filecmp
import glob
import json
import sys
import tempfile
from pathlib import Path

# Engines that group a table keep far more than comes of it; merging is exact, whatever is merged first.
AT_ONCE = 50
STATEMENT = Path(__file__).with_name("merge.sql")


def arguments(description):
    """The files to merge, and where to."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("parts", nargs="+", help="files or globs, as 'stats/*.parquet'")
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    paths = sorted({path for part in options.parts for path in glob.glob(part)})
    if not paths:
        sys.exit(f"no file is called {', '.join(options.parts)}")
    return paths, options.output


def once(held):
    """The files to read, of (run, shard, file): one for each shard, where several say the same.

    A task that was tried again has written its part twice, perhaps under two names. Parts that differ, or are of two
    runs, are not added up.
    """
    files = {}
    for run, shard, file in sorted(held):
        for (other, _), first in files.items():
            if other != run:
                sys.exit(f"{file} is of run {run}, and {first} of {other}; merge each by itself")
        first = files.setdefault((run, shard), file)
        if first != file and not filecmp.cmp(first, file, shallow=False):
            sys.exit(f"{first} and {file} both hold shard {shard} of run {run}, and differ; leave out the one that is wrong")
    return files


def of_one(bins):
    """For how many bins the parts were counted. The statement does not bring them to the same; qviz does."""
    if len(bins) > 1:
        told = " and ".join(sorted(bins, key=int))
        sys.exit(f"the parts were counted for {told} bins; qviz merge brings them to the fewest, and an engine takes what it writes")
    return bins.pop()


def in_steps(files, merge):
    """Merges some files at a time, then what came of them. `merge` gets files, a file to write, and a folder for scratch;
    the last call gets None for the file."""
    left = sorted(set(files))
    with tempfile.TemporaryDirectory() as folder:
        while len(left) > AT_ONCE:
            some, left = left[:AT_ONCE], left[AT_ONCE:]
            left.append(str(Path(folder) / f"{len(left)}.parquet"))
            merge(some, left[-1], folder)
        merge(left, None, folder)


def metadata(files, bins):
    """What the merged file says of itself, so that qviz knows which shards are in it."""
    return {
        "qviz.statistics": "1", "qviz.bins": bins, "qviz.writer": Path(sys.argv[0]).name,
        "qviz.shards": json.dumps(sorted(files)),
    }
