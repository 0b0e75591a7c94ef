"""Reads columns that `writer` has written, and what others write in the same few ways."""
import zlib

import numpy as np

from . import runs, snappy
from .columns import INT32, INT64, FLOAT, NUMPY, TEXT, Column, Texts
from .thrift import Reader

MAGIC = b"PAR1"
UNCOMPRESSED, SNAPPY, GZIP = 0, 1, 2
CODECS = {3: "LZO", 4: "Brotli", 5: "LZ4", 6: "Zstandard", 7: "LZ4"}
PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY = 0, 2, 8


class Unsupported(ValueError):
    """A file of Parquet, written in a way that is not read here."""


def read(data):
    """The columns of a file, how many rows they have, and its metadata. Raises `ValueError` where it is none."""
    try:
        return _read(data)
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError, zlib.error, MemoryError) as error:
        raise ValueError(f"its insides do not fit together ({error})") from error


def _read(data):
    if len(data) < 12 or data[:4] != MAGIC:
        raise ValueError("it does not begin as a file of Parquet does")
    if data[-4:] != MAGIC:
        raise ValueError("its end is missing")
    size = int.from_bytes(data[-8:-4], "little")
    if size > len(data) - 12:
        raise ValueError("its footer is longer than itself")
    footer = Reader(memoryview(data)[-8 - size:-8]).structure()
    metadata = {p[1].decode(): p.get(2, b"").decode() for p in footer.get(5, [])}
    elements = footer[2][1:]
    columns, rows = [], footer[3]
    for i, element in enumerate(elements):
        name = element[4].decode()
        if element.get(5) or element.get(3) == 2 or element.get(1) not in (INT32, INT64, FLOAT, TEXT):
            raise Unsupported(f"its column {name} is of a type that is not read here")
        chunks = [group[1][i][3] for group in footer[4]]
        columns.append(_column(data, name, element[1], element.get(3) == 1, chunks, rows))
    return columns, rows, metadata


def _column(data, name, kind, optional, chunks, rows):
    texts, index, pieces, valids = [], {}, [], []
    for chunk in chunks:
        left, at, dictionary = chunk[5], chunk.get(11, chunk[9]), None
        at = min(at, chunk[9])
        codec = chunk.get(4, 0)
        if codec not in (UNCOMPRESSED, SNAPPY, GZIP):
            raise Unsupported(f"it is compressed by {CODECS.get(codec, 'something unknown')}")
        while left > 0:
            reader = Reader(data, at)
            head = reader.structure()
            body = data[reader.at:reader.at + head[3]]
            if len(body) < head[3]:
                raise ValueError("a page goes beyond its end")
            at = reader.at + head[3]
            if codec == GZIP:
                body = _inflated(body, head[2])
            elif codec == SNAPPY:
                body = snappy.unpacked(body, head[2])
            if head[1] == 2:
                dictionary = _plain(body, 0, kind, head[7][1])
            elif head[1] == 0:
                count = head[5][1]
                if not 0 < count <= left:
                    raise ValueError("its pages hold another number of rows than it says")
                left -= count
                start, valid = 0, np.ones(count, bool)
                if optional:
                    start = 4 + int.from_bytes(body[:4], "little")
                    valid = runs.decode(body[:start], 4, 1, count) == 1
                values = _values(body, start, kind, int(valid.sum()), head[5][2], dictionary)
                if kind == TEXT:
                    values = np.array([index.setdefault(v, len(index)) for v in values[0]], np.int64)[values[1]]
                full = np.zeros(count, values.dtype)
                full[valid] = values
                pieces.append(full)
                valids.append(valid)
            else:
                raise Unsupported("it has pages of a kind that is not read here")
    texts = [text.decode() for text in index]
    values = np.concatenate(pieces) if pieces else np.zeros(0, NUMPY.get(kind, "<i8"))
    valid = np.concatenate(valids) if valids else np.zeros(0, bool)
    if len(values) != rows:
        raise ValueError(f"its column {name} has {len(values)} rows and it says {rows}")
    return Column(name, kind, Texts(texts, values) if kind == TEXT else values, valid if optional else None)


def _inflated(body, size):
    inflate = zlib.decompressobj(47)
    out = inflate.decompress(body, size) if size else b""
    if len(out) != size:
        raise ValueError("a page is shorter than it says")
    return out


def _values(body, start, kind, count, encoding, dictionary):
    """Values; of texts, those that there are and which of them each is."""
    if encoding == PLAIN:
        values = _plain(body, start, kind, count)
        return (values, np.arange(count)) if kind == TEXT else values
    if encoding not in (PLAIN_DICTIONARY, RLE_DICTIONARY):
        raise Unsupported("it is encoded in a way that is not read here")
    if count == 0:
        return ([], np.zeros(0, np.int64)) if kind == TEXT else np.zeros(0, NUMPY[kind])
    if body[start] > 32:
        raise ValueError("codes of more than 32 bits")
    codes = runs.decode(body, start + 1, body[start], count)
    if codes.max(initial=0) >= len(dictionary):
        raise ValueError("a code that its dictionary does not have")
    return (dictionary, codes) if kind == TEXT else dictionary[codes]


def _plain(body, at, kind, count):
    if kind != TEXT:
        return np.frombuffer(body, NUMPY[kind], count, at)
    texts = []
    for _ in range(count):
        size = int.from_bytes(body[at:at + 4], "little")
        at += 4 + size
        if at > len(body):
            raise ValueError("a text that is longer than its page")
        texts.append(bytes(body[at - size:at]))
    return texts
