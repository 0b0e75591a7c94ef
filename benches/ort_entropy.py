#!/usr/bin/env python3
"""Holds `ort-entropy-BINS-LEVELS` against ONNX Runtime's own calibrator, on many seeds and shapes of data.

    cargo build
    QVIZ=target/debug/qviz python3 benches/ort_entropy.py [--seeds 10] [--values 10000 100000 1000000]
        [--windows 128-128 2048-128 2048-255 8001-255] [--shapes normal-outliers laplace ...]

Needs numpy and onnxruntime (1.32). A case is one tensor in one batch; the two agree where both ends of the range are
the same float32, as ONNX Runtime prints them with `symmetric` on and off (it gives one number) and qviz with `--affine`.
NumPy has to run its vectorized logarithm, as it does on every x86-64 with AVX2 and FMA or with AVX-512. Ends with 1 if a
case differs. QVIZ may name several programs with a colon between them, each held against the same answers.

    python3 benches/ort_entropy.py --logarithm

prints the checksums of NumPy's float32 logarithm that the tests of `src/calibrate/logarithm.rs` hold.

    python3 benches/ort_entropy.py --fixture tests/reference/ort_entropy.json

writes the histograms, divergences and windows that `tests/peers.rs` holds.
"""

import argparse
import collections
import contextlib
import io
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np


def values(shape, n, seed):
    """`n` float32 values."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n)
    if shape == "normal-outliers":
        # A million normal values with twenty outliers: whether a window keeps them is a matter of the seventh digit.
        x[rng.choice(n, 20, replace=False)] = rng.uniform(6, 12, 20) * rng.choice([-1, 1], 20)
    elif shape == "normal-far-outliers":
        x[rng.choice(n, 20, replace=False)] *= 20
    elif shape == "laplace":
        x = rng.laplace(size=n)
    elif shape == "relu":
        x = np.maximum(x, 0)
    elif shape == "uniform":
        x = rng.uniform(-1, 2, n)
    elif shape == "bimodal":
        x = x * 0.5 + rng.choice([-2.0, 3.0], n)
    elif shape == "student":
        x = rng.standard_t(3, n)
    else:
        assert shape == "normal", shape
    return x.astype(np.float32)


SHAPES = ["normal", "normal-outliers", "normal-far-outliers", "laplace", "relu", "uniform", "bimodal", "student"]


def collector(bins, levels, symmetric):
    from onnxruntime.quantization.calibrate import HistogramCollector

    return HistogramCollector("entropy", symmetric, bins, levels, None, None)


def peers_range(case):
    """What the calibrator prints for one tensor: the ends of its range."""
    path, bins, levels, symmetric = case
    calibrator = collector(bins, levels, symmetric)
    with contextlib.redirect_stdout(io.StringIO()):
        calibrator.collect({"x": [np.load(path)]})
        low, high, *_ = calibrator.compute_collection_result()["x"]
    return np.float32(low), np.float32(high)


def our_ranges(qviz, folder, bins, levels):
    """What qviz reports for every file in the folder: name to range and note."""
    method = f"ort-entropy-{bins}-{levels}"
    command = [qviz, "report", folder, "--json", "--affine", "--method", method]
    document = json.loads(subprocess.run([str(c) for c in command], check=True, capture_output=True).stdout)
    found = {}
    for tensor in document["tensors"]:
        entry = tensor["candidates"][method]
        found[tensor["name"]] = (np.float32(entry["clip_min"]), np.float32(entry["clip_max"]), entry["note"])
    return found


def compare(args):
    programs = args.qviz.split(":")
    agree, of, apart = collections.Counter(), collections.Counter(), []
    settings = [tuple(map(int, window.split("-"))) for window in args.windows]
    for n in args.values:
        with tempfile.TemporaryDirectory() as folder, multiprocessing.Pool(args.processes) as pool:
            names = {f"{shape}-{seed}": (shape, seed) for shape in args.shapes for seed in range(args.seeds)}
            for name, (shape, seed) in names.items():
                np.save(f"{folder}/{name}.npy", values(shape, n, seed))
            for bins, levels in settings:
                seeds = args.seeds if bins <= 4096 else min(args.seeds, args.wide_seeds)
                tried = [name for name, (_, seed) in names.items() if seed < seeds]
                # The flag does nothing in the peer: every other seed goes with it.
                cases = [(f"{folder}/{name}.npy", bins, levels, bool(names[name][1] % 2)) for name in tried]
                theirs = pool.map(peers_range, cases, chunksize=1)
                for program in programs:
                    ours = our_ranges(program, folder, bins, levels)
                    rows = []
                    for shape in args.shapes:
                        count = 0
                        for name, (low, high) in zip(tried, theirs):
                            if names[name][0] != shape:
                                continue
                            *ends, note = ours[name]
                            if ends == [min(low, np.float32(0)), max(high, np.float32(0))]:
                                count += 1
                            else:
                                what = f"{name} {n} {bins}-{levels}"
                                apart.append(f"{program} {what}: {ends[0]}..{ends[1]} for {low}..{high} ({note})")
                        agree[program], of[program] = agree[program] + count, of[program] + seeds
                        rows.append(f"{shape} {count}/{seeds}")
                    notes = sum("rounding" in (ours[name][2] or "") for name in tried)
                    print(f"{n:>9} {bins}-{levels} {program}: {', '.join(rows)}; {notes} by rounding", flush=True)
    for case in apart:
        print(f"  {case}")
    for program in programs:
        print(f"{program}: {agree[program]} of {of[program]} windows agree exactly")
    return len(apart) > 0


def logarithm():
    """A checksum an exponent: the sum over all mantissas of the result's bits times an odd number, modulo 2^64."""
    weights = np.arange(1 << 23, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    mantissas = np.arange(1 << 23, dtype=np.uint32)
    whole, octaves = 0, []
    for exponent in range(255):
        x = (mantissas | np.uint32(exponent << 23)).view(np.float32)
        with np.errstate(divide="ignore"):
            bits = np.log(x).view(np.uint32).astype(np.uint64)
        checksum = int((bits * weights).sum(dtype=np.uint64))
        whole = (whole * 0x100000001B3 + checksum) % (1 << 64)
        if exponent in (0, 1, 126, 127, 128, 254):
            octaves.append(checksum)
            print(f"exponent {exponent}: 0x{checksum:016x}")
    print(f"all: 0x{whole:016x}")


def window(counts, levels):
    """The calibrator's own divergences, taken from the `argmin` that it ends with, and its window in bins."""
    from onnxruntime.quantization import calibrate

    seen, argmin = [], np.argmin
    edges = (np.arange(len(counts) + 1) - len(counts) // 2).astype(np.float32)
    calibrate.np.argmin = lambda a: seen.append(np.array(a)) or argmin(a)
    try:
        ends = collector(len(counts), levels, False).get_entropy_threshold((counts, edges, edges[0], edges[-1]), levels)
    finally:
        calibrate.np.argmin = argmin
    return seen[0], [int(end) for end in ends]


# A million normal values with twenty outliers, where the correctly rounded logarithm ends at another window (37, 59)
# and where it does not; one of each other shape.
KEPT = [("normal-far-outliers", 1_000_000, seed, 2048, 128) for seed in (37, 59, 0)]
KEPT += [("normal-outliers", 1_000_000, 0, 2048, 128)]
KEPT += [(shape, 100_000, 0, 512, 100) for shape in SHAPES if "outliers" not in shape]


def fixture(path):
    cases = []
    for shape, n, seed, bins, levels in KEPT:
        x = values(shape, n, seed)
        amax = np.abs(x).max()
        counts, _ = np.histogram(x, bins, range=(-amax, amax))
        kl, ends = window(counts, levels)
        cases.append({
            "what": f"{shape} {n} {seed}", "levels": levels, "window": ends, "counts": " ".join(map(str, counts)),
            # The bits of the float32, in which the peer works.
            "divergences": " ".join(f"{b:x}" for b in kl.astype(np.float32).view(np.uint32)),
        })
    Path(path).write_text("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qviz", default=os.environ.get("QVIZ", "target/debug/qviz"))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--wide-seeds", type=int, default=2, help="seeds where there are more than 4,096 bins")
    parser.add_argument("--values", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--windows", nargs="+", default=["128-128", "2048-128", "2048-255", "8001-255"])
    parser.add_argument("--shapes", nargs="+", default=SHAPES, choices=SHAPES)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--logarithm", action="store_true")
    parser.add_argument("--fixture", metavar="FILE")
    args = parser.parse_args()
    if args.logarithm:
        return logarithm()
    if args.fixture:
        return fixture(args.fixture)
    return compare(args)


if __name__ == "__main__":
    sys.exit(main())
