#!/usr/bin/env python3
"""Merges parts with Polars: python polars_merge.py 'stats/*.parquet' -o all.parquet

Its sums wrap around beyond 2^63 without a word; those of the other engines are errors.
"""
import polars as pl

from parts import STATEMENT, arguments, in_steps, metadata, of_one, once


def main():
    paths, output = arguments(__doc__)
    tensors = (pl.col("row") == "tensor") & (pl.col("kind") == "activation")
    held = pl.scan_parquet(paths, include_file_paths="file").filter(tensors).select("run", "shard", "file").unique().collect()
    files = once(held.rows())
    said = metadata(files, of_one({pl.read_parquet_metadata(path)["qviz.bins"] for path in paths}))

    def merge(some, to, _folder):
        merged = pl.SQLContext(parts=pl.scan_parquet(some)).execute(STATEMENT.read_text())
        # The scan that stands in it several times is not one to be kept in memory.
        flags = pl.QueryOptFlags(comm_subplan_elim=False)
        merged.sink_parquet(to or output, metadata=None if to else said, optimizations=flags)

    in_steps(files.values(), merge)


if __name__ == "__main__":
    main()
