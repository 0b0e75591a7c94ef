import io
import os
import unittest
import zlib

import numpy as np

import qviz_stats
from qviz_stats import StatsError, parquet, table
from qviz_stats.parquet import FLOAT, INT32, INT64, TEXT, Column, Texts, runs

from . import hostile
from .support import Case, Collector, collected, listed, needs, rows_of


def many(bins=2048, seed=0):
    collector = collected(hostile.lots(seed), bins)
    collector.add("λ channels", np.random.default_rng(seed).standard_normal((3, 40)), axis=0, kind="weight", op="Conv", samples=0)
    return collector


def shown(path):
    """A file's rows and its metadata."""
    columns, rows, metadata = parquet.read(path.read_bytes())
    return listed(columns, rows), metadata


class Written(Case):
    def test_what_is_written_is_read_again(self):
        path = self.folder / "a.parquet"
        collector = many()
        collector.write(path, run="r", shard="s")
        rows, metadata = shown(path)
        self.assertEqual(rows, rows_of(collector))
        self.assertEqual(metadata, {"qviz.statistics": "1", "qviz.bins": "2048", "qviz.writer": table.WRITER})
        there = qviz_stats.read(path)
        self.assertEqual((there.bins, there.holds), (2048, None))
        self.assertEqual(rows_again(there), rows)

    def test_the_same_counts_are_the_same_bytes(self):
        for name in ("a", "b"):
            many().write(self.folder / name, run="r", shard="s")
        self.assertEqual((self.folder / "a").read_bytes(), (self.folder / "b").read_bytes())

    def test_a_table_of_nothing_is_one(self):
        Collector(64).write(self.folder / "a", run="r", shard="s")
        self.assertEqual(qviz_stats.read(self.folder / "a"), (64, {}, None))

    def test_a_file_is_there_whole_or_not_at_all(self):
        path = self.folder / "deep" / "a.parquet"
        collector = many()
        collector.write(path, run="r", shard="s")
        before = path.read_bytes()
        with self.assertRaisesRegex(StatsError, "a.parquet is there already"):
            collector.write(path, run="r", shard="t")
        written = parquet.write
        self.addCleanup(setattr, parquet, "write", written)

        def breaking(file, *rest):
            file.write(b"half")
            raise KeyboardInterrupt

        parquet.write = breaking
        for name in ("a.parquet", "b.parquet"):
            with self.assertRaises(KeyboardInterrupt):
                collector.write(path.parent / name, run="r", shard="t", replace=True)
        self.assertEqual(os.listdir(path.parent), ["a.parquet"])
        self.assertEqual(path.read_bytes(), before)
        parquet.write = written
        with self.assertRaisesRegex(StatsError, "cannot be written"):
            collector.write(path / "below", run="r", shard="t")
        umask = os.umask(0)
        os.umask(umask)
        self.assertEqual(path.stat().st_mode & 0o777, 0o666 & ~umask)


class Parquet(Case):
    def test_columns_of_all_kinds_over_groups_of_rows(self):
        rng = np.random.default_rng(0)
        rows = parquet.writer.GROUP + 1000
        some = rng.random(rows) < 0.5
        columns = [
            Column("t", TEXT, Texts(["a", "", "é", *map(str, range(300))], rng.integers(0, 303, rows))),
            Column("o", TEXT, Texts(["x", "y"], np.repeat([0, 1], [5, rows - 5])), some),
            Column("i", INT32, rng.integers(-(1 << 31), 1 << 31, rows), some),
            Column("n", INT64, rng.integers(-(1 << 63), (1 << 63) - 1, rows)),
            Column("f", FLOAT, rng.standard_normal(rows).astype(np.float32), ~some),
            Column("z", INT32, np.zeros(rows, np.int64), np.zeros(rows, bool)),
        ]
        file = io.BytesIO()
        parquet.write(file, columns, rows, {"k": "v"}, "test")
        read, count, metadata = parquet.read(file.getvalue())
        self.assertEqual((count, metadata), (rows, {"k": "v"}))
        self.assertEqual(listed(read, rows), listed(columns, rows))

    def test_packed_bits_are_read_as_well(self):
        rng = np.random.default_rng(1)
        for width in range(1, 20):
            codes = rng.integers(0, 1 << width, 24)
            bits = (codes[:, None] >> np.arange(width) & 1).astype(np.uint8)
            packed = bytes([3 << 1 | 1]) + np.packbits(bits.ravel(), bitorder="little").tobytes()
            self.assertEqual(runs.decode(packed + runs.encode([1] * 9, width), 0, width, 30).tolist(), [*codes, *[1] * 6])
            self.assertEqual(runs.decode(runs.encode(codes, width), 0, width, 24).tolist(), codes.tolist())

    def test_snappy_is_unpacked(self):
        from qviz_stats.parquet.snappy import unpacked

        # A literal, a copy of what overlaps itself, one of two bytes' distance, and a literal of 61 bytes and more.
        packed = bytes([100, 2 << 2]) + b"abc" + bytes([3 << 2 | 1, 3]) + bytes([9 << 2 | 2, 10, 0]) + bytes([60 << 2, 79]) + b"x" * 80
        self.assertEqual(unpacked(packed, 100), b"abcabcabca" + b"abcabcabca" + b"x" * 80)
        for i in range(len(packed)):
            with self.assertRaises((ValueError, IndexError)):
                unpacked(packed[:i], 100)
        for wrong in (bytes([4, 0, 97, 0 << 2 | 1, 0]), bytes([5, 0, 97, 1, 9]), bytes([255] * 9)):
            with self.assertRaises((ValueError, IndexError)):
                unpacked(wrong, wrong[0])

    def test_damaged_files_are_a_sentence(self):
        path, broken = self.folder / "a", self.folder / "b"
        collected([("x", np.arange(50.0)), ("y", np.array([np.nan, 1]))], 64).write(path, run="r", shard="s")
        whole = path.read_bytes()
        rng = np.random.default_rng(2)
        read = wrong = 0
        for i in range(1200):
            data = bytearray(whole)
            if i % 3 == 0:
                del data[int(rng.integers(len(data))):]
            for _ in range(int(rng.integers(1, 4)) if i % 3 else 0):
                data[rng.integers(len(data))] = rng.integers(256)
            broken.write_bytes(data)
            try:
                qviz_stats.read(broken)
                read += 1
            except StatsError as error:
                self.assertIn(str(broken), str(error))
                wrong += 1
        self.assertGreater(wrong, 800)
        with self.assertRaisesRegex(StatsError, "cannot be read: No such file"):
            qviz_stats.read(self.folder / "none")

    @needs("pyarrow")
    def test_pyarrow_reads_it_and_writes_it(self):
        import pyarrow.parquet as pq

        path, again = self.folder / "a", self.folder / "b"
        collector = many()
        collector.write(path, run="r", shard="s")
        there = pq.read_table(path)
        self.assertEqual([tuple(row.values()) for row in there.to_pylist()], rows_of(collector))
        for how in ({}, {"compression": "zstd"}, {"compression": "none", "use_dictionary": False},
                    {"compression": "gzip", "data_page_size": 500}, {"compression": "gzip", "row_group_size": 1000}):
            pq.write_table(there, again, **how)
            self.assertEqual(rows_again(qviz_stats.read(again)), rows_of(collector), how)
        # Snappy is its default, which is read without it.
        pq.write_table(there, again)
        self.assertEqual(rows_again(table._table(*parquet.read(again.read_bytes()))), rows_of(collector))

    @needs("duckdb")
    def test_duckdb_reads_it_and_writes_it(self):
        import duckdb

        path, again = self.folder / "a", self.folder / "b"
        collector = many()
        collector.write(path, run="r", shard="s")
        self.assertEqual(duckdb.sql(f"FROM read_parquet('{path}')").fetchall(), rows_of(collector))
        duckdb.sql(f"COPY (FROM read_parquet('{path}') ORDER BY random()) TO '{again}' (FORMAT parquet, CODEC gzip)")
        self.assertEqual(rows_again(qviz_stats.read(again)), rows_of(collector))

    @needs("polars")
    def test_polars_reads_it(self):
        import polars

        collector = many()
        collector.write(self.folder / "a", run="r", shard="s")
        self.assertEqual(polars.read_parquet(self.folder / "a").rows(), rows_of(collector))


def rows_again(there):
    return listed(*table.columns_of([(*key, entries) for key, entries in there.shards.items()]))


class Tables(Case):
    """Files of Parquet that hold something else."""

    def changed(self, change):
        columns, rows = table.columns_of([("r", "s", list(collected([("x", np.arange(-9.0, 9))], 64).entries()))])
        columns = {column.name: column for column in columns}
        change(columns, rows)
        path = self.folder / "a"
        with open(path, "wb") as file:
            parquet.write(file, list(columns.values()), rows, {"qviz.bins": "64"}, "test")
        qviz_stats.read(path)

    def test_what_is_wrong_is_told(self):
        def put(name, at, value):
            def change(columns, _rows):
                columns[name] = columns[name]._replace(values=np.array(columns[name].values, np.int64))
                columns[name].values[at] = value
            return change

        self.changed(lambda columns, rows: None)
        for change, words in [
            (lambda c, r: c.pop("exp"), "no column exp"),
            (put("n", 0, -1), "count is negative"),
            (put("n", 1, 5), "do not add up"),
            (put("n", 0, 1 << 50), "2\\^47"),
            (put("zeros", 0, 30), "more of some kind"),
            (put("exp", slice(4, None), 3), "not as wide"),
            (put("idx", -1, 4000), "beyond the grid"),
            (put("exp", 1, 200), "none of float32"),
            (put("sign", 1, 0), "no sign"),
            (lambda c, r: c.update(row=c["row"]._replace(values=Texts(["tensor", "sums", "boxes"], c["row"].values.codes))),
             "neither tensor, sums nor bins"),
            (lambda c, r: c.update(kind=c["kind"]._replace(values=Texts(["bias"], c["kind"].values.codes))), "but 'bias'"),
            (lambda c, r: c.update(min=c["min"]._replace(valid=np.zeros(r, bool))), "min is missing"),
            (lambda c, r: c.update(n=Column("n", FLOAT, np.ones(r))), "another type"),
            (lambda c, r: c.update(axis=c["axis"]._replace(valid=np.ones(r, bool))), "no channel"),
        ]:
            with self.subTest(words), self.assertRaisesRegex(StatsError, words):
                self.changed(change)

    def test_a_page_that_unpacks_to_more_than_it_says_is_cut(self):
        with self.assertRaises(ValueError):
            parquet.reader._inflated(zlib.compress(b"a" * 10), 11)
        self.assertEqual(parquet.reader._inflated(zlib.compress(b"a" * 10_000_000), 5), b"aaaaa")


if __name__ == "__main__":
    unittest.main()
