#!/usr/bin/env python3
"""Counts shards of activations on Ray's workers: python ray_collect.py acts -o all.parquet --run v1

`acts/SHARD/TENSOR.npy`. A worker counts a shard where it lies and hands on the table, some MB, not the activations; tables
are merged by fours as they come, on the workers too. A shard whose worker is lost is counted again, and counts once.
"""
import argparse
from pathlib import Path

import numpy as np
import ray

import qviz_stats


@ray.remote
def counted(shard):
    """What a shard holds."""
    collector = qviz_stats.Collector()
    for path in sorted(Path(shard).glob("*.npy")):
        collector.add(path.stem, np.load(path, mmap_mode="r"))
    return collector


@ray.remote
def merged(*some):
    """All of them, as a new one: what Ray has stored does not change."""
    whole = qviz_stats.Collector(some[0].bins)
    for each in some:
        whole.merge(each)
    return whole


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("acts")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--address", help="of a cluster; without it, workers on this machine")
    options = parser.parse_args()
    ray.init(address=options.address, log_to_driver=False)
    shards = sorted(str(path) for path in Path(options.acts).iterdir() if path.is_dir())
    left = [counted.remote(shard) for shard in shards]
    while len(left) > 1:
        # Whichever are there first: any order gives the same.
        some, left = ray.wait(left, num_returns=min(4, len(left)))
        left.append(merged.remote(*some))
    ray.get(left[0]).write(options.output, run=options.run, shard=Path(options.acts).name, replace=True)


if __name__ == "__main__":
    main()
