#!/usr/bin/env python3
"""Regenerate the bundled activations/*.npy from public PyPI packages.

    pip install numpy scikit-image onnx onnxruntime       # scikit-image brings scipy
    pip install --no-deps rapidocr-onnxruntime==1.4.4     # only its model file is used
    python make_activations.py activations

(rapidocr-onnxruntime 1.4.4 asks for Python < 3.13.) The network is PP-OCR's text
angle classifier; its input is every word and a dozen text lines of scikit-image's
page.png, upright and turned by 180 degrees, prepared as RapidOCR prepares them.
Nothing is random: the same packages give the same files. The table of activations/README.md
is printed on the way.
"""
import argparse
import hashlib
import importlib.util
import math
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from scipy import ndimage
from skimage import data, filters, transform

MODEL = "models/ch_ppocr_mobile_v2.0_cls_infer.onnx"
SHA256 = "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c"
LAYERS = [  # file stem, ONNX tensor; in network order
    ("00.input", "x"),
    ("01.conv1", "batch_norm_0.tmp_2"),
    ("02.conv1.hswish", "hardswish_0.tmp_0"),
    ("03.conv3.relu", "relu_3.tmp_0"),
    ("04.conv3.dw", "depthwise_conv2d_1.tmp_0"),
    ("05.conv9.add", "elementwise_add_4"),
    ("06.conv11.hswish", "hardswish_13.tmp_0"),
    ("07.conv12.pool", "pool2d_8.tmp_0"),
    ("08.conv12.gate", "hardsigmoid_8.tmp_0"),
    ("09.conv12.scaled", "tmp_8"),
    ("10.logits", "linear_1.tmp_1"),
    ("11.softmax", "softmax_0.tmp_0"),
]
MAX_BYTES = 310_000  # per layer: big layers keep fewer crops
THINNED = {  # 96 crops, 2 of 96 columns each: its largest values are rare, two crops miss them
    "06.conv11.hswish": np.s_[16:, :, :, 44::48],
}
FIRST_WORD = 36  # "two": with the first line, its two crops have the tails of the whole set
LINES = [  # left, top, right, bottom on page.png: whole lines, then shorter runs of words
    (4, 48, 379, 65), (4, 65, 379, 84), (4, 84, 379, 103), (4, 12, 296, 36),
    (4, 100, 379, 120), (4, 115, 175, 137), (40, 172, 245, 191), (4, 48, 162, 64),
    (165, 49, 320, 66), (131, 66, 264, 84), (178, 86, 339, 103), (155, 103, 300, 121),
]


def text_crops():
    """A word and a line in turn, every second one upside down; then all the other way up."""
    page = data.page().astype(np.float64)
    ink = filters.gaussian(page, 12) - page > 18
    blobs, _ = ndimage.label(ndimage.binary_dilation(ink, np.ones((3, 5))), np.ones((3, 3)))
    words = []
    for box in ndimage.find_objects(blobs):
        crop = page[box]
        cut_off = box[1].start == 0 or box[0].stop == page.shape[0]
        if 10 <= crop.shape[0] <= 25 and crop.shape[1] >= 15 and not cut_off:
            words.append(crop)
    words = words[FIRST_WORD:] + words[:FIRST_WORD]
    lines = [page[top:bottom, left:right] for left, top, right, bottom in LINES]
    crops = [crop for pair in zip(words, lines) for crop in pair] + words[len(lines):]
    turned = [i % 2 for i in range(len(crops))]
    both = list(zip(crops, turned)) + [(crop, 1 - turn) for crop, turn in zip(crops, turned)]
    labels = np.array([turn for _, turn in both])
    return [crop[::-1, ::-1] if turn else crop for crop, turn in both], labels


def preprocess(crop, height=48, width=192):
    """RapidOCR's TextClassifier.resize_norm_img; the grey picture fills all three channels."""
    new_width = min(width, math.ceil(height * crop.shape[1] / crop.shape[0]))
    resized = transform.resize(
        crop, (height, new_width), order=1, anti_aliasing=False, preserve_range=True
    )
    out = np.zeros((3, height, width), np.float32)
    out[:, :, :new_width] = (resized / 255 - 0.5) / 0.5
    return out


def run(model_path, batch):
    """The tensors named in LAYERS, with no graph optimization, so that none is fused away."""
    model = onnx.load(model_path)
    tensors = [tensor for _, tensor in LAYERS if tensor != "x"]
    for tensor in tensors:
        model.graph.output.append(onnx.ValueInfoProto(name=tensor))
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return {"x": batch, **dict(zip(tensors, session.run(tensors, {"x": batch})))}


def sqnr(values, clip):
    """Signal to noise, in dB, of symmetric int8 (codes -127 to 127) clipping at `clip`."""
    step = clip / 127
    noise = values - np.clip(np.rint(values / step), -127, 127) * step
    return 10 * math.log10((values**2).sum() / (noise**2).sum())


def table_row(name, tensor, array):
    values = array.astype(np.float64).ravel()
    size = np.abs(values)
    top = size.max()
    best = max(np.linspace(0.02, 1, 491) * top, key=lambda clip: sqnr(values, clip))
    shape = "×".join(map(str, array.shape))
    zeros = 100 * (values == 0).mean()
    p9999 = np.percentile(size, 99.99)
    return (
        f"| {name}.npy | {tensor} | {shape} | {values.min():.3g} | {values.max():.3g} "
        f"| {zeros:.1f} | {sqnr(values, top):.1f} | {sqnr(values, p9999):.1f} "
        f"| {sqnr(values, best):.1f} at {best:.3g} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="directory to write the .npy files to")
    out = parser.parse_args().out
    package = importlib.util.find_spec("rapidocr_onnxruntime")  # found, not imported
    if package is None:
        raise SystemExit("pip install --no-deps rapidocr-onnxruntime==1.4.4")
    model_path = Path(package.submodule_search_locations[0]) / MODEL
    if hashlib.sha256(model_path.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{model_path.name} is not the file of rapidocr-onnxruntime 1.4.4")

    crops, labels = text_crops()
    tensors = run(model_path, np.stack([preprocess(crop) for crop in crops]))
    right = (tensors["softmax_0.tmp_0"].argmax(1) == labels).sum()
    print(f"{len(crops)} crops, angle right on {right}")
    out.mkdir(parents=True, exist_ok=True)
    total = 0
    for name, tensor in LAYERS:
        array = tensors[tensor][THINNED.get(name, slice(None))]
        array = np.ascontiguousarray(array[: MAX_BYTES // array[0].nbytes], dtype="<f4")
        np.save(out / f"{name}.npy", array)
        total += (out / f"{name}.npy").stat().st_size
        print(table_row(name, tensor, array))
    print(f"{total} bytes")


if __name__ == "__main__":
    main()
