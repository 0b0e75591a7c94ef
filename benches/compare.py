#!/usr/bin/env python3
"""Times qviz beside its peers, on the same data in one run, and prints medians and ratios.

    cargo build --release
    python3 benches/compare.py [--qviz target/release/qviz] [--values 100000000] [--files 50] [--rounds 5] [--cpu]

Needs numpy. onnxruntime, torch, modelopt and pytorch_quantization are timed when they can be imported. Every file
is in the page cache. The peers run on one thread; times of qviz include its start.
"""

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np  # noqa: E402  (the number of threads has to be set before)

BINS = 2048


def optional(name):
    try:
        return __import__(name, fromlist=["_"])
    except ImportError:
        print(f"# {name} is not installed: left out", file=sys.stderr)
        return None


def processor_time():
    """Seconds of this process and of the children that it has waited for, in the program and in the kernel."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


clock = time.perf_counter


def median(work, rounds):
    """Median seconds of some runs, after one that warms up (unless a run takes long)."""
    times = []
    while len(times) < rounds + 1:
        start = clock()
        work()
        times.append(clock() - start)
        if len(times) == 1 and times[0] > 10:
            return times[0]
    return statistics.median(times[1:])


def line(name, seconds, against=None):
    ratio = f"{seconds / against:12,.1f}" if against else ""
    print(f"{name:<56}{seconds * 1e3:12,.1f} ms{ratio}", flush=True)


def normal(n, seed):
    return np.random.default_rng(seed).standard_normal(n, dtype=np.float32)


def export(qviz, paths, out, method, threads, stdin=None):
    """Reads, counts and writes a document. One thread: the process is pinned to one processor."""
    pin = ["taskset", "-c", "0"] if threads == 1 else []
    command = [*pin, qviz, "export", *paths, "-o", out, "--force", "--method", method]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([str(c) for c in command], check=True, stdin=stdin, **quiet)


def export_once(qviz, file, out, method):
    """The same of what stands on stdin, which is read once and counted on a power-of-two grid."""
    with open(file, "rb") as stdin:
        export(qviz, ["-"], out, method, 1, stdin)


def histogram(args, folder):
    """One array of many values: exact bins over [0, amax], two passes."""
    file = folder / "layer.npy"
    np.save(file, normal(args.values, 0))
    print(f"\n{'histogram of ' + format(args.values, ',') + ' float32, process start included':<56}{'median':>15}{'x qviz':>12}")
    ours = median(lambda: export(args.qviz, [file], folder / "out.json", "entropy", 1), args.rounds)
    line("qviz export --method entropy, one thread", ours)
    two = median(lambda: export(args.qviz, [file], folder / "out.json", "entropy", 2), args.rounds)
    line("qviz, as many threads as it likes", two, ours)
    once = median(lambda: export_once(args.qviz, file, folder / "out.json", "entropy"), args.rounds)
    line("qviz, one thread, one pass over stdin", once, ours)
    peer = median(lambda: np.abs(np.load(file)).max(), args.rounds)
    line("numpy: load, abs, max", peer, ours)
    values = np.load(file)
    line("numpy: load, np.histogram", median(lambda: np.histogram(np.load(file), BINS), args.rounds), ours)
    line("numpy: np.histogram, array in memory", median(lambda: np.histogram(values, BINS), args.rounds), ours)
    if torch := optional("torch"):
        torch.set_num_threads(1)
        tensor = torch.from_numpy(values).abs()
        top = float(tensor.max())
        line("torch: histc, array in memory", median(lambda: torch.histc(tensor, BINS, 0, top), args.rounds), ours)
    file.unlink()


def many(args, folder):
    """Many files of a million values, from files to thresholds by KL divergence."""
    files = [folder / f"layer{i}.npy" for i in range(args.files)]
    for i, file in enumerate(files):
        np.save(file, normal(1_000_000, i))
    print(f"\n{f'{args.files} files of 1,000,000 float32, entropy':<56}{'median':>15}{'x qviz':>12}")
    ours = median(lambda: export(args.qviz, files, folder / "out.json", "entropy", 0), args.rounds)
    line("qviz export --method entropy, process start included", ours)
    some = files[:2]  # peers take minutes for all: two of them, scaled up
    scale = len(files) / len(some)
    if optional("onnxruntime") and (calibrate := optional("onnxruntime.quantization.calibrate")):

        def ort():
            with contextlib.redirect_stdout(None):
                search()

        def search():
            collector = calibrate.HistogramCollector("entropy", True, BINS, 128, 99.99, None)
            collector.collect({file.stem: [np.load(file)] for file in some})
            collector.compute_collection_result()

        line("onnxruntime HistogramCollector, 2,048 bins (2 files scaled)", median(ort, 1) * scale, ours)
    for name, module in [
        ("modelopt", "modelopt.torch.quantization.calib.histogram"),
        ("pytorch_quantization", "pytorch_quantization.calib.histogram"),
    ]:
        torch = optional("torch")
        calib = torch and optional(module)
        if not calib:
            continue

        def nvidia(method="entropy"):
            for file in some:
                calibrator = calib.HistogramCalibrator(8, None, False, num_bins=BINS)
                calibrator.collect(torch.from_numpy(np.load(file)))
                calibrator.compute_amax(method)

        line(f"{name} HistogramCalibrator, entropy (2 files scaled)", median(nvidia, 1) * scale, ours)
        line(f"{name} HistogramCalibrator, mse (2 files scaled)", median(lambda: nvidia("mse"), 1) * scale, ours)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qviz", type=Path, default=Path("target/release/qviz"))
    parser.add_argument("--values", type=int, default=100_000_000)
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cpu", action="store_true", help="processor time: for a machine that is not quiet")
    args = parser.parse_args()
    if args.cpu:
        global clock
        clock = processor_time
    args.qviz = args.qviz.resolve()
    with tempfile.TemporaryDirectory() as folder:
        histogram(args, Path(folder))
        if args.files:
            many(args, Path(folder))


if __name__ == "__main__":
    main()
