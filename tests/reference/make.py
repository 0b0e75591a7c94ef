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
