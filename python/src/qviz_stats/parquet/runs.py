"""Parquet's hybrid of runs and packed bits, for levels and for codes of a dictionary."""
import numpy as np

from .thrift import varint


def encode(codes, width):
    """Codes of so many bits as runs; the table is sorted, so that nearly everything is a run."""
    codes = np.asarray(codes)
    if not len(codes):
        return b""
    first = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    length = np.diff(np.append(first, len(codes)))
    size = (width + 7) // 8
    return b"".join(
        varint(int(n) << 1) + int(code).to_bytes(size, "little") for n, code in zip(length, codes[first])
    )


def decode(data, at, width, count):
    """`count` codes of so many bits that begin at `at`."""
    out = np.zeros(count, np.int64)
    filled, size = 0, (width + 7) // 8
    while filled < count:
        head = shift = 0
        while True:
            byte = data[at]
            at += 1
            head |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift > 63:
                raise ValueError("a run of more than 64 bits")
        if head & 1:
            groups = head >> 1
            length = groups * width
            if groups == 0 or length > len(data) - at:
                raise ValueError("packed bits beyond the end of the page")
            packed = np.frombuffer(data, np.uint8, length, at)
            at += length
            bits = np.unpackbits(packed, bitorder="little").reshape(-1, width) if width else np.zeros((groups * 8, 0), np.uint8)
            some = bits.astype(np.int64) @ (1 << np.arange(width, dtype=np.int64))
            take = min(len(some), count - filled)
            out[filled:filled + take] = some[:take]
        else:
            take = min(head >> 1, count - filled)
            if take == 0:
                raise ValueError("a run of no length")
            out[filled:filled + take] = int.from_bytes(data[at:at + size], "little")
            at += size
        filled += take
    return out
