"""What the tests have in common."""
import importlib.util
import os
import tempfile
import unittest
from pathlib import Path

import numpy as np

from qviz_stats import Collector, table
from qviz_stats.parquet import Texts

from . import oracle


def needs(*modules):
    """Skips a test, and says why, where a package is not there."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return unittest.skipIf(missing, f"{', '.join(missing)} not installed")


def listed(columns, rows):
    """Columns as rows, each a tuple in the order of the schema, None where there is no value."""
    lists = []
    for column in columns:
        values = column.values
        values = [values.values[c] for c in values.codes] if isinstance(values, Texts) else values.tolist()
        valid = [True] * rows if column.valid is None else column.valid
        lists.append([value if there else None for value, there in zip(values, valid)])
    return list(zip(*lists))


def rows_of(collector, run="r", shard="s"):
    """What a collector would write."""
    return listed(*table.columns_of([(run, shard, list(collector.entries()))]))


def expected(name, array, bins=2048, axis=None, kind="activation", op="", samples=1, dtype=None):
    """What it ought to write of one array."""
    about = {"run": "r", "shard": "weights" if kind == "weight" else "s", "tensor": name, "kind": kind, "op": op, "samples": samples,
             "shape": "x".join(map(str, array.shape or (1,))), "dtype": dtype or array.dtype.name}
    with np.errstate(all="ignore"):
        words = array.astype(np.float32).view(np.uint32)
    rows = list(oracle.rows_of(words.ravel().tolist(), bins, **about))
    for channel in range(0 if axis is None else array.shape[axis]):
        part = np.take(words, channel, axis).ravel().tolist()
        rows += oracle.rows_of(part, bins, **about, axis=axis % array.ndim, channel=channel)
    return [tuple(row[name] for name in oracle.COLUMNS) for row in rows]


def collected(arrays, bins=2048, **about):
    """A collector that has seen these."""
    collector = Collector(bins)
    for name, array in arrays:
        collector.add(name, array, **about)
    return collector


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    maxDiff = 2000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def only(self, *names):
        """The folder holds these files and no others."""
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(names))
