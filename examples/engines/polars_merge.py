#!/usr/bin/env python3
"""Merges parts with Polars: python polars_merge.py 'stats/*.parquet' -o all.parquet

Grouping in Polars takes memory for all rows that it reads, 45 MB a part of 300 tensors. So many parts are merged some at a
time, and what comes of that once more: merging is exact, whatever the grouping. Its sums wrap around beyond 2^63 without a
word; those of the other engines are errors.
"""
import tempfile
from pathlib import Path

import polars as pl

from parts import STATEMENT, arguments, metadata, once

AT_ONCE = 50


def merge(paths, output, said=None):
    """Some files to one."""
    merged = pl.SQLContext(parts=pl.scan_parquet(paths)).execute(STATEMENT.read_text())
    # The scan that stands in it several times is not one to be kept in memory.
    merged.sink_parquet(output, metadata=said, optimizations=pl.QueryOptFlags(comm_subplan_elim=False))


def main():
    paths, output = arguments(__doc__)
    tensors = (pl.col("row") == "tensor") & (pl.col("kind") == "activation")
    held = pl.scan_parquet(paths, include_file_paths="file").filter(tensors).select("run", "shard", "file").unique().collect()
    files = once(held.rows())
    (bins,) = {pl.read_parquet_metadata(path)["qviz.bins"] for path in paths}  # one, or they do not go together

    left = sorted(set(files.values()))
    with tempfile.TemporaryDirectory() as folder:
        while len(left) > AT_ONCE:
            some, left = left[:AT_ONCE], left[AT_ONCE:]
            left.append(Path(folder) / f"{len(left)}.parquet")
            merge(some, left[-1])
        merge(left, output, metadata(files, bins))


if __name__ == "__main__":
    main()
