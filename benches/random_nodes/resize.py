"""Pictures brought to other sizes and sampled at other places."""

import numpy as np

from random_nodes import Fixed, Node, floats, ints, maybe, opset, pick, shape


def resize(rng):
    version = opset(rng, 10)
    n = pick(rng, 1, 2, 2, 2, 3)
    x = floats(rng, (1, int(rng.integers(1, 3)), *shape(rng, n, 3, 6)))
    if maybe(rng, 0.1):
        x = np.clip(x * 50 + 100, 0, 255).astype(np.uint8)
    mode = pick(rng, "nearest", "linear", "linear", "cubic") if version >= 11 else pick(rng, "nearest", "linear")
    if n != 2 and mode == "cubic":
        mode = "nearest"
    if n == 3 and maybe(rng):
        mode = "nearest"
    attributes = {"mode": mode}
    if version == 10:
        return Node("Resize", [x, Fixed(np.array([1, 1, *rng.choice([0.5, 1, 1.5, 2], n)], np.float32))], attributes, 10)
    where = pick(rng, "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize",
                 "half_pixel", "half_pixel_symmetric" if version >= 19 else "asymmetric", None)
    if version < 13 and maybe(rng, 0.1):
        where = "tf_half_pixel_for_nn" if mode == "nearest" else where
    roi = None
    if where:
        attributes["coordinate_transformation_mode"] = where
    if where == "tf_crop_and_resize":
        start, end = rng.uniform(-0.1, 0.4, n), rng.uniform(0.6, 1.1, n)
        roi = Fixed(np.array([0, 0, *start, 1, 1, *end], np.float32))
        if maybe(rng):
            attributes["extrapolation_value"] = 2.5
    if mode == "nearest" and maybe(rng, 0.7):
        attributes["nearest_mode"] = pick(rng, "round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    if mode == "cubic":
        if maybe(rng):
            attributes["cubic_coeff_a"] = pick(rng, -0.5, -0.75)
        if maybe(rng):
            attributes["exclude_outside"] = 1
    if version >= 18 and mode != "nearest" and maybe(rng, 0.3):
        attributes["antialias"] = 1
    axes = list(range(n + 2))
    if version >= 18 and maybe(rng, 0.3) and where != "tf_crop_and_resize":
        axes = [int(a) for a in rng.permutation(np.arange(2, n + 2))]
        attributes["axes"] = [a - (n + 2) * maybe(rng, 0.2) for a in axes]
    if maybe(rng):
        factors = rng.choice([0.5, 0.6, 1, 1.3, 2, 3, 2.5], n)
        scales = Fixed(np.array([1 if a < 2 else factors[a - 2] for a in axes], np.float32))
        sizes = None
        given = [x, roi, scales, None]
    else:
        sizes = [x.shape[a] if a < 2 else int(rng.integers(1, 10)) for a in axes]
        given = [x, roi, None, ints(*sizes)]
        if version >= 18 and maybe(rng, 0.3):
            attributes["keep_aspect_ratio_policy"] = pick(rng, "stretch", "not_larger", "not_smaller")
    if version in (11, 12):
        given[1] = roi or Fixed(np.zeros(0, np.float32))
        given[2] = given[2] or Fixed(np.zeros(0, np.float32))
    return Node("Resize", given, attributes, version)


def upsample(rng):
    n = pick(rng, 1, 2, 2)
    scales = Fixed(np.array([1, 1, *rng.choice([1, 1.5, 2, 3], n)], np.float32))
    return Node("Upsample", [floats(rng, (1, 2, *shape(rng, n, 2, 5))), scales], {"mode": pick(rng, "nearest", "linear")}, 9)


def grid_sample(rng):
    version = opset(rng, 16)
    n = 2 if version < 20 else pick(rng, 2, 2, 3)
    x = floats(rng, (1, 2, *shape(rng, n, 3, 6)))
    grid = rng.uniform(-1.3, 1.3, (1, *shape(rng, n, 2, 5), n)).astype(np.float32)
    linear, cubic = ("bilinear", "bicubic") if version < 20 else ("linear", "cubic")
    mode = pick(rng, linear, "nearest", cubic if n == 2 else linear, None)
    attributes = {"mode": mode} if mode else {}
    if maybe(rng, 0.7):
        attributes["padding_mode"] = pick(rng, "zeros", "border", "reflection")
    if maybe(rng):
        attributes["align_corners"] = pick(rng, 0, 1)
    return Node("GridSample", [x, grid], attributes, version)


def affine_grid(rng):
    n = pick(rng, 2, 3)
    size = ints(2, 3, *shape(rng, n, 2, 5))
    attributes = {"align_corners": pick(rng, 0, 1)} if maybe(rng) else {}
    return Node("AffineGrid", [floats(rng, (2, n, n + 1)), size], attributes, opset(rng, 20))


def roi_align(rng):
    x = floats(rng, (2, 2, 8, 8))
    start = rng.uniform(0, 4, (3, 2))
    rois = np.concatenate([start, start + rng.uniform(1, 4, (3, 2))], 1).astype(np.float32)
    version = opset(rng, 10)
    attributes = {"output_height": pick(rng, 1, 2, 3), "output_width": pick(rng, 2, 3),
                  "sampling_ratio": pick(rng, 0, 1, 2), "spatial_scale": pick(rng, 1.0, 0.5)}
    if maybe(rng):
        attributes["mode"] = pick(rng, "avg", "max")
    if version >= 16 and maybe(rng):
        attributes["coordinate_transformation_mode"] = pick(rng, "half_pixel", "output_half_pixel")
    return Node("RoiAlign", [x, rois, Fixed(rng.integers(0, 2, 3))], attributes, version)


NODES = [resize, resize, resize, resize, upsample, grid_sample, grid_sample, affine_grid, roi_align]
