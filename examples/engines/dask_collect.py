#!/usr/bin/env python3
"""Counts shards of activations on Dask's workers: python dask_collect.py acts -o all.parquet --run v1

`acts/SHARD/TENSOR.npy`. A worker counts a shard where it lies and sends the table, some MB, not the activations; tables are
merged in a tree. `--parts` writes a part for each shard instead, and leaves out those that are there: what is done is not
done again.
"""
import argparse
from pathlib import Path

import dask
import dask.bag
import numpy as np

import qviz_stats


def counted(shard):
    """What a shard holds."""
    collector = qviz_stats.Collector()
    for path in sorted(Path(shard).glob("*.npy")):
        collector.add(path.stem, np.load(path, mmap_mode="r"))
    return collector


def merged(one, other):
    """Both, as a new one: Dask may use what it was given again."""
    both = qviz_stats.Collector(one.bins)
    both.merge(one)
    both.merge(other)
    return both


def written(shard, folder, run):
    """A part of its own for a shard, once."""
    path = Path(folder) / f"{Path(shard).name}.parquet"
    if not qviz_stats.done(path, run=run, shard=Path(shard).name):
        counted(shard).write(path, run=run, shard=Path(shard).name)
    return str(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("acts")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--parts", metavar="FOLDER", help="write a part for each shard there, and merge these")
    parser.add_argument("--scheduler", default="processes", help="or the address of a cluster")
    options = parser.parse_args()
    if ":" in options.scheduler:
        from distributed import Client

        Client(options.scheduler)
    else:
        dask.config.set(scheduler=options.scheduler)
    shards = sorted(str(path) for path in Path(options.acts).iterdir() if path.is_dir())
    bag = dask.bag.from_sequence(shards, partition_size=1)
    if options.parts:
        qviz_stats.merge(bag.map(written, options.parts, options.run).compute(), options.output, replace=True)
        return
    bag.map(counted).fold(merged, split_every=4).compute().write(
        options.output, run=options.run, shard=Path(options.acts).name, replace=True
    )


if __name__ == "__main__":
    main()
