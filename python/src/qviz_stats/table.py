"""The table: which columns it has, how counts become its rows, and how its rows become counts."""
import json
from typing import NamedTuple

import numpy as np

from . import grid, parquet
from .errors import StatsError
from .parquet import FLOAT, INT32, INT64, TEXT, Column, Texts
from .rows import EXP_BITS, IDX_BITS, Rows, added
from .save import saved

VERSION = "1"
# The shard of rows that were merged, and that of weights, which are the same for all shards of a run.
MERGED, WEIGHTS = "merged", "weights"
WRITER = "qviz_stats 0.1.0"
ROWS = ["tensor", "sums", "bins"]
STATS = ["zeros", "nan", "pos_inf", "neg_inf"]
PIECES = ["s0", "s1", "q0", "q1", "q2"]
# Beyond this many values of a tensor the sums of the pieces of their squares might not fit into 64 bits.
MOST_VALUES = 1 << 47

# name, type, and whether it may be null, in the order of the file
SCHEMA = [
    ("run", TEXT, False), ("shard", TEXT, False), ("tensor", TEXT, False), ("kind", TEXT, False), ("op", TEXT, False),
    ("axis", INT32, True), ("channel", INT32, True), ("row", TEXT, False), ("sign", INT32, True), ("exp", INT32, True),
    ("idx", INT32, True), ("n", INT64, False), *((name, INT64, True) for name in STATS), ("min", FLOAT, True),
    ("max", FLOAT, True), ("samples", INT64, True), ("shape", TEXT, True), ("dtype", TEXT, True),
    *((name, INT64, True) for name in PIECES),
]


class Entry(NamedTuple):
    """A tensor as a whole, or split along an axis."""

    kind: str
    tensor: str
    op: str
    shape: str
    dtype: str
    samples: int
    axis: object
    rows: Rows


class Table(NamedTuple):
    """What a file holds."""

    bins: int
    shards: dict
    """The entries of each (run, shard); weights have a shard of their own."""
    holds: list
    """Which shards a merged file was made of; None of others."""


def whole_and_along(entries):
    """The entries of each tensor, as a whole and by axis."""
    tensors = {}
    for entry in entries:
        tensors.setdefault((entry.kind, entry.tensor), {})[entry.axis] = entry
    for (_, name), by_axis in tensors.items():
        whole = by_axis.pop(None, None)
        if whole is None:
            raise StatsError(f"{name} is there along an axis and not as a whole")
        for axis, entry in by_axis.items():
            if entry.rows.stats[:, 0].sum() != whole.rows.stats[0, 0]:
                raise StatsError(f"{name} has other values along axis {axis} than as a whole")
        yield whole, {axis: entry.rows for axis, entry in by_axis.items()}


def same_splits(name, one, other):
    """Two lots of counts of a tensor are merged only where both are split in the same ways."""
    if set(one) != set(other):
        axes = sorted(set(one) ^ set(other))
        raise StatsError(f"{name} is split along axis {axes[0]} in one part only; count it in the same ways everywhere")
    for axis in one:
        if one[axis].parts != other[axis].parts:
            raise StatsError(f"{name} has {one[axis].parts} indices along axis {axis} in one part and {other[axis].parts} in another")


def write(path, shards, bins, *, holds=None, replace=False):
    """Writes a table, whole or not at all. `shards`: (run, shard, entries) of each."""
    columns, rows = columns_of(shards)
    metadata = {"qviz.statistics": VERSION, "qviz.bins": str(1 << (grid.kept_bits(bins) - 1)), "qviz.writer": WRITER}
    if holds is not None:
        metadata["qviz.shards"] = json.dumps(holds, ensure_ascii=False)
    with saved(path, replace=replace) as file:
        parquet.write(file, columns, rows, metadata, f"{WRITER.replace(' ', ' version ')} (build 0)")


def columns_of(shards):
    """The columns of the table, sorted, and how many rows they have."""
    lots = []  # of each entry its rows, by column
    texts = {name: {} for name in ("run", "shard", "tensor", "kind", "op", "shape", "dtype")}
    code = lambda name, text: texts[name].setdefault(text, len(texts[name]))  # noqa: E731
    every = [(run, WEIGHTS if e.kind == "weight" else shard, e) for run, shard, entries in shards for e in entries]
    order = lambda each: (*each[:2], each[2].kind, each[2].tensor, -1 if each[2].axis is None else each[2].axis)  # noqa: E731
    for run, shard, entry in sorted(every, key=order):
        lot = _rows_of(entry)
        about = {
            "run": run, "shard": shard, "tensor": entry.tensor, "kind": entry.kind, "op": entry.op, "shape": entry.shape,
            "dtype": entry.dtype,
        }
        for name, text in about.items():
            lot[name] = np.full(len(lot["n"]), code(name, text))
        lots.append(lot)
    if not lots:
        lots.append({name: np.zeros(0, np.int64) for name, _, _ in SCHEMA})
        lots[0]["row"] = np.zeros(0, np.int64)
    data = {name: np.concatenate([lot[name] for lot in lots]) for name in lots[0]}
    row = data["row"]
    is_tensor, is_sums, is_bins = (row == i for i in range(3))
    valid = {"axis": data["axis"] >= 0, "channel": data["axis"] >= 0, "sign": ~is_tensor, "exp": ~is_tensor, "idx": is_bins}
    valid["min"] = is_tensor & ~np.isnan(data["min"])
    valid["max"] = is_tensor & ~np.isnan(data["max"])
    valid.update({name: is_tensor for name in (*STATS, "samples", "shape", "dtype")})
    valid.update({name: is_sums for name in PIECES})
    values = {name: list(codes) for name, codes in texts.items()}
    values["row"] = ROWS
    columns = [
        Column(name, kind, Texts(values[name], data[name]) if kind == TEXT else data[name], valid[name] if optional else None)
        for name, kind, optional in SCHEMA
    ]
    return columns, len(row)


def _rows_of(entry):
    """The numbers of an entry's rows in their order: of each part one of `tensor`, then `sums`, then `bins`."""
    rows = entry.rows
    sizes = [rows.parts, len(rows.sums), len(rows.bins)]
    total = sum(sizes)
    blank = lambda dtype=np.int64: np.zeros(total, dtype)  # noqa: E731
    tensor, sums, bins = (slice(sum(sizes[:i]), sum(sizes[:i + 1])) for i in range(3))
    lot = {name: blank() for name in ("sign", "exp", "idx", "n", *STATS, *PIECES)}
    lot["row"] = np.repeat(np.arange(3), sizes)
    for i, name in enumerate(["n", *STATS]):
        lot[name][tensor] = rows.stats[:, i]
    for i, name in enumerate(["n", *PIECES]):
        lot[name][sums] = rows.pieces[:, i]
    lot["n"][bins] = rows.times
    for name, ordered in (("min", rows.low), ("max", rows.high)):
        lot[name] = np.full(total, np.nan, np.float32)
        lot[name][tensor] = grid.from_ordered(ordered)
    part = np.concatenate([np.arange(rows.parts), rows.sums >> (EXP_BITS + 1), rows.bins >> (IDX_BITS + 1)])
    lot["sign"][sums] = (rows.sums >> EXP_BITS & 1) * 2 - 1
    lot["sign"][bins] = (rows.bins >> IDX_BITS & 1) * 2 - 1
    lot["exp"][sums] = (rows.sums & 255) - 150
    lot["exp"][bins] = rows.exp[part[bins]]
    lot["idx"][bins] = rows.bins & ((1 << IDX_BITS) - 1)
    lot["samples"] = np.full(total, entry.samples)
    lot["axis"] = np.full(total, -1 if entry.axis is None else entry.axis)
    lot["channel"] = part
    if rows.parts > 1:
        order = np.lexsort((lot["row"], part))  # stable: within both the keys are in order already
        lot = {name: values[order] for name, values in lot.items()}
    return lot


def read(path):
    """Reads a table; an error names the file."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise StatsError(f"{path} cannot be read: {error.strerror}") from error
    try:
        columns, rows, metadata = _parquet(path, data)
        return _table(columns, rows, metadata)
    except ValueError as error:
        raise StatsError(f"{path} is no table of statistics: {error}") from error


def _parquet(path, data):
    try:
        return parquet.read(data)
    except parquet.reader.Unsupported as error:
        try:
            import pyarrow.parquet
        except ImportError:
            raise ValueError(f"{error}; install pyarrow, or write it with Snappy, gzip or uncompressed") from error
    try:
        table = pyarrow.parquet.ParquetFile(path).read()
    except (OSError, pyarrow.ArrowException) as error:
        raise ValueError(str(error).strip().replace("\n", " ")) from error
    columns = []
    for name, kind, optional in SCHEMA:
        if name not in table.column_names:
            continue
        column = table.column(name).combine_chunks()
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        if kind == TEXT:
            coded = column.cast("string").dictionary_encode()
            codes = coded.indices.fill_null(0).to_numpy(zero_copy_only=False)
            values = Texts(coded.dictionary.to_pylist(), codes)
        else:
            values = column.fill_null(0).to_numpy(zero_copy_only=False)
        columns.append(Column(name, kind, values, valid if optional else None))
    metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    return columns, table.num_rows, metadata


def _table(columns, count, metadata):
    version = metadata.get("qviz.statistics", VERSION)
    if version != VERSION:
        raise ValueError(f"it is of version {version}, and this program reads version {VERSION}")
    data, valid = {}, {}
    by_name = {column.name: column for column in columns}
    for name, kind, optional in SCHEMA:
        if name not in by_name:
            raise ValueError(f"it has no column {name}")
        column = by_name[name]
        if (kind == TEXT) != (column.type == TEXT) or (kind == FLOAT) != (column.type == FLOAT):
            raise ValueError(f"its column {name} is of another type")
        data[name] = column.values
        valid[name] = np.ones(count, bool) if column.valid is None else column.valid
        if not optional and not valid[name].all():
            raise ValueError(f"its column {name} has rows without a value")
        if kind in (INT32, INT64):
            data[name] = np.asarray(column.values, np.int64)
            if kind == INT32 and count and np.abs(data[name]).max() >= 1 << 31:
                raise ValueError(f"its column {name} has numbers beyond 32 bits")
    try:
        bins = int(metadata["qviz.bins"]) if "qviz.bins" in metadata else None
        holds = [(run, shard) for run, shard in json.loads(metadata["qviz.shards"])] if "qviz.shards" in metadata else None
    except (ValueError, TypeError) as error:
        raise ValueError("its metadata cannot be read") from error

    is_row = []
    text = lambda name: np.array([*data[name].values, ""], object)[data[name].codes]  # noqa: E731
    rows = text("row")
    for name in ROWS:
        is_row.append(rows == name)
    if not np.logical_or.reduce(is_row).all():
        raise ValueError("a row is neither tensor, sums nor bins")
    if count and data["n"].min() < 0:
        raise ValueError("a count is negative")
    axis = np.where(valid["axis"], data["axis"], -1)
    channel = np.where(valid["axis"], data["channel"], 0)
    if (valid["axis"] != valid["channel"]).any() or (valid["axis"] & ((axis < 0) | (channel < 0))).any():
        raise ValueError("an axis has no channel, or a channel no axis")
    group = np.zeros(count, np.int64)
    for name in ("run", "shard", "kind", "tensor"):
        group = group * (len(data[name].values) + 1) + data[name].codes
    group = group * (int(axis.max(initial=0)) + 2) + axis + 1
    order = np.argsort(group, kind="stable")
    edges = np.flatnonzero(np.diff(group[order], prepend=-1)) if count else []
    shards, word = {}, lambda name, at: data[name].values[data[name].codes[at]]
    for start, end in zip(edges, [*edges[1:], count]):
        at = order[start:end]
        run, shard, kind, tensor = (word(name, at[0]) for name in ("run", "shard", "kind", "tensor"))
        if kind not in ("activation", "weight"):
            raise ValueError(f"{tensor} is neither an activation nor a weight, but {kind!r}")
        picked = [at[which[at]] for which in is_row]
        along = None if axis[at[0]] < 0 else int(axis[at[0]])
        try:
            counted = _counts(data, valid, channel, *picked, bins)
        except ValueError as error:
            raise ValueError(f"{tensor}: {error}") from error
        head = picked[0][0]
        about = (word("op", head), word("shape", head), word("dtype", head), int(data["samples"][head]))
        shards.setdefault((run, shard), []).append(Entry(kind, tensor, *about, along, counted))
    if bins is None:
        bins = _asked(entry.rows for entries in shards.values() for entry in entries)
    return Table(bins, shards, holds)


def _asked(all_rows):
    """For how many bins it was counted, as the width of the bins says where an engine has left the metadata out."""
    for rows in all_rows:
        for low, high, exp in zip(rows.low, rows.high, rows.exp):
            amax = max(int(high), -int(low))
            if 0 < amax < grid.INFINITE and exp > grid.SMALLEST:
                for bits in range(1, 17):
                    if grid.width_exponent(amax, bits) == exp:
                        return 1 << (bits - 1)
    return 2048


def _counts(data, valid, channel, tensor, sums, bins, asked):
    """The counts that some rows tell."""
    parts = int(channel[tensor].max(initial=-1)) + 1
    if not parts or not np.array_equal(np.sort(channel[tensor]), np.arange(parts)):
        raise ValueError("it has not one row `tensor` for each channel")
    tensor = tensor[np.argsort(channel[tensor])]
    rows = Rows.empty(parts)
    rows.stats[:] = np.stack([data[name][tensor] for name in ["n", *STATS]], axis=1)
    finite = rows.stats[:, 0] - rows.stats[:, 2:].sum(axis=1)
    if (rows.stats < 0).any() or (finite < rows.stats[:, 1]).any():
        raise ValueError("a count is negative, or there are more of some kind than values")
    if rows.stats[:, 0].max() > MOST_VALUES:
        raise ValueError("it has more than 2^47 values, whose sums may not fit into 64 bits")
    for name, ordered in (("min", rows.low), ("max", rows.high)):
        there = valid[name][tensor]
        if (there != (finite > 0)).any():
            raise ValueError(f"its {name} is missing, or should be")
        ordered[there] = grid.to_ordered(data[name][tensor][there])
    for at in (sums, bins):
        if len(at) and (channel[at].max() >= parts or (np.abs(data["sign"][at]) != 1).any() or data["n"][at].min() < 1):
            raise ValueError("a row has no sign, no values, or no channel that is there")
    side = channel * 2 + (data["sign"] > 0)
    biased = data["exp"][sums] + 150
    if ((biased < 1) | (biased > 254)).any():
        raise ValueError("an exponent is none of float32")
    pieces = np.stack([data[name][sums] for name in ["n", *PIECES]], axis=1)
    rows.sums, rows.pieces = added(side[sums] << EXP_BITS | biased, pieces)

    exp, idx = data["exp"][bins], data["idx"][bins]
    np.maximum.at(rows.exp, channel[bins], exp)
    limit = 1 << (IDX_BITS if asked is None else grid.kept_bits(asked))
    if ((exp < grid.SMALLEST) | (exp > 127) | (idx < 0) | (idx >= limit)).any():
        raise ValueError("a bin lies beyond the grid")
    idx = idx >> np.minimum(rows.exp[channel[bins]] - exp, IDX_BITS)
    rows.bins, rows.times = added(side[bins] << IDX_BITS | idx, data["n"][bins])
    if asked is not None:
        amax = np.where(finite > 0, np.maximum(rows.high, -rows.low), 0)
        if [grid.width_exponent(int(bits), grid.kept_bits(asked)) for bits in amax] != rows.exp.tolist():
            raise ValueError("its bins are not as wide as its largest value says")
    for at, counted, expected in ((rows.bins >> (IDX_BITS + 1), rows.times, finite),
                                  (rows.sums >> (EXP_BITS + 1), rows.pieces[:, 0], finite - rows.stats[:, 1])):
        found = np.zeros(parts, np.int64)
        np.add.at(found, at, counted)
        if not np.array_equal(found, expected):
            raise ValueError("its rows do not add up to the number of its values")
    return rows
