"""Every activation that qviz captures, against ONNX Runtime with its graph optimizations off.

    python benches/ort_tensors.py MODEL.onnx [NAME=1x3x224x224 ...]

runs `cargo run --example capture` on one sample of noise and compares: the tensors have to be all of ONNX Runtime's
floats that are not constant at these shapes (that is: that another sample changes), and each within 1e-4 of its own
largest magnitude, or of 0.01 if that is smaller.

    python benches/ort_tensors.py --golden MODEL.onnx NAME=1x3x48x192 > tests/reference/cls.json

writes what `cargo test` compares the bundled model with: for each tensor its shape, its sum, its largest magnitude and
eight of its values, on the input that `golden_input` makes.

Needs onnx, onnxruntime and numpy.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)")
NUMPY = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64,
         "tensor(int32)": np.int32, "tensor(int64)": np.int64, "tensor(uint8)": np.uint8, "tensor(bool)": np.bool_}


def golden_input(shape):
    """Numbers in [-1, 1) that any language makes the same."""
    hashed = (np.arange(np.prod(shape), dtype=np.uint64) * 2654435761) % 2**32
    return (hashed.astype(np.float64) / 2**31 - 1).astype(np.float32).reshape(shape)


def activations(path):
    """A session of all tensors that are not constant, and the inputs' types by name."""
    model = onnx.load(path)
    graph = model.graph
    constant = {tensor.name for tensor in graph.initializer}
    made = []
    for node in graph.node:
        inputs = [name for name in node.input if name]
        if node.op_type == "Constant" or inputs and constant.issuperset(inputs):
            constant.update(node.output)
        else:
            made += [name for name in node.output if name]
    del graph.output[:]
    graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in made)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session, {value.name: value.type for value in session.get_inputs()}


def run(session, types, feed):
    """Every float activation by name, in the order of the graph."""
    tensors = {name: value for name, value in feed.items() if types[name] in FLOATS}
    outputs = session.get_outputs()
    values = session.run([output.name for output in outputs], feed)
    tensors.update((o.name, value) for o, value in zip(outputs, values) if o.type in FLOATS)
    return tensors


def compare(path, shapes):
    session, types = activations(path)
    with tempfile.TemporaryDirectory() as folder:
        command = ["cargo", "run", "--quiet", "--example", "capture", path, folder, *shapes]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        folder = Path(folder)
        fed = {name: np.load(folder / "inputs" / f"{name.replace('/', '_')}.npy") for name in types}
        fed = {name: value.astype(NUMPY[types[name]]) for name, value in fed.items()}
        expected = run(session, types, fed)
        other = run(session, types, {name: np.flip(value.ravel()).reshape(value.shape) for name, value in fed.items()})
        names = (folder / "names.txt").read_text().splitlines()
        captured = {name: np.load(folder / f"{i:04}.npy") for i, name in enumerate(names)}
    # What ONNX Runtime computes out of shapes alone is no activation.
    missing, strange = sorted(expected.keys() - captured.keys()), sorted(captured.keys() - expected.keys())
    constant = [name for name in missing if np.array_equal(expected[name], other[name])]
    missing = [name for name in missing if name not in constant]
    errors = {}
    for name in captured.keys() & expected.keys():
        a, b = captured[name].astype(np.float64), expected[name].astype(np.float64)
        assert a.shape == b.shape, (name, a.shape, b.shape)
        errors[name] = np.abs(a - b).max(initial=0) / max(np.abs(b).max(initial=0), 0.01)
    worst = max(errors, key=errors.get)
    print(f"{path}: {len(captured)} tensors, worst {errors[worst]:.2e} of its scale ({worst}), "
          f"constant at this shape {len(constant)}, missing {missing}, strange {strange}")
    return not missing and not strange and errors[worst] <= 1e-4


def golden(path, shapes):
    session, types = activations(path)
    shapes = {name: [int(n) for n in shape.split("x")] for name, shape in (arg.split("=") for arg in shapes)}
    tensors = run(session, types, {name: golden_input(shapes[name]) for name in types})
    digests = []
    for name, value in tensors.items():
        flat = value.astype(np.float64).ravel()
        at = [i * (flat.size - 1) // 7 for i in range(8)]
        digests.append({"name": name, "shape": list(value.shape), "sum": flat.sum(), "amax": np.abs(flat).max(),
                        "values": [float(np.float32(flat[i])) for i in at]})
    lines = ",\n".join(json.dumps(digest) for digest in digests)
    print(f"[\n{lines}\n]")
    return True


if __name__ == "__main__":
    arguments = sys.argv[1:]
    action = golden if "--golden" in arguments else compare
    arguments = [argument for argument in arguments if argument != "--golden"]
    sys.exit(0 if action(arguments[0], arguments[1:]) else 1)
