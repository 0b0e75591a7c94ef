#!/usr/bin/env python3
"""What merging costs on each engine, and that all of them give the same: see engines.sh, which installs what this needs.

First each engine merges seven parts of hostile values (random bits, all binades, channels, weights, shapes and types that
differ) and ten of the large ones; every row has to be that of the reference. Then each merges 1, 10, 100 and 1,000 parts
of 300 tensors in a process of its own. Printed are the seconds of processors, the seconds on the clock, and the most memory
of it and of all that it started.
"""
import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

import qviz_stats  # noqa: E402
from qviz_stats import table  # noqa: E402
from tests import hostile  # noqa: E402
from tests.support import listed  # noqa: E402

TENSORS, VALUES, DISTINCT = 300, 50_000, 20
ENGINES = ["qviz", "python", "duckdb", "polars", "spark", "dask", "ray"]
COLLECTING = ["dask", "ray"]  # these count activations themselves


def activations(rng, i):
    """One tensor's values in one shard: what linear layers, ReLU, GELU, sigmoid and softmax make, at different scales."""
    x = rng.standard_normal(VALUES, np.float32) * np.float32(2.0 ** (i % 7 - 3) * rng.uniform(0.8, 1.25))
    sigmoid = lambda z: 1 / (1 + np.exp(-np.clip(z, -60, 60)))  # noqa: E731
    made = [lambda: x, lambda: np.maximum(x, 0), lambda: x * sigmoid(1.7 * x), lambda: sigmoid(x), lambda: np.exp(x - 4) / 50]
    return made[i % 5]()


def make_large(folder):
    """The distinct parts."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for part in range(DISTINCT):
        path = folder / f"part-{part:04}.parquet"
        if not qviz_stats.done(path, run="v1", shard=path.stem):
            rng, collector = np.random.default_rng(part), qviz_stats.Collector()
            for i in range(TENSORS):
                collector.add(f"layer{i // 5}/op{i % 5}", activations(rng, i), op=["Conv", "Relu", "Gelu", "Sigmoid", "Softmax"][i % 5])
            collector.write(path, run="v1", shard=path.stem)
        paths.append(path)
    return paths


def copies(distinct, folder, count):
    """So many parts: the distinct ones, and behind them the same under other names, so that a thousand are soon made."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for part in range(count):
        data, path = distinct[part % DISTINCT].read_bytes(), folder / f"part-{part:04}.parquet"
        name = f"part-{part % DISTINCT:04}".encode()
        assert data.count(name) == 1, "a part's name stands once, in its dictionary"
        path.write_bytes(data.replace(name, path.stem.encode()))
    return folder


def make_hostile(folder):
    """Few values that find mistakes, in seven parts."""
    shutil.rmtree(folder, ignore_errors=True)
    for s in range(7):
        collector, rng = qviz_stats.Collector(), np.random.default_rng(s)
        for name, array in hostile.lots(s):
            collector.add(name, array[: len(array) - s], op="" if s == 3 else "Relu")
        collector.add("channels", rng.standard_normal((2 + s, 3, 4, 5 + s % 2)) * 10.0**s, axis=1)
        collector.add("ranks", rng.standard_normal((3, 2) if s == 4 else 3).astype(np.float64 if s == 2 else np.float32))
        collector.add("zeros then more", np.full(9, 0.0 if s else 3e38))
        if s == 1:
            collector.add("in one part", np.float32(-2.5), samples=0)
        collector.add("w", np.linspace(-3, 5, 24).reshape(4, 6), axis=0, kind="weight", op="Conv")
        collector.write(folder / f"part-{s}.parquet", run="v1", shard=f"part-{s}")
    return folder


def make_dumps(folder, shards=8):
    """Activations at rest, for Dask."""
    for shard in range(shards):
        (folder / f"part-{shard}").mkdir(parents=True, exist_ok=True)
        for i in range(TENSORS):
            path = folder / f"part-{shard}" / f"t{i}.npy"
            if not path.exists():
                np.save(path, activations(np.random.default_rng([shard, i]), i).reshape(50, -1))
    return folder


def command(engine, source, output):
    """How an engine is started."""
    recipes = ROOT / "examples" / "engines"
    parts = sorted(map(str, source.glob("*.parquet")))
    return {
        "qviz": [os.environ["QVIZ"], "merge", *parts, "-o", str(output)],
        "python": [sys.executable, "-m", "qviz_stats", "merge", *parts, "-o", str(output)],
        **{name: [sys.executable, str(recipes / f"{name}_collect.py"), str(source), "-o", str(output), "--run", "v1"]
           for name in COLLECTING},
    }.get(engine) or [sys.executable, str(recipes / f"{engine}_merge.py"), str(source / "*.parquet"), "-o", str(output)]


def measured(words):
    """Runs a command; its seconds, those of processors, and the most memory, in MB, that it and its children had at once."""
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1",
                   "SPARK_LOCAL_DIRS": os.environ.get("TMPDIR", "/tmp"), "PYSPARK_SUBMIT_ARGS": "--driver-memory 4g pyspark-shell"}
    start, most, used = time.monotonic(), 0, {}
    with open(os.devnull) as nothing, subprocess.Popen(
        words, stdin=nothing, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    ) as child:
        process = psutil.Process(child.pid)
        while True:
            try:
                each = [process, *process.children(recursive=True)]
                most = max(most, sum(p.memory_info().rss for p in each))
                used.update({p.pid: sum(p.cpu_times()[:2]) for p in each})
            except psutil.NoSuchProcess:
                pass
            try:
                child.wait(0.05)
                break
            except subprocess.TimeoutExpired:
                continue
        said = child.stderr.read().decode(errors="replace")
    if child.returncode:
        sys.exit(f"{' '.join(words[:3])} … failed:\n{said[-3000:]}")
    return time.monotonic() - start, sum(used.values()), most / 1e6


def rows_of(path):
    """All that a table says."""
    there = table.read(path)
    return listed(*table.columns_of([(*key, entries) for key, entries in there.shards.items()]))


def hold(engine, source, reference, output):
    """Every row has to be that of the reference."""
    output.unlink(missing_ok=True)
    measured(command(engine, source, output))
    one, other = rows_of(reference), rows_of(output)
    if one != other:
        differ = next((pair for pair in zip(one, other) if pair[0] != pair[1]), (len(one), len(other)))
        sys.exit(f"{engine} gives another table of {source.name}: {differ}")
    print(f"{engine}: all {len(one):,} rows of {source.name} are those of {reference.stem}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--parts", type=int, nargs="*", default=[1, 10, 100, 1000])
    parser.add_argument("--engines", nargs="*", default=ENGINES, choices=ENGINES)
    parser.add_argument("--cost-only", action="store_true", help="measure, and hold nothing against the reference")
    options = parser.parse_args()
    folder, engines = options.folder, list(options.engines)
    if not os.environ.get("QVIZ") and "qviz" in engines:
        print("no qviz is here: the reference is the package in python/")
        engines.remove("qviz")
    if not shutil.which("java") and "spark" in engines:
        print("no Java is here: Spark is left out")
        engines.remove("spark")
    folder.mkdir(parents=True, exist_ok=True)
    reference_of = "qviz" if os.environ.get("QVIZ") else "python"

    distinct = make_large(folder / "distinct")
    checked = [] if options.cost_only else [make_hostile(folder / "hostile"), copies(distinct, folder / "ten", 10)]
    for source in checked:
        reference = folder / f"{reference_of}-{source.name}.parquet"
        reference.unlink(missing_ok=True)
        measured(command(reference_of, source, reference))
        for engine in engines:
            if engine not in (reference_of, *COLLECTING):
                hold(engine, source, reference, folder / "out.parquet")
    collecting = [engine for engine in COLLECTING if engine in engines]
    if collecting and checked:
        dumps = make_dumps(folder / "dumps")
        collector = qviz_stats.Collector()
        start = time.monotonic()
        for path in sorted(dumps.glob("*/*.npy")):
            collector.add(path.stem, np.load(path))
        alone = time.monotonic() - start
        collector.write(folder / "alone.parquet", run="v1", shard="dumps", replace=True)
        size = sum(path.stat().st_size for path in dumps.glob("*/*.npy"))
        for engine in collecting:
            hold(engine, dumps, folder / "alone.parquet", folder / "out.parquet")
            seconds, cpu, memory = measured(command(engine, dumps, folder / "out.parquet"))
            print(f"{engine}: {size / 1e6:,.0f} MB of activations in {cpu:.1f} s of processors, {seconds:.1f} s and {memory:,.0f} MB; "
                  f"one process {alone:.1f} s")

    engines = [engine for engine in engines if engine not in COLLECTING]
    if not engines:
        return
    print("\n| parts | rows | bytes | " + " | ".join(engines) + " |")
    print("|" + "---:|" * (3 + len(engines)))
    rows = [len(rows_of(path)) for path in distinct]
    for count in options.parts:
        source = copies(distinct, folder / "many", count)
        size = sum(path.stat().st_size for path in source.iterdir())
        cells = []
        for engine in engines:
            (folder / "out.parquet").unlink(missing_ok=True)
            seconds, cpu, memory = measured(command(engine, source, folder / "out.parquet"))
            cells.append(f"{cpu:,.1f} s, {seconds:,.1f} s, {memory:,.0f} MB")
        total = sum(rows[part % DISTINCT] for part in range(count))
        print(f"| {count:,} | {total:,} | {size / 1e6:,.1f} MB | " + " | ".join(cells) + " |", flush=True)
        shutil.rmtree(source)


if __name__ == "__main__":
    main()
