#!/usr/bin/env python3
"""Merges parts with Polars: python polars_merge.py 'stats/*.parquet' -o all.parquet

Sums of Polars wrap around beyond 2^63 without a word; those of the other engines are errors.
"""
import polars as pl

from parts import STATEMENT, arguments, metadata, once


def main():
    paths, output = arguments(__doc__)
    tensors = (pl.col("row") == "tensor") & (pl.col("kind") == "activation")
    held = pl.scan_parquet(paths, include_file_paths="file").filter(tensors).select("run", "shard", "file").unique().collect()
    files = once(held.rows())
    (bins,) = {pl.read_parquet_metadata(path)["qviz.bins"] for path in paths}  # one, or they do not go together

    parts = pl.scan_parquet(sorted(set(files.values())))
    merged = pl.SQLContext(parts=parts).execute(STATEMENT.read_text())
    merged.sink_parquet(output, metadata=metadata(files, bins))


if __name__ == "__main__":
    main()
