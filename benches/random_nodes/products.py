"""Products of matrices, of floats and integers."""

import numpy as np

from random_nodes import Fixed, Node, floats, maybe, opset, pick, shape


def matrices(rng):
    m, k, n = shape(rng, 3)
    kind = pick(rng, "plain", "plain", "batch", "broadcast", "vector", "both")
    batch = shape(rng, int(rng.integers(1, 3)), 1, 3)
    if kind == "plain":
        return (m, k), (k, n)
    if kind == "batch":
        return (*batch, m, k), (*batch, k, n)
    if kind == "broadcast":
        left = tuple(1 if maybe(rng, 0.3) else b for b in batch)
        right = tuple(1 if maybe(rng, 0.3) else b for b in batch)[int(rng.integers(0, len(batch) + 1)):]
        return (*left, m, k), (*right, k, n)
    if kind == "vector":
        return ((k,), (*batch, k, n)) if maybe(rng) else ((*batch, m, k), (k,))
    return (k,), (k,)


def matmul(rng):
    a, b = matrices(rng)
    version = opset(rng)
    dtype = pick(rng, np.float32, np.float32, np.float32, np.float64, np.int32, np.float16)
    a, b = (floats(rng, s) for s in (a, b))
    a, b = ((value * (5 if np.dtype(dtype).kind == "i" else 1)).astype(dtype) for value in (a, b))
    return Node("MatMul", [a, Fixed(b) if maybe(rng) else b], {}, version)


def gemm(rng):
    m, k, n = shape(rng, 3)
    attributes = {}
    a, b = floats(rng, (m, k)), floats(rng, (k, n))
    if maybe(rng):
        attributes["transA"], a = 1, a.T.copy()
    if maybe(rng):
        attributes["transB"], b = 1, b.T.copy()
    if maybe(rng):
        attributes["alpha"] = float(rng.standard_normal())
    if maybe(rng):
        attributes["beta"] = pick(rng, 0.0, float(rng.standard_normal()))
    version = opset(rng)
    c = floats(rng, pick(rng, (m, n), (n,), (1, n), (m, 1), (1,), ()))
    if version >= 11 and maybe(rng, 0.2):
        c = None
    b = Fixed(b) if maybe(rng) else b
    return Node("Gemm", [a, b, c if c is None or maybe(rng) else Fixed(c)], attributes, version)


EQUATIONS = [
    ("ij,jk->ik", "ij jk"), ("bij,bjk->bik", "bij bjk"), ("bhid,bhjd->bhij", "bhid bhjd"), ("ij->ji", "ij"),
    ("ij->i", "ij"), ("ij,ij->", "ij ij"), ("i,j->ij", "i j"), ("ijk,jil->kl", "ijk jil"), ("ii->i", "ii"),
    ("ii", "ii"), ("...ij,...jk->...ik", "bij bjk"), ("bij,jk", "bij jk"), ("ij,jk,kl->il", "ij jk kl"),
    ("bshd,bthd->bhst", "bshd bthd"), ("bi,bj->bij", "bi bj"), ("ij , jk -> ik", "ij jk"), ("...i->...", "bci"),
    ("nctkv,kvw->nctw", "nctkv kvw"), ("ijk->kij", "ijk"), ("b i j, b j k -> b i k", "bij bjk"), ("ij,kj->ik", "ij kj"),
]


def einsum(rng):
    equation, letters = EQUATIONS[int(rng.integers(len(EQUATIONS)))]
    sizes = {letter: int(rng.integers(1, 5)) for letter in letters if letter != " "}
    values = [floats(rng, tuple(sizes[letter] for letter in part)) for part in letters.split()]
    return Node("Einsum", values, {"equation": equation}, opset(rng, 12))


def matmul_integer(rng):
    a, b = matrices(rng)
    types = np.uint8, pick(rng, np.uint8, np.int8)
    whole = lambda s, t: rng.integers(*((0, 256) if t == np.uint8 else (-64, 64)), s).astype(t)  # noqa: E731
    a, b = whole(a, types[0]), whole(b, types[1])
    zero_a = Fixed(whole((), types[0])) if maybe(rng, 0.7) else None
    zero_b = None
    if maybe(rng):
        zero_b = Fixed(whole(pick(rng, (), b.shape[-1:] if b.ndim > 1 else ()), types[1]))
    return Node("MatMulInteger", [a, Fixed(b) if maybe(rng) else b, zero_a, zero_b], {}, opset(rng, 10))


def qlinear_matmul(rng):
    m, k, n = shape(rng, 3)
    whole = lambda s: rng.integers(0, 256, s).astype(np.uint8)  # noqa: E731
    scale = lambda: Fixed(np.array(rng.uniform(0.01, 0.1), np.float32))  # noqa: E731
    return Node("QLinearMatMul", [whole((m, k)), scale(), Fixed(whole(())), Fixed(whole((k, n))), scale(), Fixed(whole(())),
                                  scale(), Fixed(whole(()))], {}, opset(rng, 10))


def det(rng):
    n = int(rng.integers(1, 5))
    return Node("Det", [floats(rng, pick(rng, (n, n), (2, n, n)))], {}, opset(rng, 11))


NODES = [matmul, gemm, einsum, matmul, gemm, einsum, matmul_integer, qlinear_matmul, det]
