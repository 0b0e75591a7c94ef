#!/usr/bin/env python3
"""Holds the collector against `qviz stats` and `qviz merge`: every row, on random and on hostile values.

    QVIZ=target/debug/qviz python3 python/tests/against_qviz.py [--seeds 20]

Each seed writes arrays as .npy files, of every type that has one, in either byte order, C and Fortran order, whole and as
batches, counts them with both and compares all rows; then merges the parts of all seeds with both, in different orders.
Ends with 1 if anything differs.
"""
import argparse
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import hostile  # noqa: E402
from tests.support import listed  # noqa: E402
from qviz_stats import Collector, merge, table  # noqa: E402

TYPES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]


def arrays(seed):
    """Names, and the batches of each."""
    rng = np.random.default_rng(seed)
    if seed < 3:
        for name, array in hostile.lots(seed):
            yield name.replace(" ", "_"), [array]
            if len(array) > 3:
                with np.errstate(all="ignore"):
                    array = array.astype(np.float64)
                yield f"doubled_{name.replace(' ', '_')}", [array]
    for i in range(30):
        dtype = np.dtype(rng.choice(TYPES)).newbyteorder(rng.choice(["<", ">"]))
        shape = [int(size) for size in rng.integers(0 if rng.random() < 0.05 else 1, 9, rng.integers(1, 5))]
        shape[0] *= int(rng.choice([1, 1, 50, 1000]))
        batches = []
        for _ in range(int(rng.choice([1, 1, 1, 3]))):
            size = int(np.prod(shape))
            raw = rng.integers(0, 256, size * dtype.itemsize, np.uint8).view(dtype) if dtype.kind != "b" else rng.random(size) < 0.5
            if dtype.kind == "f" and rng.random() < 0.6:
                with np.errstate(all="ignore"):
                    raw = (rng.standard_normal(size) * 2.0 ** rng.integers(-140, 120)).astype(dtype)
                raw[rng.random(size) < 0.2] = rng.choice([0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -2.0])
            array = raw.reshape(shape)
            batches.append(np.asfortranarray(array) if rng.random() < 0.3 else array)
        yield f"t{i}", batches
    words = rng.integers(0, 1 << 16, (20, 30), np.uint16)
    yield "brain", [words.view("V2")]


def rows_of(path):
    there = table.read(path)
    return listed(*table.columns_of([(*key, entries) for key, entries in there.shards.items()]))


def differing(name, one, other):
    """Says where two tables differ."""
    if one == other:
        return 0
    print(f"{name}: {len(one)} rows of qviz and {len(other)} of the collector differ")
    for row in sorted(set(map(str, one)) ^ set(map(str, other)))[:6]:
        print("   ", "qviz " if row in map(str, one) else "here ", row)
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    qviz = os.environ.get("QVIZ") or sys.exit("QVIZ names the program to hold the collector against")
    wrong = rows = 0

    def run(*words):
        ended = subprocess.run([qviz, *map(str, words)], capture_output=True, text=True)
        if ended.returncode:
            sys.exit(f"qviz {' '.join(map(str, words))} ended with {ended.returncode}:\n{ended.stderr}")

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        theirs, ours = [], []
        for seed in range(options.seeds):
            acts, axis = folder / f"acts{seed}", [None, 0, -1][seed % 3]
            bins = [2048, 64, 512][seed // 3 % 3]
            acts.mkdir()
            collector = Collector(bins)
            for name, batches in arrays(seed):
                if axis is not None and not batches[0].shape[axis]:
                    continue  # no channels: both say so
                held = io.BytesIO()
                for batch in batches:
                    np.save(held, batch)
                # ml_dtypes has its bfloat16 saved under this name.
                (acts / f"{name}.npy").write_bytes(held.getvalue().replace(b"'|V2'", b"'<V2'"))
                for batch in batches:
                    collector.add(name, batch, axis=axis)
            theirs.append(folder / f"qviz{seed}.parquet")
            ours.append(folder / f"here{seed}.parquet")
            along = [] if axis is None else ["--per-channel", axis]
            run("stats", acts, "-o", theirs[-1], "--run", "r", "--shard", f"s{seed}", "--bins", bins, *along)
            collector.write(ours[-1], run="r", shard=f"s{seed}")
            one, other = rows_of(theirs[-1]), rows_of(ours[-1])
            rows += len(one)
            wrong += differing(f"seed {seed}", one, other)
        # Parts for different bins, split alike, in two orders, some of them qviz's own.
        alike = [i for i in range(options.seeds) if i % 3 == 0]
        run("merge", *[ours[i] for i in alike], "-o", folder / "qviz.parquet")
        merge([theirs[i] for i in alike[::-1]], folder / "here.parquet")
        one, other = rows_of(folder / "qviz.parquet"), rows_of(folder / "here.parquet")
        wrong += differing("merged", one, other)
        one, other = (table.read(folder / f"{name}.parquet").holds for name in ("qviz", "here"))
        wrong += differing("shards", [tuple(shard) for shard in one], [tuple(shard) for shard in other])
    print(f"{options.seeds} seeds, {rows:,} rows: {'all alike' if not wrong else f'{wrong} tables differ'}")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
