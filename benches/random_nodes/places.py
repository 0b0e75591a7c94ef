"""Where elements go: slices, gathers, scatters, pads, shapes."""

import numpy as np

from random_nodes import Fixed, Node, floats, given, ints, maybe, opset, pick, shape

TYPES = (np.float32, np.float32, np.float32, np.int64, np.int32, np.uint8, np.bool_, np.float64, np.float16)


def some(rng, rank=None, high=5, types=TYPES):
    rank = int(rng.integers(1, 5)) if rank is None else rank
    value = floats(rng, shape(rng, rank, 1, high)) * 3
    dtype = types[int(rng.integers(len(types)))]
    return (np.abs(value) if dtype == np.uint8 else value).astype(dtype)


def axis_of(rng, rank):
    return int(rng.integers(-rank, rank))


def pad(rng):
    version = opset(rng)
    mode = pick(rng, "constant", "constant", "reflect", "edge", "wrap" if version >= 19 else "edge", None)
    types = TYPES if version >= 13 else (np.float32,)
    x = some(rng, high=6, types=types)
    low = -2 if maybe(rng, 0.3) else 0
    axes = list(range(x.ndim))
    if version >= 18 and maybe(rng, 0.4):
        axes = [int(a) for a in rng.permutation(x.ndim)[: int(rng.integers(1, x.ndim + 1))]]
    most = [x.shape[a] - 1 if mode == "reflect" else 3 if mode in ("constant", None) else x.shape[a] for a in axes]
    pads = [int(rng.integers(max(low, -(x.shape[a] - 1) // 2), max(m, 0) + 1)) for a, m in list(zip(axes, most)) * 2]
    attributes = {"mode": mode} if mode else {}
    if version < 11:
        attributes |= {"pads": pads} | ({"value": 1.5} if maybe(rng) else {})
        return Node("Pad", [x], attributes, version)
    value = Fixed(np.array(1, x.dtype)) if maybe(rng) and mode in ("constant", None) else None
    chosen = Fixed(np.array([a - x.ndim * maybe(rng, 0.3) for a in axes], np.int64)) if axes != list(range(x.ndim)) else None
    return Node("Pad", [x, ints(*pads), value, chosen], attributes, version)


def slice_(rng):
    version = opset(rng)
    x = some(rng, high=7)
    axes = [int(a) for a in rng.permutation(x.ndim)[: int(rng.integers(1, x.ndim + 1))]]
    whole = maybe(rng, 0.3)
    if whole:
        axes = list(range(len(axes)))
    starts, ends, steps = [], [], []
    for a in axes:
        n = x.shape[a]
        step = pick(rng, 1, 1, 2, 3, -1, -2) if version >= 10 else 1
        start, end = int(rng.integers(-n - 1, n + 1)), pick(rng, int(rng.integers(-n - 1, n + 2)), 2**31 - 1, 2**63 - 1)
        if step < 0:
            start, end = int(rng.integers(-1, n + 2)), pick(rng, -n - 1, int(rng.integers(-n - 1, n)), -(2**63) + 1)
        starts, ends, steps = [*starts, start], [*ends, end], [*steps, step]
    named = [a - x.ndim * maybe(rng, 0.3) for a in axes]
    if version < 10:
        return Node("Slice", [x], given(starts=starts, ends=ends, axes=None if whole else named), version)
    return Node("Slice", [x, ints(*starts), ints(*ends), None if whole and maybe(rng) else ints(*named),
                          ints(*steps) if any(s != 1 for s in steps) or maybe(rng) else None], {}, version)


def gather(rng):
    x, version = some(rng), opset(rng)
    axis = axis_of(rng, x.ndim)
    n = x.shape[axis]
    places = rng.integers(-n if version >= 11 else 0, n, shape(rng, int(rng.integers(0, 3)), 1, 3)).astype(pick(rng, np.int64, np.int32))
    return Node("Gather", [x, Fixed(places) if maybe(rng) else places], given(axis=axis if maybe(rng, 0.8) or axis % x.ndim else None),
                version)


def gather_elements(rng):
    x = some(rng)
    axis = axis_of(rng, x.ndim)
    n = x.shape[axis]
    size = [int(rng.integers(1, k + 1)) for k in x.shape]
    size[axis] = int(rng.integers(1, 5))
    return Node("GatherElements", [x, rng.integers(-n, n, size)], {"axis": axis}, opset(rng, 11))


def places_nd(rng, x, batch):
    depth = int(rng.integers(1, x.ndim - batch + 1))
    size = (*x.shape[:batch], *shape(rng, int(rng.integers(0, 2)) + (batch == 0), 1, 3))
    columns = [rng.integers(-n, n, size) for n in x.shape[batch:batch + depth]]
    return np.stack(columns, -1).astype(np.int64)


def gather_nd(rng):
    x, version = some(rng), opset(rng, 11)
    batch = int(rng.integers(0, x.ndim)) if version >= 12 and maybe(rng, 0.4) else 0
    return Node("GatherND", [x, places_nd(rng, x, batch)], {"batch_dims": batch} if batch else {}, version)


def reduction(rng, version):
    names = ["none"] + (["add", "mul"] if version >= 16 else []) + (["min", "max"] if version >= 18 else [])
    name = names[int(rng.integers(len(names)))] if version >= 16 else "none"
    return {} if name == "none" and (version < 16 or maybe(rng)) else {"reduction": name}


def scatter_elements(rng):
    version = opset(rng, 11)
    x = some(rng, types=(np.float32, np.float32, np.int64, np.int32))
    axis = axis_of(rng, x.ndim)
    how, n = reduction(rng, version), x.shape[axis]
    size = [int(rng.integers(1, k + 1)) for k in x.shape]
    if how.get("reduction", "none") == "none":
        # Twice the same place is not defined.
        places = np.stack([rng.permutation(n)[: size[axis]] for _ in range(int(np.prod(size)) // size[axis])])
        moved = [k for i, k in enumerate(size) if i != axis % x.ndim]
        places = np.moveaxis(places.reshape(*moved, size[axis]), -1, axis)
        places = places - n * (rng.random(places.shape) < 0.3)
    else:
        places = rng.integers(-n, n, size)
    update = (floats(rng, places.shape) * 3).astype(x.dtype)
    return Node("ScatterElements", [x, places, update], {"axis": axis} | how, version)


def scatter_nd(rng):
    version = opset(rng, 11)
    x = some(rng, types=(np.float32, np.float32, np.int64, np.int32))
    how = reduction(rng, version)
    places = places_nd(rng, x, 0)
    if how.get("reduction", "none") == "none":
        flat = places.reshape(-1, places.shape[-1])
        sizes = np.array(x.shape[: places.shape[-1]])
        same = len({tuple(row % sizes) for row in flat}) < len(flat)
        if same:
            places = places.reshape(-1, places.shape[-1])[:1]
    update = (floats(rng, places.shape[:-1] + x.shape[places.shape[-1]:]) * 3).astype(x.dtype)
    return Node("ScatterND", [x, places, update], how, version)


def concat(rng):
    first = some(rng)
    axis = axis_of(rng, first.ndim)
    others = []
    for _ in range(int(rng.integers(0, 4))):
        size = list(first.shape)
        size[axis] = int(rng.integers(0, 4))
        value = (floats(rng, size) * 3).astype(first.dtype)
        others.append(Fixed(value) if maybe(rng, 0.3) else value)
    return Node("Concat", [first, *others], {"axis": axis}, opset(rng, 11))


def split(rng):
    x, version = some(rng, high=6), opset(rng, 11)
    axis = axis_of(rng, x.ndim)
    n = x.shape[axis]
    if maybe(rng):
        cuts = sorted(int(c) for c in rng.integers(0, n + 1, int(rng.integers(0, 3))))
        sizes = np.diff([0, *cuts, n]).tolist()
        if version >= 13:
            return Node("Split", [x, ints(*sizes)], {"axis": axis}, version, len(sizes))
        return Node("Split", [x], {"axis": axis, "split": sizes}, version, len(sizes))
    if version >= 18:
        parts = int(rng.integers(1, n + 1))
        parts = -(-n // -(-n // parts))
        return Node("Split", [x], {"axis": axis, "num_outputs": parts}, version, parts)
    parts = int(rng.choice([k for k in range(1, n + 1) if n % k == 0]))
    return Node("Split", [x], {"axis": axis}, version, parts)


def reshape(rng):
    x, version = some(rng), opset(rng)
    order = [int(n) for n in rng.permutation(x.shape)]
    if maybe(rng):
        order = [int(np.prod(order[:2])), *order[2:]]
    if maybe(rng):
        order[int(rng.integers(len(order)))] = -1
    for i in range(min(len(order), x.ndim)):
        if order[i] == x.shape[i] and maybe(rng):
            order[i] = 0
    attributes = {"allowzero": 0} if version >= 14 and maybe(rng) else {}
    if version >= 14 and maybe(rng, 0.1):
        x, order, attributes = x[:0], [0, *x.shape[1:]][::-1], {"allowzero": 1}
    return Node("Reshape", [x, ints(*order)], attributes, version)


def flatten(rng):
    x, version = some(rng), opset(rng)
    axis = int(rng.integers(-x.ndim if version >= 11 else 0, x.ndim + 1))
    return Node("Flatten", [x], {"axis": axis} if maybe(rng, 0.8) else {}, version)


def squeeze(rng):
    version = opset(rng, 11)
    size = [1 if maybe(rng) else n for n in shape(rng, int(rng.integers(1, 5)))]
    ones = [a for a, n in enumerate(size) if n == 1]
    axes = [a - len(size) * maybe(rng, 0.3) for a in ones if maybe(rng, 0.7)] or None
    x = floats(rng, size)
    if version >= 13:
        return Node("Squeeze", [x, ints(*axes) if axes else None], {}, version)
    return Node("Squeeze", [x], given(axes=axes), version)


def unsqueeze(rng):
    version, x = opset(rng, 11), some(rng, int(pick(np.random.default_rng(int(rng.integers(99))), 0, 1, 2, 3)))
    count = int(rng.integers(1, 3))
    rank = x.ndim + count
    axes = [int(a) - rank * maybe(rng, 0.3) for a in rng.permutation(rank)[:count]]
    return Node("Unsqueeze", [x, ints(*axes)], {}, version) if version >= 13 else Node("Unsqueeze", [x], {"axes": axes}, version)


def transpose(rng):
    x = some(rng)
    return Node("Transpose", [x], {"perm": [int(a) for a in rng.permutation(x.ndim)]} if maybe(rng, 0.8) else {}, opset(rng))


def tile(rng):
    x = some(rng)
    return Node("Tile", [x, ints(*rng.integers(0 if maybe(rng, 0.1) else 1, 4, x.ndim))], {}, opset(rng))


def expand(rng):
    x = some(rng)
    size = [n if n != 1 else int(rng.integers(1, 4)) for n in x.shape]
    size = [1 if maybe(rng, 0.3) else n for n in size]
    if maybe(rng, 0.3):
        size = [2, *size]
    elif maybe(rng, 0.3):
        size = size[1:]
    return Node("Expand", [x, ints(*size)], {}, opset(rng))


def shape_of(rng):
    x, version = some(rng), opset(rng)
    attributes = {}
    if version >= 15:
        attributes = {name: int(rng.integers(-x.ndim - 1, x.ndim + 2)) for name in ("start", "end") if maybe(rng)}
    return Node("Shape", [x], attributes, version)


def size_of(rng):
    return Node("Size", [some(rng)], {}, opset(rng))


def compress(rng):
    x = some(rng)
    axis = axis_of(rng, x.ndim) if maybe(rng, 0.7) else None
    n = x.size if axis is None else x.shape[axis]
    chosen = rng.random(int(rng.integers(1, n + 1))) < 0.5
    return Node("Compress", [x, Fixed(chosen) if maybe(rng, 0.7) else chosen], given(axis=axis), opset(rng, 11))


def unique(rng):
    x = np.round(some(rng, types=(np.float32, np.int64)))
    attributes = given(axis=axis_of(rng, x.ndim) if maybe(rng) else None, sorted=pick(rng, 0, 1, None))
    return Node("Unique", [x], attributes, opset(rng, 11), 4)


def reverse_sequence(rng):
    version, x = opset(rng, 10), floats(rng, shape(rng, int(rng.integers(2, 5))))
    batch = pick(rng, 0, 1)
    lengths = rng.integers(1, x.shape[1 - batch] + 1, x.shape[batch])
    return Node("ReverseSequence", [x, lengths], {"batch_axis": batch, "time_axis": 1 - batch}, version)


def depth_to_space(rng):
    version, b = opset(rng), pick(rng, 1, 2, 3)
    x = floats(rng, (2, b * b * int(rng.integers(1, 3)), *shape(rng, 2, 1, 4)))
    return Node("DepthToSpace", [x], given(blocksize=b, mode=pick(rng, "DCR", "CRD", None) if version >= 11 else None), version)


def space_to_depth(rng):
    b = pick(rng, 1, 2, 3)
    h, w = shape(rng, 2, 1, 3)
    return Node("SpaceToDepth", [floats(rng, (2, 2, h * b, w * b))], {"blocksize": b}, opset(rng))


def center_crop_pad(rng):
    x = some(rng, types=(np.float32, np.int32))
    axes = [int(a) for a in rng.permutation(x.ndim)[: int(rng.integers(1, x.ndim + 1))]]
    size = ints(*shape(rng, len(axes), 1, 7))
    return Node("CenterCropPad", [x, size], {"axes": axes}, opset(rng, 18))


def col2im(rng):
    h, w, kh, kw = 5, 6, int(rng.integers(1, 4)), int(rng.integers(1, 4))
    pads, strides, dilations = [int(n) for n in rng.integers(0, 2, 4)], *([int(n) for n in rng.integers(1, 3, 2)] for _ in "ab")
    blocks = [(n + p + q - d * (k - 1) - 1) // s + 1 for n, p, q, d, k, s in
              zip((h, w), pads[:2], pads[2:], dilations, (kh, kw), strides)]
    x = floats(rng, (2, 2 * kh * kw, blocks[0] * blocks[1]))
    return Node("Col2Im", [x, ints(h, w), ints(kh, kw)], {"pads": pads, "strides": strides, "dilations": dilations}, opset(rng, 18))


def non_max_suppression(rng):
    n = 6
    centre, size = rng.uniform(0, 1, (1, n, 2)), rng.uniform(0.1, 0.6, (1, n, 2))
    by_centre = maybe(rng)
    boxes = np.concatenate([centre, size] if by_centre else [centre - size / 2, centre + size / 2], -1).astype(np.float32)
    scores = rng.random((1, 2, n)).astype(np.float32)
    inputs = [boxes, scores, ints(*[pick(rng, 1, 3, 6)]), Fixed(np.array([0.5], np.float32)) if maybe(rng) else None,
              Fixed(np.array([0.3], np.float32)) if maybe(rng) else None]
    return Node("NonMaxSuppression", inputs, {"center_point_box": 1} if by_centre else {}, opset(rng, 10))


def trilu(rng):
    x = some(rng, int(rng.integers(2, 4)), types=(np.float32, np.int64, np.float32))
    return Node("Trilu", [x, Fixed(np.array(int(rng.integers(-3, 4)), np.int64)) if maybe(rng) else None],
                given(upper=pick(rng, 0, 1, None)), opset(rng, 14))


def one_hot(rng):
    depth = int(rng.integers(2, 6))
    places = rng.integers(-depth, depth + (2 if maybe(rng, 0.3) else 0), shape(rng, int(rng.integers(1, 3)))).astype(pick(rng, np.int64, np.int32))
    values = np.array([0.5, 2.0], np.float32)
    return Node("OneHot", [places, Fixed(np.array(depth, np.int64)), Fixed(values)],
                given(axis=pick(rng, None, -1, 0, 1)), opset(rng, 11))


def eye_like(rng):
    return Node("EyeLike", [floats(rng, shape(rng, 2))], given(k=pick(rng, None, -1, 1, 2), dtype=pick(rng, None, 1, 7)), opset(rng))


NODES = [pad, slice_, gather, gather_elements, gather_nd, scatter_elements, scatter_nd, concat, split, reshape, flatten,
         squeeze, unsqueeze, transpose, tile, expand, shape_of, size_of, compress, unique, reverse_sequence, depth_to_space,
         space_to_depth, center_crop_pad, col2im, non_max_suppression, trilu, one_hot, eye_like, pad, slice_]
