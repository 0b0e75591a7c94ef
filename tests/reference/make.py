"""Runs the peers on the fixtures of fixtures.py and writes what they say: fixtures.json, curves.json and peers.json beside this.

    python make.py                     everything anew; the searches are plain Python: a quarter of an hour
    python make.py --check [NAME...]   compares with what is written, for these fixtures only where some are named

Needs what the numbers in the repository were made with:

    pip install numpy==2.4.6 scipy==1.17.1 torch==2.15.0 absl-py pyyaml onnx onnxruntime==1.32.0

and the Python sources of pytorch-quantization 2.2.1, which NVIDIA/TensorRT holds in tools/pytorch-quantization (as of
a892d222): give their directory in PYTHONPATH. They need not be built: its CUDA parts are not used here. ModelOpt 0.47.0
gave the same numbers where it has the same methods, but for its own MSE, which is broken.
"""
import contextlib
import io
import json
import os
import sys
import types

import numpy as np
import torch
from onnxruntime.quantization import calibrate as ort
from onnxruntime.quantization.quant_utils import compute_scale_zp

from fixtures import fixtures

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = ["a_randn1000", "j_constant3", "k_zeros", "l_one_element"]
WITH_CURVES = ["a_randn1000", "b_normal_1e6"]
PERCENTILES = ["99.0", "99.9", "99.99", "99.999"]


def pytorch_quantization():
    """The calibrators, without the package's own start, which wants CUDA."""
    home = next(p for p in sys.path if os.path.isdir(os.path.join(p, "pytorch_quantization", "calib")))
    package = types.ModuleType("pytorch_quantization")
    package.__path__ = [os.path.join(home, "pytorch_quantization")]
    sys.modules["pytorch_quantization"] = package
    for name in ["cuda_ext", "nn"]:
        sys.modules[f"pytorch_quantization.{name}"] = types.ModuleType(name)
        setattr(package, name, sys.modules[f"pytorch_quantization.{name}"])
    if not torch.cuda.is_available():
        torch.Tensor.cuda = lambda tensor: tensor
    from pytorch_quantization.calib import histogram
    return histogram


nvidia = pytorch_quantization()


def batches(x, short):
    """The whole as one batch, or its halves in order, without one that is empty."""
    return [x] if short == "b1" else [half for half in (x[:len(x) // 2], x[len(x) // 2:]) if len(half)]


# pytorch-quantization


def histogram_of(parts, unsigned, torch_hist):
    calibrator = nvidia.HistogramCalibrator(8, None, unsigned, torch_hist=torch_hist)
    for part in parts:
        calibrator.collect(torch.from_numpy(part))
    return calibrator


def amax(parts, unsigned, torch_hist, method, **arguments):
    """From a calibrator of its own: the search for the entropy changes the histogram that it is given."""
    return histogram_of(parts, unsigned, torch_hist).compute_amax(method, **arguments).item()


def recorded(module, name, run):
    """What `module.name` answers while `run` runs."""
    answers, inner = [], getattr(module, name)

    def recorder(*arguments):
        answer = inner(*arguments)
        answers.append(answer)
        return answer

    setattr(module, name, recorder)
    try:
        run()
    finally:
        setattr(module, name, inner)
    return answers


def errors(parts, unsigned):
    """The MSE of every candidate: the peer's own expression on what its own quantizer answers."""
    calibrator = histogram_of(parts, unsigned, True)
    quantized = recorded(nvidia, "fake_tensor_quant", lambda: calibrator.compute_amax("mse"))
    edges = calibrator._calib_bin_edges
    counts, centers = calibrator._calib_hist.int().float(), (edges[1:] + edges[:-1]) / 2
    return [((q - centers)**2 * counts).mean().item() for q in quantized]


# ONNX Runtime


def ort_collector(parts, method, symmetric, bins, percentile=99.999):
    collector = ort.HistogramCollector(method, symmetric, bins, 128, percentile, "same")
    with contextlib.redirect_stdout(io.StringIO()):
        for part in parts:
            collector.collect({"x": [part]})
    return collector


def ort_threshold(collector):
    with contextlib.redirect_stdout(io.StringIO()):
        low, high = collector.compute_collection_result()["x"][:2]
    zero_point, scale = compute_scale_zp(low, high, np.array(0, np.uint8), np.array(255, np.uint8), False)
    _, signed = compute_scale_zp(low, high, np.array(-127, np.int8), np.array(127, np.int8), True)
    return [float(low), float(high), float(signed), float(scale), int(zero_point)]


def ort_divergences(parts):
    """Of every window at 2048 bins; no call is made where smoothing has no answer, so that the windows are told apart."""
    collector, windows = ort_collector(parts, "entropy", False, 2048), []
    inner = ort.smooth_distribution

    def smooth(p, *rest):
        windows.append((len(p), inner(p, *rest)))
        return windows[-1][1]

    ort.smooth_distribution = smooth
    try:
        ort_threshold(collector)
    finally:
        ort.smooth_distribution = inner
    pairs = zip(windows[::2], windows[1::2])
    return [np.float32(np.inf if p is None or q is None else ort.entropy(p, q)) for (_, p), (_, q) in pairs]


# The tutorials' coverage


def coverage(x):
    counts, edges = np.histogram(x, bins=100)
    left, right, kept = 0, 99, counts.sum()
    while kept / counts.sum() > 0.99:
        if counts[left] < counts[right]:
            kept, left = kept - counts[left], left + 1
        else:
            kept, right = kept - counts[right], right - 1
    low, high = float(edges[left]), float(edges[right])
    widest = max(abs(low), abs(high))
    return {"left": left, "right": right, "left_val": low, "right_val": high, "dynamic_range": widest,
            "hist_scale": float(np.float32(widest) / np.float32(127)), "hist": [int(c) for c in counts]}


# The three files


def fixture(x):
    whole = [x]
    calibrator = histogram_of(whole, False, True)
    edges = calibrator._calib_bin_edges.numpy()
    values = {f"percentile_{p}": amax(whole, False, True, "percentile", percentile=float(p)) for p in PERCENTILES}
    for tail in ["", ".unsigned"]:
        for method in ["entropy", "mse"]:
            values[method + tail] = amax(whole, bool(tail), True, method)
    wide = x.astype("f8")
    return {
        "min": float(x.min()), "max": float(x.max()), "mean": float(wide.mean()), "std": float(wide.std()),
        "zeros": int((x == 0).sum()), "count": len(x), "amax": float(np.abs(x).max()),
        "torch": [int(c) for c in calibrator._calib_hist],
        "edges": {str(i): float(edges[i]) for i in [0, 1, 2, 700, 1023, 1024, 1025, 1500, 2046, 2047, 2048]},
        "edges_sum": float(edges.astype("f8").sum()),
        "values": values,
        "article": coverage(x),
    }


def curves(x):
    """The divergences as text: not every JSON parser reads the last bit right."""
    out = {}
    for sign, unsigned in [("signed", False), ("unsigned", True)]:
        calibrator = histogram_of([x], unsigned, True)
        divergences = recorded(nvidia, "entropy", lambda: calibrator.compute_amax("entropy"))
        out[sign] = {"kl": " ".join(str(float(v)) for v in divergences),
                     "mse": [float(f"{v:.9g}") for v in errors([x], unsigned)[::8]]}
    return out


def ordered(edges):
    """f32 as integers in the same order, as second differences: small numbers."""
    bits = edges.astype(np.float32).view(np.int32).astype(np.int64)
    bits = np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    return " ".join(str(d) for d in np.diff(bits, n=2, prepend=[0, 0]))


def table(hist, edges):
    return {"counts": " ".join(str(int(c)) for c in np.asarray(hist)), "edges": ordered(np.asarray(edges))}


def peers(x, short, tables):
    parts = batches(x, short)
    made = {}
    for grid, torch_hist in [("nvidia", True), ("nvidia-np", False)]:
        calibrator = histogram_of(parts, False, torch_hist)
        made[grid] = table(calibrator._calib_hist, calibrator._calib_bin_edges)
    for grid, method, symmetric, bins in [("ort-128", "entropy", False, 128), ("ort-2048", "entropy", False, 2048),
                                          ("ort-abs-2048", "percentile", True, 2048),
                                          ("ort-abs-128", "percentile", True, 128)]:
        made[grid] = table(*ort_collector(parts, method, symmetric, bins).histogram_dict["x"][:2])
    grids = {}
    for grid, one in made.items():
        if one not in tables:
            tables.append(one)
        grids[grid] = tables.index(one)
    values = {}
    for unsigned, tail in [(False, ""), (True, ".unsigned")]:
        if not unsigned:
            for p in PERCENTILES:
                key = f"nvidia-percentile-{p.removesuffix('.0')}"
                values[key] = amax(parts, False, True, "percentile", percentile=float(p))
        for method in ["entropy", "mse"]:
            values[f"nvidia-{method}{tail}"] = amax(parts, unsigned, True, method)
        values[f"nvidia-np-entropy{tail}"] = amax(parts, unsigned, False, "entropy")
    for bins in [128, 2048]:
        values[f"ort-entropy-{bins}-128"] = ort_threshold(ort_collector(parts, "entropy", False, bins))
    for bins, tail in [(2048, ""), (128, "-128")]:
        for s in ["sym", "asym"]:
            for p in PERCENTILES:
                collector = ort_collector(parts, "percentile", s == "sym", bins, float(p))
                values[f"ort-percentile-{s}-{p.removesuffix('.0')}{tail}"] = ort_threshold(collector)
    # ONNX Runtime takes a flag for symmetric ranges here, and does nothing with it.
    for bins in [128, 2048]:
        values[f"ort-entropy-{bins}-128.symmetric"] = ort_threshold(ort_collector(parts, "entropy", True, bins))
    return {"grids": grids, "values": values}


def peer_curves(x):
    out = {}
    for sign, unsigned in [("signed", False), ("unsigned", True)]:
        calibrator = histogram_of([x], unsigned, False)
        divergences = recorded(nvidia, "entropy", lambda: calibrator.compute_amax("entropy"))
        out[f"np.{sign}"] = " ".join(str(float(v)) for v in divergences)
    out["ort-2048-128"] = " ".join(str(float(v)) for v in ort_divergences([x]))
    return out


def make(names):
    every, tables = fixtures(), []
    files = {"fixtures.json": {}, "curves.json": {}, "peers.json": {"tables": tables, "fixtures": {}, "curves": {}}}
    for name in names or every:
        x = every[name]
        print(name, file=sys.stderr)
        files["fixtures.json"][name] = fixture(x)
        files["peers.json"]["fixtures"][name] = {short: peers(x, short, tables) for short in ["b1", "b2"]}
        if name in WITH_CURVES:
            files["curves.json"] |= {f"{name}.{sign}": curve for sign, curve in curves(x).items()}
            files["peers.json"]["curves"] |= {f"{name}.{key}": curve for key, curve in peer_curves(x).items()}
    return files


def unfolded(file, content):
    """peers.json with its tables in their places, so that a part of it can be compared."""
    if file != "peers.json":
        return content
    out = {key: dict(runs) for key, runs in content["fixtures"].items()}
    for name, runs in out.items():
        for short, run in runs.items():
            runs[short] = run | {"grids": {grid: content["tables"][i] for grid, i in run["grids"].items()}}
    return out | content["curves"]


def differences(ours, theirs, place):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in ours:
            yield from differences(ours[key], theirs.get(key), f"{place} {key}")
    elif ours != theirs:
        yield f"{place}: {str(ours)[:80]} for {str(theirs)[:80]}"


def main(arguments):
    check = arguments[:1] == ["--check"]
    told = []
    for file, content in make(arguments[1:] if check else []).items():
        path = os.path.join(HERE, file)
        if check:
            with open(path) as r:
                told += differences(unfolded(file, content), unfolded(file, json.load(r)), file)
        else:
            with open(path, "w") as w:
                json.dump(content, w, separators=(",", ":"))
                w.write("\n")
    if not check:
        for name in SMALL:
            np.save(os.path.join(HERE, name + ".npy"), fixtures()[name])
    print("\n".join(told) or "done")
    return bool(told)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
