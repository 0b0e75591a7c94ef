"""What qviz makes of networks as they are deployed, against ONNX Runtime's basic optimizations (`quant_pre_process`).

    pip install numpy onnx onnxruntime
    cargo build --release
    python benches/deployed.py MODEL.onnx 'x=1x3x224x224' [MODEL.onnx SHAPE ...]

`QVIZ_TARGET=target/debug` takes another build. Of every weight that ONNX Runtime has folded a batch norm into: the largest
magnitude of each output channel, which has to be the same but for rounding. Of every activation: whether both have it, by
name. ONNX Runtime folds more than batch norms (MatMul and Add, constants, equal nodes), so that tensors that only qviz has
are no error; those that only ONNX Runtime has are.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

ROOT = Path(os.environ.get("QVIZ_TARGET", Path(__file__).parent.parent / "target" / "release"))
FUSED = re.compile(r"^(ConvBnFusion_W_|ConvMulFusion_W_|MatMulBnFusion_GemmB_)+")


def optimized(model):
    with tempfile.TemporaryDirectory() as folder:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(folder) / "optimized.onnx")
        options.log_severity_level = 4
        ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath).graph


def document(model, shape, *more):
    command = [ROOT / "qviz", "export", model, "--random", "1", "--shape", shape, "--method", "max", "--place", "all", *more]
    out = subprocess.run(command, capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stderr)
    return {(tensor["kind"], tensor["name"]): tensor for tensor in json.loads(out.stdout)["tensors"]}


def compare(model, shape):
    graph = optimized(model)
    ours, written = document(model, shape), document(model, shape, "--as-written")
    constants = {tensor.name: tensor for tensor in graph.initializer}
    worst, folded, missing = 0.0, 0, []
    for node in graph.node:
        if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul") or node.input[1] not in constants:
            continue
        values = numpy_helper.to_array(constants[node.input[1]])
        name = FUSED.sub("", node.input[1])
        tensor = ours.get(("weight", name))
        if tensor is None:
            missing.append(name)
            continue
        axis = tensor["axis"]
        amax = np.abs(values).max(axis=tuple(i for i in range(values.ndim) if i != axis))
        own = np.array(tensor["chosen"]["amax"])
        worst = max(worst, float(np.max(np.abs(amax - own) / np.maximum(amax, 1e-30))))
        folded += name != node.input[1]
    made = {output for node in graph.node for output in node.output}
    names = {name for kind, name in ours if kind == "activation"}
    before = {name for kind, name in written if kind == "activation"}
    tell = sum(len(tensor.get("folded", [])) for tensor in ours.values())
    gone = {name for tensor in ours.values() for name in tensor.get("absorbed", [])}
    print(f"{model.name}: {folded} weights folded by ONNX Runtime, {tell} nodes by qviz; the channels' largest magnitudes are "
          f"within {worst:.1e} of each other")
    print(f"  activations: {len(before)} as written, {len(names)} as deployed, {len(before - names)} gone, "
          f"{len(gone)} told; only ONNX Runtime has {sorted((made & before) - names)}; "
          f"weights that only it has: {missing}; only qviz has {len(names - made)}: {sorted(names - made)[:6]}")
    return worst < 1e-5 and gone >= (before - names) and not (made & before) - names


if __name__ == "__main__":
    fine = [compare(Path(model), shape) for model, shape in zip(sys.argv[1::2], sys.argv[2::2])]
    sys.exit(not all(fine))
