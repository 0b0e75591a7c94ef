"""Regenerates the files beside it from the peers' own output.

usage: python make.py REFERENCE_DIR     (reference.json, curves.json, histograms/, fixtures/; needs numpy)
"""
import json
import os
import shutil
import sys

import numpy as np

src, dst = sys.argv[1], os.path.dirname(os.path.abspath(__file__))
reference = json.load(open(f"{src}/reference.json"))
curves = json.load(open(f"{src}/curves.json"))

out = {}
for name, r in reference.items():
    if name.startswith("_"):
        continue
    f = np.load(f"{src}/histograms/{name}.pytorch_quantization.torch.b1.npz")
    peer = r["pytorch_quantization"]["one_batch"]
    values = {k: v["value"] for k, v in peer["torch_hist.signed"].items() if k != "collect"}
    values |= {k + ".unsigned": v["value"] for k, v in peer["torch_hist.unsigned"].items() if k != "collect"}
    modelopt = r["modelopt"]["one_batch"]["torch_hist.signed"]
    assert modelopt["entropy"]["value"] == values["entropy"]
    edges = f["edges"]
    a = r["article"]
    out[name] = {
        "min": r["fixture"]["min"], "max": r["fixture"]["max"], "mean": r["fixture"]["mean"],
        "std": r["fixture"]["std"], "zeros": r["fixture"]["zeros"],
        "count": int(np.prod(r["fixture"]["shape"])), "amax": peer["max"]["value"],
        "torch": [int(c) for c in f["hist"]],
        "edges": {str(i): float(edges[i]) for i in [0, 1, 2, 700, 1023, 1024, 1025, 1500, 2046, 2047, 2048]},
        "edges_sum": float(edges.astype(np.float64).sum()),
        "values": values,
        "article": {k: a[k] for k in ["left", "right", "left_val", "right_val", "dynamic_range", "hist_scale", "hist"]},
    }
with open(f"{dst}/fixtures.json", "w") as w:
    json.dump(out, w, separators=(",", ":"))
    w.write("\n")

# The divergences as text: not every JSON parser reads the last bit right.
kept = {}
for name, r in curves.items():
    if name == "_meta":
        continue
    for sign in ["signed", "unsigned"]:
        kl = r[f"pytorch_quantization.torch_hist.{sign}.entropy"]["divergence"]
        mse = r[f"pytorch_quantization.torch_hist.{sign}.mse"]["divergence"]
        kept[f"{name}.{sign}"] = {"kl": " ".join(str(v) for v in kl), "mse": [float(f"{v:.9g}") for v in mse[::8]]}
with open(f"{dst}/curves.json", "w") as w:
    json.dump(kept, w, separators=(",", ":"))
    w.write("\n")

for name in ["a_randn1000", "j_constant3", "k_zeros", "l_one_element"]:
    shutil.copyfile(f"{src}/fixtures/{name}.npy", f"{dst}/{name}.npy")

# The peers' own histograms and thresholds, one batch and two (the halves of the fixture, in order).
KEPT_ORT = [("entropy.asymmetric.bins128.q128", "ort-entropy-128-128"),
            ("entropy.asymmetric.bins2048.q128", "ort-entropy-2048-128")]
KEPT_ORT += [(f"percentile.{s}metric.bins2048.p{p}", f"ort-percentile-{s}-{p.removesuffix('.0')}")
             for s in ["sym", "asym"] for p in ["99.0", "99.9", "99.99", "99.999"]]
KEPT_ORT += [(f"percentile.{s}metric.bins128.p{p}", f"ort-percentile-{s}-{p.removesuffix('.0')}-128")
             for s in ["sym", "asym"] for p in ["99.0", "99.9", "99.99", "99.999"]]
# ONNX Runtime takes a flag for symmetric ranges here, and does nothing with it.
KEPT_ORT += [(f"entropy.symmetric.bins{b}.q128", f"ort-entropy-{b}-128.symmetric") for b in [128, 2048]]
GRIDS = {"nvidia": "pytorch_quantization.torch", "nvidia-np": "pytorch_quantization.np",
         "ort-128": "ort.entropy.asym.128", "ort-2048": "ort.entropy.asym.2048", "ort-abs-2048": "ort.percentile.sym.2048",
         "ort-abs-128": "ort.percentile.sym.128"}


def ordered(edges):
    """f32 as integers in the same order, as second differences: small numbers."""
    bits = edges.astype(np.float32).view(np.int32).astype(np.int64)
    bits = np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    return " ".join(str(d) for d in np.diff(bits, n=2, prepend=[0, 0]))


tables, peers = [], {}
for name, r in reference.items():
    if name.startswith("_"):
        continue
    peers[name] = {}
    for batches, short in [("one_batch", "b1"), ("two_batches", "b2")]:
        grids, values = {}, {}
        for grid, file in GRIDS.items():
            f = np.load(f"{src}/histograms/{name}.{file}.{short}.npz")
            table = {"counts": " ".join(str(int(c)) for c in f["hist"]), "edges": ordered(f["edges"])}
            if table not in tables:
                tables.append(table)
            grids[grid] = tables.index(table)
        peer = r["pytorch_quantization"][batches]
        for sign in ["signed", "unsigned"]:
            tail = "" if sign == "signed" else ".unsigned"
            for key, v in peer[f"torch_hist.{sign}"].items():
                if key != "collect":
                    key = key.removesuffix(".0").replace("percentile_", "percentile-")
                    values[f"nvidia-{key}{tail}"] = v["value"]
            values[f"nvidia-np-entropy{tail}"] = peer[f"np_hist.{sign}"]["entropy"]["value"]
        for key, ours in KEPT_ORT:
            v = r["ort"][batches][key]
            values[ours] = [v["low"], v["high"], v["qint8_symmetric_scale"], v["quint8_scale"], v["quint8_zero_point"]]
        peers[name][short] = {"grids": grids, "values": values}
kept = {"tables": tables, "fixtures": peers, "curves": {}}
for name, r in curves.items():
    if name == "_meta":
        continue
    for sign in ["signed", "unsigned"]:
        d = r[f"pytorch_quantization.np_hist.{sign}.entropy" if f"pytorch_quantization.np_hist.{sign}.entropy" in r
              else f"modelopt.np_hist.{sign}.entropy"]["divergence"]
        kept["curves"][f"{name}.np.{sign}"] = " ".join(str(v) for v in d)
    d = r["onnxruntime.entropy.bins2048.q128"]["divergence"]
    kept["curves"][f"{name}.ort-2048-128"] = " ".join(str(v) for v in d)
with open(f"{dst}/peers.json", "w") as w:
    json.dump(kept, w, separators=(",", ":"))
    w.write("\n")
