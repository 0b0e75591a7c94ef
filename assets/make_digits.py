"""Writes digits/digits.bin: python make_digits.py digits. Needs numpy and scikit-learn."""

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

pictures, digits = load_digits(return_X_y=True)
values = pictures.astype(np.uint8)
assert values.shape == (1797, 64) and (values == pictures).all() and values.max() == 16

# Five bits a pixel, the lowest first, so that 64 of them are 40 bytes.
bits = (values[:, :, None] >> np.arange(5, dtype=np.uint8)) & 1
packed = np.packbits(bits.reshape(len(values), 320), axis=1, bitorder="little")
records = np.concatenate([digits.astype(np.uint8)[:, None], packed], axis=1)

path = Path(sys.argv[1]) / "digits.bin"
path.write_bytes(records.tobytes())
print(f"{path}: {len(records)} pictures, {path.stat().st_size} bytes, pixels add up to {int(values.sum())}")
