"""Convolutions of floats and integers."""

import numpy as np

from random_nodes import Fixed, Node, floats, given, maybe, opset, pick, shape
from random_nodes.pooling import rank, windows


def parts(rng, transposed=False):
    """Picture, weights, bias and attributes."""
    n, group = rank(rng), pick(rng, 1, 1, 1, 2, 3)
    inside, outside = (group * int(k) for k in rng.integers(1, 4, 2))
    attributes = windows(rng, n, True)
    kernel = attributes["kernel_shape"]
    if maybe(rng, 0.3):
        del attributes["kernel_shape"]
    if group > 1 or maybe(rng, 0.2):
        attributes["group"] = group
    x = floats(rng, (int(rng.integers(1, 3)), inside, *shape(rng, n, 5, 9)))
    channels = (inside, outside // group) if transposed else (outside, inside // group)
    w = floats(rng, (*channels, *kernel))
    b = floats(rng, (outside,)) if maybe(rng) else None
    return x, w, b, attributes


def conv(rng):
    x, w, b, attributes = parts(rng)
    dtype = pick(rng, np.float32, np.float32, np.float32, np.float64, np.float16)
    x, w, b = x.astype(dtype), w.astype(dtype), None if b is None else b.astype(dtype)
    fixed = Fixed if maybe(rng, 0.7) else lambda value: value
    return Node("Conv", [x, fixed(w), None if b is None else fixed(b)], attributes, opset(rng))


def conv_transpose(rng):
    x, w, b, attributes = parts(rng, transposed=True)
    n = x.ndim - 2
    strides = attributes.get("strides") or [1] * n
    if maybe(rng, 0.4):
        attributes["output_padding"] = [int(rng.integers(0, max(s, 1))) for s in strides]
    if maybe(rng, 0.2):
        dilations = attributes.get("dilations") or [1] * n
        full = [(i - 1) * s + (k - 1) * d + 1 for i, s, k, d in zip(x.shape[2:], strides, w.shape[2:], dilations)]
        attributes["output_shape"] = [f - int(rng.integers(0, 2)) for f in full]
        attributes.pop("pads", None)
        attributes.pop("output_padding", None)
    fixed = Fixed if maybe(rng, 0.7) else lambda value: value
    return Node("ConvTranspose", [x, fixed(w), None if b is None else fixed(b)], attributes, opset(rng, 11))


def quantized(rng, values, dtype):
    # ONNX Runtime's sums of bytes saturate on some machines, unless weights are of 7 bits.
    low, high = (0, 256) if dtype == np.uint8 else (-64, 64)
    return rng.integers(low, high, values.shape).astype(dtype)


def conv_integer(rng):
    x, w, _, attributes = parts(rng)
    a, b = np.uint8, pick(rng, np.uint8, np.int8)
    x, w = quantized(rng, x, a), quantized(rng, w, b)
    zero_x = Fixed(quantized(rng, np.zeros(()), a)) if maybe(rng, 0.7) else None
    zero_w = Fixed(quantized(rng, np.zeros(()), b)) if zero_x is not None and maybe(rng) else None
    return Node("ConvInteger", [x, Fixed(w), zero_x, zero_w], attributes, opset(rng, 10))


def qlinear_conv(rng):
    x, w, b, attributes = parts(rng)
    w_type = pick(rng, np.uint8, np.int8)
    w = quantized(rng, w, w_type)
    each = w.shape[0] if w_type == np.int8 and maybe(rng) else None
    scale = lambda size=None: Fixed(np.asarray(rng.uniform(0.01, 0.1, size), np.float32))  # noqa: E731
    zero_w = np.zeros(() if each is None else each, w_type)
    if each is None:
        zero_w = quantized(rng, zero_w, w_type) if w_type == np.uint8 else zero_w
    b = None if b is None else Fixed(rng.integers(-500, 500, b.shape).astype(np.int32))
    zero = lambda: Fixed(quantized(rng, np.zeros(()), np.uint8))  # noqa: E731
    return Node("QLinearConv", [quantized(rng, x, np.uint8), scale(), zero(), Fixed(w), scale(each), Fixed(zero_w),
                                Fixed(np.array(rng.uniform(0.3, 3), np.float32)), zero(), b], attributes, opset(rng, 10))


def deform_conv(rng):
    x, w = floats(rng, (1, 2, 5, 5)), floats(rng, (2, 2, 2, 2))
    offset = floats(rng, (1, 8, 4, 4))
    return Node("DeformConv", [x, w, offset], given(kernel_shape=[2, 2]), opset(rng, 19))


NODES = [conv, conv_transpose, conv, conv_transpose, conv_integer, qlinear_conv, deform_conv]
