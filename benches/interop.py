"""Whether the models and files that qviz writes load and mean the same elsewhere: onnx's checker, ONNX Runtime, numpy.

usage: python benches/interop.py [MODEL.onnx DATA]...
       without a model the bundled one on the bundled input; DATA is what --data takes and np.load reads: the array of the
       model's one input, or an .npz with an array for each
needs: pip install numpy onnx onnxruntime ml_dtypes
       target/release/qviz (cargo build --release), or QVIZ=path

Of each model and each way to quantize it: the Q/DQ file passes onnx.checker (full), loads in ONNX Runtime (without
optimizations; where they refuse it, that is told), and its scales come back equal, from its own initializers and through `qviz convert`. Each QuantizeLinear is fed the
very values that it gets there and held against numpy, by ONNX's definition: at most one step apart, on fewer than 1e-5 of
the values. `quantize_static` takes the `ort-cache` and the `ort-overrides` that qviz writes, and comes to the same scales.
Then each operator whose signature changes between opsets, in a graph of an old one: the model that is raised for its
quantizers computes what the old one did. Exit code 1 where something is not as it should be.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

QVIZ = os.path.abspath(os.environ.get("QVIZ", "target/release/qviz"))
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BUNDLED = [
    os.path.join(ROOT, "assets/models/ch_ppocr_mobile_v2.0_cls_infer.onnx"),
    os.path.join(ROOT, "assets/activations/00.input.npy"),
]
WAYS = {
    "default": [],
    "--symmetric": ["--symmetric"],
    "--float-weights": ["--float-weights"],
    "--as-written": ["--as-written"],
    "--place ort, uint8": ["--place", "ort", "--unsigned", "--affine"],
    "--place all": ["--place", "all"],
    "16-bit activations": ["--set", "kind:activation=bits:16"],
    "e4m3": ["--format", "e4m3"],
    "e5m2": ["--format", "e5m2"],
    "4-bit weights": ["--set", "kind:weight=bits:4"],
}
FAILED = []


def check(fine, what):
    if not fine:
        FAILED.append(what)
        print(f"  FAILED: {what}")
    return fine


def qviz(*args):
    ran = subprocess.run([QVIZ, *map(str, args)], capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(f"qviz {' '.join(map(str, args))}: {ran.stderr.strip()}")
    return ran.stdout


def session(model, optimized=False):
    options = onnxruntime.SessionOptions()
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    model = model if isinstance(model, (str, bytes)) else model.SerializeToString()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def feeds(model, data):
    loaded = np.load(data)
    names = [port.name for port in session(model).get_inputs()]
    return dict(loaded) if isinstance(loaded, np.lib.npyio.NpzFile) else {names[0]: loaded.astype("f4")}


def chosen(text):
    """Of each quantized tensor of a document its scales and zero points."""
    tensors = {}
    for tensor in json.loads(text)["tensors"]:
        at = tensor["chosen"]
        if at["quantized"]:
            tensors[tensor["name"]] = (np.atleast_1d(np.float32(at["scale"])), np.atleast_1d(at["zero_point"]))
    return tensors


def same(one, other):
    return one.keys() == other.keys() and all(
        np.array_equal(one[name][0], other[name][0]) and np.array_equal(one[name][1], other[name][1]) for name in one
    )


def in_file(model):
    """The same from the initializers of a Q/DQ model."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    makers = {output: node for node in model.graph.node for output in node.output}
    tensors = {}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear":
            of = makers.get(node.input[0])
            name = node.name.removesuffix("_DequantizeLinear")
            scale, zero = (constants[input] for input in node.input[1:3])
            if of is not None:
                assert list(of.input[1:]) == list(node.input[1:]), name
            zero = numpy_helper.to_array(zero).astype(np.float32).astype(int)
            tensors[name] = (np.atleast_1d(numpy_helper.to_array(scale)), np.atleast_1d(zero))
    return tensors


RANGES = {
    TensorProto.INT8: (-128, 127), TensorProto.UINT8: (0, 255), TensorProto.INT16: (-32768, 32767),
    TensorProto.UINT16: (0, 65535), TensorProto.INT4: (-8, 7), TensorProto.UINT4: (0, 15),
}


def quantized(x, scale, zero, kind, axis):
    """By ONNX's definition, as steps: of 8-bit floats those between neighbouring codes of one sign."""
    if scale.ndim:
        shape = [1] * x.ndim
        shape[axis] = -1
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    if kind in RANGES:
        codes = np.rint(x / scale) + zero.astype(np.float32)
        return np.clip(codes, *RANGES[kind]).astype(np.int64)
    import ml_dtypes

    small = ml_dtypes.float8_e4m3fn if kind == TensorProto.FLOAT8E4M3FN else ml_dtypes.float8_e5m2
    largest = np.float32(ml_dtypes.finfo(small).max)
    return steps(np.clip(x / scale, -largest, largest).astype(small))


def steps(codes):
    codes = codes.view(np.uint8).astype(np.int64)
    return np.where(codes >= 128, 128 - codes, codes)


def quantizers(model, feed):
    """The share of values on which a QuantizeLinear differs from numpy, and the most steps."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = [node for node in model.graph.node if node.op_type == "QuantizeLinear" and node.input[0] not in constants]
    seen = onnx.ModelProto()
    seen.CopyFrom(model)
    del seen.graph.output[:]
    kinds = {node.name: constants[node.input[2]].data_type for node in nodes}
    known = {port.name for port in model.graph.input}
    for node in nodes:
        if node.input[0] not in known:
            seen.graph.output.append(helper.make_tensor_value_info(node.input[0], TensorProto.FLOAT, None))
            known.add(node.input[0])
        # ONNX Runtime hands on no 4-bit integers and no 8-bit floats; a Cast shows them.
        wide = node.output[0] + "_shown"
        to = TensorProto.INT32 if kinds[node.name] in RANGES else TensorProto.FLOAT
        seen.graph.node.append(helper.make_node("Cast", [node.output[0]], [wide], to=to))
        seen.graph.output.append(helper.make_tensor_value_info(wide, to, None))
    run = session(seen)
    names = [output.name for output in run.get_outputs()]
    values = dict(zip(names, run.run(names, feed))) | feed
    count = differ = most = 0
    for node in nodes:
        scale, zero = (numpy_helper.to_array(constants[name]) for name in node.input[1:3])
        axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
        kind = kinds[node.name]
        wanted = quantized(values[node.input[0]], scale, zero, kind, axis)
        there = values[node.output[0] + "_shown"]
        if kind not in RANGES:
            import ml_dtypes

            small = ml_dtypes.float8_e4m3fn if kind == TensorProto.FLOAT8E4M3FN else ml_dtypes.float8_e5m2
            there = steps(there.astype(small))
        off = np.abs(wanted - there.astype(np.int64))
        count, differ, most = count + off.size, differ + np.count_nonzero(off), max(most, int(off.max(initial=0)))
    return len(nodes), count, differ, most


def qdq(model, data, folder):
    for way, options in WAYS.items():
        out = os.path.join(folder, "out.onnx")
        shared = [option for option in options if option != "--float-weights"]
        try:
            document = chosen(qviz("export", model, "--data", data, *shared))
            qviz("export", model, "--data", data, "--to", "qdq", "-o", out, "--force", *options)
            onnx.checker.check_model(out, full_check=True)
            try:
                session(out, optimized=True)
            except Exception as error:
                # The file is sound, and runs as it is written.
                print(f"  {way}: ONNX Runtime's own optimizer makes something else of it: {str(error)[:200]}")
            written = onnx.load(out)
            nodes, count, differ, most = quantizers(written, feeds(model, data))
            check(same(in_file(written), document), f"{way}: the scales in the file are the document's")
            check(same(chosen(qviz("convert", out, "--to", "json")), document), f"{way}: the scales come back")
            check(most <= 1 and differ < max(1, 1e-5 * count), f"{way}: {differ} of {count} values differ, by {most} steps")
            opset = next(s.version for s in written.opset_import if s.domain in ("", "ai.onnx"))
            size = os.path.getsize(out) / os.path.getsize(model)
            print(f"  {way:20} opset {opset}, {len(document):4} tensors, {nodes:4} Q: {differ} of {count} values differ by "
                  f"{most}; {size:.2f} of the file's size")
        except Exception as error:
            check(False, f"{way}: {type(error).__name__}: {str(error)[:400]}")


class Reader(CalibrationDataReader):
    def __init__(self, feed):
        self.left = [feed]

    def get_next(self):
        return self.left.pop() if self.left else None


HANDS_ON = {"AveragePool", "Flatten", "Gather", "GatherElements", "MaxPool", "Reshape", "Resize", "Slice", "Split", "Squeeze",
            "TopK", "Transpose", "Unsqueeze"}


def static(model, data, folder):
    """quantize_static with qviz's files; where it quantizes is its own choice, so that both look at `--place ort`, and at
    what its own preprocessing makes of the model: it takes no weight that is a node of its own."""
    ready = os.path.join(folder, "ready.onnx")
    quant_pre_process(model, ready, skip_symbolic_shape=True)
    model = ready
    common = ["--data", data, "--place", "ort", "--as-written", "--affine"]
    document = chosen(qviz("export", model, *common))
    kinds = dict(quant_format=QuantFormat.QDQ, activation_type=QuantType.QInt8, weight_type=QuantType.QInt8)
    for what in ("ort-overrides", "ort-cache"):
        out, file = (os.path.join(folder, f"{what}.{ending}") for ending in ("onnx", "json"))
        qviz("export", model, *common, "--to", what, "-o", file, "--force")
        try:
            if what == "ort-cache":
                quantize_static(model, out, None, calibration_cache_path=file, **kinds)
            else:
                extra = {"TensorQuantOverrides": overrides(file)}
                quantize_static(model, out, Reader(feeds(model, data)), per_channel=True, extra_options=extra, **kinds)
        except Exception as error:
            check(False, f"{what}: {type(error).__name__}: {str(error)[:400]}")
            continue
        found = in_file(onnx.load(out))
        graph = onnx.load(model).graph
        makers = {output: node.op_type for node in graph.node for output in node.output}
        # What is handed on has the scale of what it was made of there, whatever is said of it.
        handed_on = {name for name in document if makers.get(name) in HANDS_ON}
        names = [name for name in document if name in found and name not in handed_on]
        if what == "ort-cache":
            # A cache is of activations, and what a Softmax makes is put on 0 to 1 whatever the cache says.
            weights = {tensor.name for tensor in graph.initializer}
            names = [name for name in names if name not in weights and makers.get(name) != "Softmax"]
        other = [name for name in names if not same({name: document[name]}, {name: found[name]})]
        print(f"  {what:20} {len(names) - len(other)} of {len(names)} tensors that both quantize have the same scale and "
              f"zero point ({len(handed_on)} are handed on)")
        # Of channels so small that a bias of 32 bits would not fit, quantize_static raises the scale.
        raised = [name for name in other if is_raised(document[name], found[name])]
        if raised:
            print(f"    the scales of some channels are raised there, for the bias: {', '.join(raised)}")
        other = [name for name in other if name not in raised]
        for name in other[:6]:
            at = np.flatnonzero(document[name][0] != found[name][0]) if len(document[name][0]) == len(found[name][0]) else []
            print(f"    {name}: differs in {len(at)} of {len(document[name][0])} scales")
        check(names and not other, f"{what}: quantize_static comes to the same scales")


def is_raised(here, there):
    (scales, zeros), (others, other_zeros) = here, there
    return len(others) == len(scales) > 1 and np.array_equal(zeros, other_zeros) and bool(np.all(others >= scales))


def overrides(file):
    """The file's overrides, as quantize_static wants them: with numpy's numbers."""
    with open(file) as opened:
        entries = json.load(opened)
    for entry in (entry for each in entries.values() for entry in each):
        entry["quant_type"] = QuantType.from_string(entry["quant_type"])
        entry["scale"] = np.array(entry["scale"], dtype=np.float32)
        small = np.int8 if entry["quant_type"] == QuantType.QInt8 else np.uint8
        entry["zero_point"] = np.array(entry["zero_point"], dtype=small)
    return entries


# ---- opsets ------------------------------------------------------------------------------------------------------


def constant(name, values, dtype=np.int64):
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


def cases():
    """Operators whose signature or meaning changes: of each the opset, the node, its constants, how many outputs."""
    for opset in (9, 10, 11, 12):
        for op in ("Softmax", "LogSoftmax"):
            yield opset, op, {}, [], 1
            yield opset, op, {"axis": 2}, [], 1
            yield opset, op, {"axis": 3}, [], 1
        yield opset, "Squeeze", {"axes": [0]}, [], 1
        yield opset, "Unsqueeze", {"axes": [0, 2]}, [], 1
        yield opset, "ReduceSum", {"axes": [1, 3]}, [], 1
        yield opset, "ReduceSum", {"keepdims": 0}, [], 1
        yield opset, "Split", {"axis": 3, "split": [2, 6]}, [], 2
        yield opset, "Split", {"axis": 1}, [], 2
        yield opset, "ReduceMean", {"axes": [2]}, [], 1
        yield opset, "Dropout", {"ratio": 0.3} if opset < 12 else {}, [], 1
        yield opset, "Flatten", {"axis": 2}, [], 1
    for opset in (9, 10):
        yield opset, "Clip", {"min": -0.5, "max": 0.75}, [], 1
        yield opset, "Clip", {"max": 0.25}, [], 1
        yield opset, "Pad", {"pads": [0, 0, 1, 1, 0, 0, 0, 2], "value": 0.5}, [], 1
        yield opset, "Scatter", {"axis": 3}, [constant("at", np.zeros((1, 4, 4, 1))), constant("new", np.ones((1, 4, 4, 1)), "f4")], 1
    yield 9, "Slice", {"starts": [1, 0], "ends": [3, 2], "axes": [1, 2]}, [], 1
    yield 9, "TopK", {"axis": 3, "k": 3}, [], 2
    for mode in ("nearest", "linear"):
        yield 9, "Upsample", {"mode": mode}, [constant("by", [1, 1, 2, 2], "f4")], 1
        yield 7, "Upsample", {"mode": mode, "scales": [1.0, 1.0, 2.0, 2.0]}, [], 1
        yield 10, "Resize", {"mode": mode}, [constant("by", [1, 1, 2, 2], "f4")], 1
    for opset in (13, 16, 17):
        for op in ("ReduceMean", "ReduceMax", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare", "ReduceProd"):
            yield opset, op, {"axes": [1, -1]}, [], 1
        yield opset, "Split", {"axis": 1}, [], 4
    grid = np.random.default_rng(0).uniform(-1, 1, (1, 4, 4, 2))
    for mode in ("bilinear", "bicubic", "nearest"):
        yield 16, "GridSample", {"mode": mode}, [constant("grid", grid, "f4")], 1


def opsets(folder):
    x = np.random.default_rng(1).normal(size=(1, 4, 4, 8)).astype("f4")
    np.save(os.path.join(folder, "x.npy"), x)
    ranges = {}
    for name, options, need in (
        ("axis", ["--per-channel", "1", "--affine"], 13),
        ("16 bits", ["--bits", "16", "--affine"], 21),
    ):
        ranges[name] = (os.path.join(folder, f"{need}.json"), need)
        qviz("export", os.path.join(folder, "x.npy"), *options, "--method", "max", "-o", ranges[name][0], "--force")
    made = 0
    for opset, op, attributes, constants, outputs in cases():
        names = [f"y{i}" for i in range(outputs)]
        node = helper.make_node(op, ["x"] + [tensor.name for tensor in constants], names, **attributes)
        relu = helper.make_node("Relu", ["y0"], ["z"])
        kinds = [TensorProto.INT64 if op == "TopK" and i else TensorProto.FLOAT for i in range(outputs)] + [TensorProto.FLOAT]
        port = helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)
        shapes = [None] * len(kinds)
        for _ in range(2):
            # Once to see the shapes, which the checker wants to be said.
            ports = [helper.make_tensor_value_info(*at) for at in zip([*names, "z"], kinds, shapes)]
            graph = helper.make_graph([node, relu], "g", [port], ports, constants)
            model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
            shapes = [y.shape for y in session(model).run(None, {"x": x})]
        path, out = (os.path.join(folder, name) for name in ("old.onnx", "new.onnx"))
        onnx.save(model, path)
        for name, (document, need) in ranges.items():
            what = f"{op} {attributes} from opset {opset} to {need}"
            if opset >= need:
                continue
            made += 1
            try:
                qviz("convert", document, "--to", "qdq", "--model", path, "-o", out, "--force")
                onnx.checker.check_model(out, full_check=True)
                written = onnx.load(out)
                version = next(s.version for s in written.opset_import if s.domain == "")
                check(version == need, f"{what}: it is {version}")
                # What the first node takes in the new model, fed to the old one.
                grid = dequantized(written, x)
                old, new = session(model).run(None, {"x": grid}), session(written).run(None, {"x": x})
                close = all(a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(old, new))
                check(close, f"{what}: computes something else")
            except Exception as error:
                check(False, f"{what}: {type(error).__name__}: {str(error)[:300]}")
    print(f"  {made} models of one operator were raised")


def dequantized(model, x):
    """The values of x behind its pair."""
    seen = onnx.ModelProto()
    seen.CopyFrom(model)
    del seen.graph.output[:]
    seen.graph.output.append(helper.make_tensor_value_info("x_DequantizeLinear_Output", TensorProto.FLOAT, None))
    return session(seen).run(None, {"x": x})[0]


def main():
    given = sys.argv[1:] or BUNDLED
    if len(given) % 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        for model, data in zip(given[::2], given[1::2]):
            print(os.path.basename(model))
            qdq(model, data, folder)
            static(model, data, folder)
        print("opsets")
        opsets(folder)
    print(f"{len(FAILED)} not as it should be" if FAILED else "all as it should be")
    sys.exit(bool(FAILED))


if __name__ == "__main__":
    main()
