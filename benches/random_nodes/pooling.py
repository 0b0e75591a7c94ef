"""Pooling, and what it is undone by."""

import numpy as np

from random_nodes import Node, Fixed, floats, given, maybe, opset, pick, shape


def windows(rng, rank, dilated):
    """Attributes that fit a picture of at least 5 a side."""
    kernel = [int(n) for n in rng.integers(1, 4, rank)]
    dilations = [int(n) for n in rng.integers(1, 3, rank)] if dilated and maybe(rng) else None
    how = pick(rng, None, "pads", "pads", "SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET")
    pads = [int(rng.integers(0, k)) for k in kernel * 2] if how in ("pads", "NOTSET") else None
    auto = how if how not in (None, "pads") else None
    strides = [int(n) for n in rng.integers(1, 4, rank)] if maybe(rng, 0.7) else None
    return given(kernel_shape=kernel, dilations=dilations, pads=pads, auto_pad=auto, strides=strides)


def picture(rng, rank, dtype=np.float32):
    return floats(rng, shape(rng, 2, 1, 3) + shape(rng, rank, 5, 9), dtype)


def rank(rng):
    return pick(rng, 1, 2, 2, 2, 3)


def max_pool(rng):
    n, version = rank(rng), opset(rng)
    x = picture(rng, n)
    if version >= 12 and maybe(rng, 0.2):
        x = (x * 40).astype(pick(rng, np.int8, np.uint8))
    # No NaN and no infinities: ONNX Runtime hands them on from some windows and not from others.
    attributes = windows(rng, n, version >= 10)
    outputs = pick(rng, 1, 1, 2)
    if version >= 10 and maybe(rng):
        attributes["ceil_mode"] = 1
    if maybe(rng, 0.3):
        attributes["storage_order"] = pick(rng, 0, 1)
    return Node("MaxPool", [x], attributes, version, outputs)


def average_pool(rng):
    n, version = rank(rng), opset(rng)
    attributes = windows(rng, n, version >= 19)
    if version >= 10 and maybe(rng):
        attributes["ceil_mode"] = 1
    if maybe(rng):
        attributes["count_include_pad"] = pick(rng, 0, 1)
    return Node("AveragePool", [picture(rng, n)], attributes, version)


def lp_pool(rng):
    n, version = rank(rng), opset(rng, 11)
    attributes = windows(rng, n, version >= 18)
    if version >= 18 and maybe(rng):
        attributes["ceil_mode"] = 1
    if maybe(rng):
        attributes["p"] = pick(rng, 1, 2, 3)
    return Node("LpPool", [picture(rng, n)], attributes, version)


def global_pool(rng):
    op = pick(rng, "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
    attributes = {"p": pick(rng, 1, 2, 3)} if op == "GlobalLpPool" and maybe(rng) else {}
    return Node(op, [picture(rng, rank(rng))], attributes, opset(rng))


def max_unpool(rng):
    x = floats(rng, (1, 2, 3, 3))
    places = np.array([[rng.choice(36, 9, replace=False) + 36 * c for c in range(2)]], np.int64).reshape(x.shape)
    return Node("MaxUnpool", [x, Fixed(places)], {"kernel_shape": [2, 2], "strides": [2, 2]}, opset(rng, 11))


NODES = [max_pool, average_pool, max_pool, average_pool, lp_pool, global_pool, max_unpool]
