"""Thrift's compact protocol: structures as dictionaries from field to value."""
import struct

BOOL_TRUE, BOOL_FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
DEEPEST = 32


def varint(n):
    """An unsigned integer, seven bits a byte."""
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def encode(fields):
    """A structure. `fields`: (field, type, value) in the order of the fields; of a list the value is (type, values)."""
    out, last = bytearray(), 0
    for field, kind, value in fields:
        step = field - last
        out += bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + varint(field << 1)
        out += _value(kind, value)
        last = field
    return bytes(out + b"\0")


def _value(kind, value):
    if kind in (I16, I32, I64):
        return varint(value << 1 if value >= 0 else (-value << 1) - 1)
    if kind == BINARY:
        return varint(len(value)) + value
    if kind == LIST:
        of, values = value
        head = bytes([len(values) << 4 | of]) if len(values) < 15 else bytes([0xF0 | of]) + varint(len(values))
        return head + b"".join(_value(of, each) for each in values)
    assert kind == STRUCT
    return encode(value)


class Reader:
    """Reads a structure; raises `ValueError` or `IndexError` where the bytes are none."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def varint(self):
        n = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n
            if shift > 63:
                raise ValueError("a number of more than 64 bits")

    def structure(self, depth=0):
        """The fields of the structure that begins here."""
        fields, last = {}, 0
        while True:
            head = self.data[self.at]
            self.at += 1
            if head == 0:
                return fields
            kind, step = head & 15, head >> 4
            last = last + step if step else self._signed()
            fields[last] = self._value(kind, depth, in_list=False)

    def _signed(self):
        n = self.varint()
        return n >> 1 ^ -(n & 1)

    def _value(self, kind, depth, in_list):
        if depth > DEEPEST:
            raise ValueError("structures within structures without end")
        if kind in (BOOL_TRUE, BOOL_FALSE):
            if not in_list:
                return kind == BOOL_TRUE
            self.at += 1
            return self.data[self.at - 1] == BOOL_TRUE
        if kind == BYTE:
            self.at += 1
            return self.data[self.at - 1]
        if kind in (I16, I32, I64):
            return self._signed()
        if kind == DOUBLE:
            self.at += 8
            return struct.unpack("<d", self.data[self.at - 8:self.at])[0]
        if kind == BINARY:
            size = self.varint()
            if size > len(self.data) - self.at:
                raise ValueError("a text that is longer than the file")
            self.at += size
            return bytes(self.data[self.at - size:self.at])
        if kind in (LIST, SET):
            head = self.data[self.at]
            self.at += 1
            size = head >> 4 if head >> 4 != 15 else self.varint()
            if size > len(self.data) - self.at:
                raise ValueError("a list that is longer than the file")
            return [self._value(head & 15, depth + 1, in_list=True) for _ in range(size)]
        if kind == MAP:
            size = self.varint()
            if size:
                raise ValueError("a map, where Parquet has none")
            return {}
        if kind == STRUCT:
            return self.structure(depth + 1)
        raise ValueError(f"a value of unknown type {kind}")
