"""Writes columns: texts by a dictionary, everything else plainly, in compressed pages."""
import zlib

import numpy as np

from . import runs
from .columns import NUMPY, TEXT
from .thrift import BINARY, I32, I64, LIST, STRUCT, encode

MAGIC = b"PAR1"
# Rows that an engine's thread takes at once.
GROUP = 1 << 20
UNCOMPRESSED, GZIP = 0, 2
PLAIN, RLE, RLE_DICTIONARY = 0, 3, 8
DATA_PAGE, DICTIONARY_PAGE = 0, 2
# The level at which the table is smallest for its time; higher ones gain 2 %.
LEVEL = 4


def write(file, columns, rows, metadata, creator):
    """Writes a file of Parquet. The same columns give the same bytes."""
    file.write(MAGIC)
    at, groups = len(MAGIC), []
    for start in range(0, rows, GROUP):
        part = slice(start, min(start + GROUP, rows))
        chunks = []
        for column in columns:
            data, meta = _chunk(column, part, at)
            file.write(data)
            at += len(data)
            chunks.append(meta)
        plain, packed = (sum(dict((f, v) for f, _, v in meta)[field] for meta in chunks) for field in (6, 7))
        described = [[(2, I64, dict((f, v) for f, _, v in meta)[9]), (3, STRUCT, meta)] for meta in chunks]
        groups.append([(1, LIST, (STRUCT, described)), (2, I64, plain), (3, I64, part.stop - part.start), (6, I64, packed)])
    schema = [[(4, BINARY, b"schema"), (5, I32, len(columns))]]
    for column in columns:
        element = [(1, I32, column.type), (3, I32, int(column.valid is not None)), (4, BINARY, column.name.encode())]
        if column.type == TEXT:
            element += [(6, I32, 0), (10, STRUCT, [(1, STRUCT, [])])]
        schema.append(element)
    pairs = [[(1, BINARY, key.encode()), (2, BINARY, value.encode())] for key, value in metadata.items()]
    footer = encode([
        (1, I32, 1), (2, LIST, (STRUCT, schema)), (3, I64, rows), (4, LIST, (STRUCT, groups)),
        (5, LIST, (STRUCT, pairs)), (6, BINARY, creator.encode()),
    ])
    file.write(footer + len(footer).to_bytes(4, "little") + MAGIC)


def _chunk(column, part, at):
    """The pages of some rows of a column, and what the footer says of them."""
    rows = part.stop - part.start
    valid = None if column.valid is None else column.valid[part]
    body = b""
    if valid is not None:
        levels = runs.encode(valid.astype(np.uint8), 1)
        body = len(levels).to_bytes(4, "little") + levels
    dictionary, plain = b"", 0
    if column.type == TEXT:
        codes = column.values.codes[part]
        codes = codes if valid is None else codes[valid]
        there, codes = np.unique(codes, return_inverse=True)
        texts = [column.values.values[code].encode() for code in there]
        page = b"".join(len(text).to_bytes(4, "little") + text for text in texts)
        dictionary, plain = _page(DICTIONARY_PAGE, page, len(texts), PLAIN, UNCOMPRESSED)
        width = max(1, (len(texts) - 1).bit_length())
        body += bytes([width]) + runs.encode(codes, width)
        codec, encoding = UNCOMPRESSED, RLE_DICTIONARY
    else:
        values = column.values[part]
        values = values if valid is None else values[valid]
        body += values.astype(NUMPY[column.type]).tobytes()
        codec, encoding = GZIP, PLAIN
    page, size = _page(DATA_PAGE, body, rows, encoding, codec)
    meta = [
        (1, I32, column.type), (2, LIST, (I32, sorted({PLAIN, RLE, encoding}))), (3, LIST, (BINARY, [column.name.encode()])),
        (4, I32, codec), (5, I64, rows), (6, I64, plain + size), (7, I64, len(dictionary) + len(page)),
        (9, I64, at + len(dictionary)),
    ]
    if dictionary:
        meta.append((11, I64, at))
    return dictionary + page, meta


def _page(kind, body, count, encoding, codec):
    """A page with its header, and how long both are before they are compressed."""
    packed = body
    if codec == GZIP:
        deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
        packed = deflate.compress(body) + deflate.flush()
    head = [(1, I32, kind), (2, I32, len(body)), (3, I32, len(packed))]
    if kind == DATA_PAGE:
        head.append((5, STRUCT, [(1, I32, count), (2, I32, encoding), (3, I32, RLE), (4, I32, RLE)]))
    else:
        head.append((7, STRUCT, [(1, I32, count), (2, I32, encoding)]))
    header = encode(head)
    return header + packed, len(header) + len(body)
