"""Random networks of one node. A family is a file beside this one with a list NODES of functions `rng -> Node`."""

from dataclasses import dataclass, field

import numpy as np
from onnx import helper, numpy_helper

OPSETS = (9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25)


@dataclass
class Fixed:
    """An input that is a constant of the network."""

    value: np.ndarray


@dataclass
class Node:
    op: str
    # Arrays that are fed, `Fixed` ones, or None for one that is left out.
    inputs: list
    attributes: dict = field(default_factory=dict)
    opset: int = 13
    outputs: int = 1

    def __str__(self):
        def one(value):
            if value is None:
                return "-"
            array = value.value if isinstance(value, Fixed) else value
            text = f"{array.dtype}[{','.join(map(str, array.shape))}]"
            return text + f"={array.tolist()}" if isinstance(value, Fixed) and array.size <= 12 else text

        inputs = ", ".join(one(value) for value in self.inputs)
        attributes = ", ".join(f"{name}={value}" for name, value in self.attributes.items() if value is not None)
        return f"{self.op}-{self.opset}({inputs}; {attributes})"


def build(node, rng):
    """The network, and what it is fed."""
    names, feed, inputs, initializers = [], {}, [], []
    for i, value in enumerate(node.inputs):
        name = "" if value is None else f"x{i}"
        names.append(name)
        if isinstance(value, Fixed):
            initializers.append(numpy_helper.from_array(np.ascontiguousarray(value.value).reshape(value.value.shape), name))
        elif value is not None:
            feed[name] = value
            dtype = helper.np_dtype_to_tensor_dtype(value.dtype)
            inputs.append(helper.make_tensor_value_info(name, dtype, value.shape))
    while names and not names[-1]:
        names.pop()
    outputs = [f"y{i}" for i in range(node.outputs)]
    made = helper.make_node(node.op, names, outputs, name=f"the_{node.op}", **node.attributes)
    values = [helper.make_empty_tensor_value_info(name) for name in outputs]
    graph = helper.make_graph([made], "one", inputs, values, initializers)
    ir = 13 if node.opset >= 25 else 8 if node.opset < 20 else 10
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", node.opset)], ir_version=ir), feed


def opset(rng, since=9, until=25):
    return int(rng.choice([n for n in OPSETS if since <= n <= until]))


def floats(rng, shape, dtype=np.float32):
    return rng.standard_normal(shape).astype(dtype)


def shape(rng, rank, low=1, high=5):
    return tuple(int(n) for n in rng.integers(low, high + 1, rank))


def maybe(rng, p=0.5):
    return bool(rng.random() < p)


def pick(rng, *choices):
    return choices[int(rng.integers(len(choices)))]


def ints(*values):
    return Fixed(np.array(values, np.int64))


def given(**attributes):
    """Attributes without those that are None."""
    return {name: value for name, value in attributes.items() if value is not None}
