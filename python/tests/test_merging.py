import contextlib
import io
import json
import unittest

import numpy as np

import qviz_stats
from qviz_stats import StatsError, parquet
from qviz_stats.__main__ import main

from . import hostile
from .support import Case, collected, rows_of
from .test_files import shown


def texts_out(rows):
    """Rows without run and shard."""
    return [row[2:] for row in rows]


class Merged(Case):
    def part(self, name, arrays, run="r", shard=None, bins=2048, **about):
        path = self.folder / name
        collected(arrays, bins, **about).write(path, run=run, shard=shard or name, replace=True)
        return path

    def test_any_tree_of_merges_is_one_pass(self):
        lots = [(name, array) for seed in range(3) for name, array in hostile.lots(seed)]
        rng = np.random.default_rng(0)
        lots += [("c", rng.standard_normal((4, 3, 50)).astype(np.float32) * 10.0**i) for i in range(6)]
        whole = [(name, array, 0 if name == "c" else None) for name, array in lots]
        want = collected([])
        parts = [collected([]) for _ in range(6)]
        for i, (name, array, axis) in enumerate(whole):
            want.add(name, array, axis=axis)
            parts[i % 6].add(name, array, axis=axis)
        paths = []
        for i, part in enumerate(parts):
            paths.append(self.folder / f"p{i}")
            part.write(paths[-1], run="r", shard=f"p{i}")
        held = [("r", f"p{i}") for i in range(6)]
        self.assertEqual(qviz_stats.merge(paths, self.folder / "all"), held)
        rows, metadata = shown(self.folder / "all")
        self.assertEqual(texts_out(rows), texts_out(rows_of(want)))
        self.assertEqual({row[:2] for row in rows}, {("r", "merged")})
        self.assertEqual(json.loads(metadata["qviz.shards"]), [list(shard) for shard in held])
        # Backwards, in twos, one of them twice.
        qviz_stats.merge(paths[:1] + paths[3:2:-1] + paths[:1], self.folder / "x")
        qviz_stats.merge(paths[5:3:-1], self.folder / "y")
        qviz_stats.merge([self.folder / "y", paths[2], self.folder / "x", paths[1], paths[1]], self.folder / "z")
        self.assertEqual((self.folder / "z").read_bytes(), (self.folder / "all").read_bytes())

    def test_a_shard_counts_once_and_two_that_differ_do_not_count(self):
        with_weights = [self.part(f"w{i}", [("w", np.arange(3.0))], kind="weight") for i in range(2)]
        a, same = (self.part(name, [("x", np.arange(9.0))], shard="s") for name in ("a", "same"))
        other = self.part("other", [("x", np.arange(8.0))], shard="s")
        b = self.part("b", [("x", np.arange(5.0))])
        self.assertEqual(qviz_stats.merge([a, b, same], self.folder / "all"), [("r", "b"), ("r", "s")])
        for paths, words in [
            ([a, other], "other: it holds shard 's' of run 'r', and so does .*a, which"),
            ([self.folder / "all", a], "holds shard 's' of run 'r'"),
            ([a, self.folder / "all"], "holds shard 's' of run 'r'"),
            ([a, self.part("c", [("x", np.ones(3))], run="q")], "c: it is of run 'q', and .*a is of 'r'"),
            ([a, self.part("d", [("x", np.arange(9.0))], shard="s", bins=64)], "d: it holds shard 's' of run 'r'"),
            ([a, self.part("e", [("x", np.ones((3, 2)))], axis=1)], "e: x is split along axis 1 in one part only"),
            ([a, self.part("f", [("x", np.ones(3))], op="Relu"), self.part("g", [("x", np.ones(3))], op="Conv")],
             "g: x is made by Relu in one part and by Conv"),
            ([*with_weights, self.part("h", [("w", np.ones(3))], kind="weight")], "h: w is a weight of other values than in .*w0"),
            ([], "nothing to merge"),
        ]:
            before = sorted(self.folder.iterdir())
            with self.subTest(words), self.assertRaisesRegex(StatsError, words):
                qviz_stats.merge(paths, self.folder / "none")
            self.assertEqual(sorted(self.folder.iterdir()), before)
        self.assertEqual(qviz_stats.merge([a, self.folder / "c"], self.folder / "both", runs=True), [("q", "c"), ("r", "s")])
        self.assertEqual(shown(self.folder / "both")[0][0][:2], ("q+r", "merged"))
        self.assertEqual(qviz_stats.merge([self.folder / "all"] * 2, self.folder / "again"), [("r", "b"), ("r", "s")])
        self.assertEqual((self.folder / "again").read_bytes(), (self.folder / "all").read_bytes())
        # Weights are no piece of the data.
        self.assertEqual(qviz_stats.merge([*with_weights, a], self.folder / "weights"), [("r", "s")])
        weights = [row for row in shown(self.folder / "weights")[0] if row[3] == "weight"]
        self.assertEqual(weights, shown(with_weights[0])[0])

    def test_parts_for_different_bins_come_to_the_fewest(self):
        lots = [(name, array) for seed in range(2) for name, array in hostile.lots(seed)]
        lots += [("c", np.random.default_rng(i).standard_normal((4, 3, 50)) * 10.0**-i) for i in range(6)]
        bins = [2048, 64, 512, 64, 4096]
        want, parts = collected([], 64), [collected([], each) for each in bins]
        for i, (name, array) in enumerate(lots):
            for collector in (want, parts[i % 5]):
                collector.add(name, array, axis=0 if name == "c" else None)
        for collector in (want, *parts):
            collector.add("w", np.linspace(-3, 5, 24).reshape(4, 6), axis=0, kind="weight", samples=0)
        paths = []
        for i, part in enumerate(parts):
            paths.append(self.folder / f"p{i}")
            part.write(paths[-1], run="r", shard=f"p{i}")
        with self.assertWarnsRegex(UserWarning, "p1 was counted for 64 bins and others for up to 4096: all are brought to 64"):
            qviz_stats.merge(paths, self.folder / "all")
        rows, metadata = shown(self.folder / "all")
        self.assertEqual(metadata["qviz.bins"], "64")
        self.assertEqual(texts_out(rows), texts_out(rows_of(want)))
        with self.assertWarns(UserWarning):
            qviz_stats.merge(paths[:1] + paths[4:], self.folder / "fine")
            qviz_stats.merge([paths[3], self.folder / "fine", paths[2], paths[1], paths[1]], self.folder / "again")
        self.assertEqual((self.folder / "again").read_bytes(), (self.folder / "all").read_bytes())
        other = self.folder / "other"
        parts[0].coarser(8).write(other, run="r", shard="p0")
        with self.assertRaisesRegex(StatsError, "holds shard 'p0'"):
            qviz_stats.merge([paths[0], other], self.folder / "none")
        self.part("x", [("w", np.linspace(-3, 4, 24).reshape(4, 6))], bins=8, axis=0, kind="weight", samples=0)
        with self.assertRaisesRegex(StatsError, "x: w is a weight of other values than in .*p0"):
            qviz_stats.merge([paths[0], self.folder / "x"], self.folder / "none")

    def test_too_many_values_to_add_up_are_refused(self):
        path = self.part("a", [("x", np.zeros(9))])
        columns, rows, metadata = parquet.read(path.read_bytes())
        paths = []
        for i in range(3):
            paths.append(self.folder / f"b{i}")
            big = [c._replace(values=np.where(c.values == 9, 1 << 46, c.values)) if c.name in ("n", "zeros") else c for c in columns]
            big = [c._replace(values=c.values._replace(values=[f"b{i}"])) if c.name == "shard" else c for c in big]
            with open(paths[-1], "wb") as file:
                parquet.write(file, big, rows, metadata, "test")
        self.assertEqual(len(qviz_stats.merge(paths[:2], self.folder / "two")), 2)
        with self.assertRaisesRegex(StatsError, "x has more than 2\\^47 values"):
            qviz_stats.merge(paths, self.folder / "three")

    def test_what_is_done_is_not_done_again(self):
        path = self.part("a", [("x", np.ones(9))])
        self.assertTrue(qviz_stats.done(path, run="r", shard="a"))
        self.assertFalse(qviz_stats.done(self.folder / "b", run="r", shard="a"))
        with self.assertRaisesRegex(StatsError, "holds shard 'a' of run 'r', not 'b'"):
            qviz_stats.done(path, run="r", shard="b")
        path.write_bytes(path.read_bytes()[:-5])
        with self.assertRaisesRegex(StatsError, "no table of statistics"):
            qviz_stats.done(path, run="r", shard="a")

    def test_the_command_merges_and_says_what_is_wrong(self):
        paths = [str(self.part(name, [("x", np.ones(9))])) for name in "ab"]
        for arguments, code, words in [
            ([*paths, "-o", str(self.folder / "all")], 0, "2 shards"),
            ([*paths, "-o", str(self.folder / "all")], 1, "there already"),
            ([*paths, "-o", str(self.folder / "all"), "--force"], 0, "2 shards"),
            ([str(self.folder / "no"), "-o", str(self.folder / "all")], 1, "cannot be read"),
        ]:
            said = io.StringIO()
            with contextlib.redirect_stderr(said):
                self.assertEqual(main(["merge", *arguments]), code)
            self.assertIn(words, said.getvalue())


if __name__ == "__main__":
    unittest.main()
