"""Snappy, as far as it unpacks: what qviz and most engines compress by."""


def unpacked(data, size):
    """The bytes of which `data` says that they are `size`; `ValueError` or `IndexError` where it is none."""
    said = shift = at = 0
    while True:
        byte = data[at]
        at += 1
        said |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
        if shift > 35:
            raise ValueError("a page of more than 32 bits")
    if said != size:
        raise ValueError("a page is of another size than it says")
    out, end = bytearray(), len(data)
    while at < end:
        tag = data[at]
        at += 1
        kind = tag & 3
        if kind == 0:
            length = (tag >> 2) + 1
            if length > 60:
                extra = length - 60
                length = int.from_bytes(data[at:at + extra], "little") + 1
                at += extra
            out += data[at:at + length]
            at += length
            if at > end or len(out) > size:
                raise ValueError("a page goes beyond its end")
            continue
        if kind == 1:
            length, back = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at]
            at += 1
        else:
            wide = 2 if kind == 2 else 4
            length, back = (tag >> 2) + 1, int.from_bytes(data[at:at + wide], "little")
            at += wide
        start = len(out) - back
        if back == 0 or start < 0 or len(out) + length > size:
            raise ValueError("a page repeats what is not there")
        if back >= length:
            out += out[start:start + length]
        else:
            out += (out[start:] * (length // back + 1))[:length]
    if len(out) != size:
        raise ValueError("a page is shorter than it says")
    return bytes(out)
