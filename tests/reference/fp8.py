"""Writes fp8.json: what ml_dtypes makes of awkward numbers in float8_e4m3fn and float8_e5m2.

    pip install ml_dtypes==0.6.0 numpy==2.4.6
    python tests/reference/fp8.py

Values are clipped to the largest finite one first: a plain cast of ml_dtypes gives NaN (E4M3FN) or infinity (E5M2)
beyond it, and a quantizer saturates. Floats are written as their bits.
"""

import json
from pathlib import Path

import ml_dtypes
import numpy as np

FORMATS = {"float8_e4m3fn": (ml_dtypes.float8_e4m3fn, 448.0), "float8_e5m2": (ml_dtypes.float8_e5m2, 57344.0)}


def bits(values):
    return np.asarray(values, np.float32).view(np.uint32).tolist()


def values_of(dtype):
    """The values of all bytes, and the finite magnitudes among them, in order."""
    values = np.arange(256, dtype=np.uint8).view(dtype).astype(np.float32)
    finite = values[np.isfinite(values) & (values >= 0)]
    return values, np.unique(np.abs(finite))


def awkward():
    """Each value of both formats, each midpoint between two (a tie) and its neighbours, both signs by turns."""
    out = [0.0, 1e-45, 1e-40, 1.17549435e-38, 448.0, 449.0, 463.9, 464.0, 464.1, 480.0, 57344.0, 61440.0, 65504.0, 1e30]
    out += [3.4028235e38, np.inf]
    for dtype, _ in FORMATS.values():
        magnitudes = values_of(dtype)[1]
        middle = ((magnitudes[1:].astype(np.float64) + magnitudes[:-1]) / 2).astype(np.float32)
        out += [*magnitudes, *middle, *np.nextafter(middle, np.float32(0)), *np.nextafter(middle, np.float32(np.inf))]
    rng = np.random.default_rng(8)
    out += [*(rng.standard_normal(100) * 100), *np.exp(rng.uniform(-14, 12, 100))]
    values = np.unique(np.asarray(out, np.float32))
    values[::2] *= -1
    return values


def cast(x, dtype, largest):
    return np.clip(x, np.float32(-largest), np.float32(largest)).astype(dtype)


def main():
    x = awkward()
    document = {"made_with": f"ml_dtypes {ml_dtypes.__version__}, numpy {np.__version__}", "x": bits(x), "formats": {}}
    normal = np.random.default_rng(9).standard_normal(200).astype(np.float32)
    document["normal"] = bits(normal)
    for name, (dtype, largest) in FORMATS.items():
        values, _ = values_of(dtype)
        faked = {}
        for amax in [0.7, 2.0, 3.3]:
            scale = np.float32(amax) / np.float32(largest)
            back = cast(normal / scale, dtype, largest).astype(np.float32) * scale
            faked[str(amax)] = bits(back)
        document["formats"][name] = {
            "values": [bits([v])[0] if np.isfinite(v) else None for v in values],
            "bytes": cast(x, dtype, largest).view(np.uint8).tolist(),
            "fake_quant": faked,
        }
    Path(__file__).with_name("fp8.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


main()
