"""The table by its definition, one value after the other, with Python's integers. It shares no line with the package."""
import struct

COLUMNS = [
    "run", "shard", "tensor", "kind", "op", "axis", "channel", "row", "sign", "exp", "idx", "n", "zeros", "nan", "pos_inf",
    "neg_inf", "min", "max", "samples", "shape", "dtype", "s0", "s1", "q0", "q1", "q2",
]


def rows_of(bits, bins=2048, **about):
    """The rows of one part that holds values of these float32 bits, as dictionaries."""
    kept = 2
    while kept < 2 * bins:
        kept *= 2
    finite, kinds = [], {"nan": 0, "pos_inf": 0, "neg_inf": 0, "zeros": 0}
    for word in bits:
        sign, biased, fraction = -1 if word >> 31 else 1, word >> 23 & 255, word & 0x7FFFFF
        if biased == 255:
            kinds["nan" if fraction else "pos_inf" if sign > 0 else "neg_inf"] += 1
            continue
        m, e = (fraction, -149) if biased == 0 else (fraction + (1 << 23), biased - 150)
        kinds["zeros"] += m == 0
        finite.append((sign if m else 1, m, e))
    # The first power of two above all, in units of the smallest subnormal.
    amax, k = max((m << (e + 149) for _, m, e in finite), default=0), 0
    while 1 << k <= amax:
        k += 1
    width = max(k - 149 - (kept.bit_length() - 1), -149)
    sums, counts = {}, {}
    for sign, m, e in finite:
        idx = (m << (e + 149)) >> (width + 149)
        counts[sign, width, idx] = counts.get((sign, width, idx), 0) + 1
        if m:
            pieces = sums.setdefault((sign, e), [0] * 6)
            each = (1, m % 4096, m // 4096, m * m % 65536, m * m // 65536 % 65536, m * m // 65536**2)
            for i, piece in enumerate(each):
                pieces[i] += piece
    blank = {**dict.fromkeys(COLUMNS), **about}
    samples, shape, dtype = (blank.pop(name) for name in ("samples", "shape", "dtype"))
    blank.update(samples=None, shape=None, dtype=None)
    values = [float32(sign * m, e) for sign, m, e in finite]
    yield {**blank, "row": "tensor", "n": len(bits), **kinds, "samples": samples, "shape": shape, "dtype": dtype,
           "min": min(values, default=None), "max": max(values, default=None)}
    for (sign, e), (n, *pieces) in sorted(sums.items()):
        yield {**blank, "row": "sums", "sign": sign, "exp": e, "n": n, **dict(zip(("s0", "s1", "q0", "q1", "q2"), pieces))}
    for (sign, e, idx), n in sorted(counts.items()):
        yield {**blank, "row": "bins", "sign": sign, "exp": e, "idx": idx, "n": n}


def float32(m, e):
    """m * 2^e, exact in float64."""
    return float(m) * 2.0**e if m else 0.0


def bits_of(values):
    """The float32 bits of Python floats that are float32 already."""
    return [struct.unpack("<I", struct.pack("<f", x))[0] for x in values]
