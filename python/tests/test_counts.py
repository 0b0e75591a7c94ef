import pickle
import threading
import unittest

import numpy as np

from . import hostile
from .support import Case, Collector, collected, expected, needs, rows_of
from qviz_stats import StatsError
from qviz_stats.collector import joined_shape
from qviz_stats.values import codes


class ByDefinition(Case):
    def test_hostile_values_give_the_rows_of_the_definition(self):
        for bins in (2048, 1, 100, 32768):
            for name, array in hostile.lots():
                with self.subTest(name, bins=bins):
                    self.assertEqual(rows_of(collected([(name, array)], bins)), expected(name, array, bins))

    def test_so_do_channels_short_and_long(self):
        rng = np.random.default_rng(1)
        for shape, axis in [((7, 5, 3), 1), ((7, 5, 3), -1), ((3, 900), 0), ((2, 0, 4), 0), ((0, 3), 1), ((4,), 0)]:
            array = rng.integers(0, 1 << 32, shape, np.uint32).view(np.float32)
            for bins in (2048, 64):
                with self.subTest(shape=shape, axis=axis, bins=bins):
                    self.assertEqual(
                        rows_of(collected([("x", array)], bins, axis=axis)), expected("x", array, bins, axis=axis)
                    )

    def test_every_type_is_read_as_qviz_reads_it(self):
        rng = np.random.default_rng(2)
        for dtype in ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"):
            info = (0, 2) if dtype == "bool" else (np.iinfo(dtype).min, int(np.iinfo(dtype).max) + 1)
            array = rng.integers(*info, 3000, dtype=dtype) if dtype != "bool" else rng.integers(0, 2, 3000) > 0
            self.assertEqual(rows_of(collected([("x", array)])), expected("x", array), dtype)
        with np.errstate(all="ignore"):
            doubles = np.concatenate([rng.integers(0, 1 << 64, 3000, np.uint64).view(np.float64), [1e39, -1e39, 1e-46, 0.1]])
        self.assertEqual(rows_of(collected([("x", doubles)])), expected("x", doubles))
        halves = np.arange(65536, dtype=np.uint16).view(np.float16)
        self.assertEqual(rows_of(collected([("x", halves)])), expected("x", halves))
        self.assertEqual(rows_of(collected([("x", halves[:500])])), expected("x", halves[:500]))
        self.assertEqual(rows_of(collected([("x", halves.astype(">f2"))])), expected("x", halves))
        swapped = halves[::-1].astype(np.float32).astype(">f4")
        self.assertEqual(rows_of(collected([("x", swapped)])), expected("x", swapped))

    def test_integers_are_rounded_to_the_nearest_even(self):
        for dtype, value, rounded in [("int32", (1 << 24) + 1, 1 << 24), ("int64", (1 << 24) + 3, (1 << 24) + 4),
                                      ("uint64", (1 << 63) + (1 << 39) + 1, (1 << 63) + (1 << 40)),
                                      ("uint64", (1 << 63) + (1 << 39), 1 << 63)]:
            (row, *_) = rows_of(collected([("x", np.array([value], dtype))]))
            self.assertEqual(row[16], float(rounded), dtype)

    def test_types_of_ml_dtypes_and_their_bits(self):
        every = np.arange(65536, dtype=np.uint16)
        brain = (every.astype(np.uint32) << 16).view(np.float32)
        for piece in (slice(None), slice(100, 900)):
            want = expected("x", brain[piece], dtype="bfloat16")
            self.assertEqual(rows_of(collected([("x", every[piece])], dtype="bfloat16")), want)
            self.assertEqual(rows_of(collected([("x", every[piece].view("V2"))])), want)
        eighths = codes("float8_e4m3fn").view(np.float32)
        self.assertEqual(eighths[[0x7E, 0x01, 0x08, 0xB8]].tolist(), [448.0, 2.0**-9, 2.0**-6, -1.0])
        self.assertEqual(codes("float8_e5m2").view(np.float32)[[0x7B, 0x01, 0x7C]].tolist(), [57344.0, 2.0**-16, np.inf])

    @needs("ml_dtypes")
    def test_types_of_ml_dtypes_themselves(self):
        import ml_dtypes

        for dtype, width in (("bfloat16", 16), ("float8_e4m3fn", 8), ("float8_e5m2", 8)):
            every = np.arange(1 << width, dtype=f"u{width // 8}")
            array = every.view(getattr(ml_dtypes, dtype))
            self.assertEqual(rows_of(collected([("x", array)])), expected("x", array))
            self.assertEqual(rows_of(collected([("x", array[:99])])), expected("x", array[:99]))
            self.assertEqual(rows_of(collected([("x", every)], dtype=dtype)), expected("x", array))


class AnySplit(Case):
    def test_any_split_order_layout_and_merge_gives_the_same(self):
        for seed in range(40):
            rng = np.random.default_rng(seed)
            size = int(rng.integers(1, 300))
            array = rng.integers(0, 1 << 32, (size, 6), np.uint32)
            array[rng.random(array.shape) < 0.3] &= 0x807FFFFF
            array[rng.random(array.shape) < 0.2] = 0
            array = array.view(np.float32)
            bins = int(rng.integers(1, 3000))
            whole = rows_of(collected([("x", array)], bins, axis=1, samples=4))
            cuts = np.sort(rng.integers(0, size + 1, 3))
            collectors = [Collector(bins) for _ in range(2)]
            for i, piece in enumerate(np.split(array, cuts)[::-1]):
                layout = [piece, np.asfortranarray(piece), np.repeat(piece, 2, 0)[::2], piece[:, ::-1][:, ::-1]][i]
                collectors[rng.integers(2)].add("x", layout, axis=1)
            one, other = (pickle.loads(pickle.dumps(collector)) for collector in collectors)
            one.merge(other)
            self.assertEqual(rows_of(one), whole)

    def test_long_arrays_are_cut_into_steps(self):
        rng = np.random.default_rng(3)
        array = (rng.standard_normal((40, 5000)) * np.exp2(rng.integers(-60, 60, (40, 5000)))).astype(np.float32)
        array[array > 1e17] = 0
        array[5, 7] = np.nan
        whole = collected([("x", array)], axis=0)
        pieces = Collector()
        for row in array:
            pieces.add("x", row, samples=0)
        (first, *rest), (other, *others) = (rows_of(c) for c in (whole, pieces))
        of_whole = [row for row in rest if row[5] is None]
        self.assertEqual(of_whole, others)
        self.assertEqual(first[11:18], other[11:18])
        self.assertEqual(rows_of(collected([("x", array.T)], axis=1)), rows_of(collected([("x", array.T.copy())], axis=1)))
        self.assertEqual(sum(row[11] for row in rest if row[5] == 0 and row[7] == "bins"), array.size - 1)
        self.assertEqual(rows_of(collected([("x", array)], axis=0))[-300:], expected("x", array, axis=0)[-300:])

    def test_tables_of_short_types_are_no_other_way_to_count(self):
        rng = np.random.default_rng(4)
        halves = rng.integers(0, 1 << 16, 200_000, np.uint16).view(np.float16)
        self.assertEqual(
            [row[8:18] + row[21:] for row in rows_of(collected([("x", halves)]))],
            [row[8:18] + row[21:] for row in rows_of(collected([("x", halves.astype(np.float32))]))],
        )

    def test_threads_may_add_at_the_same_time(self):
        rng = np.random.default_rng(5)
        arrays = [rng.standard_normal((4, 500)).astype(np.float32) * 10.0**i for i in range(8)]
        collector = Collector()
        threads = [threading.Thread(target=collector.add, args=("x", array)) for array in arrays]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(rows_of(collector), rows_of(collected([("x", array) for array in arrays[::-1]])))


class Described(Case):
    def test_shapes_types_operators_and_samples_are_joined(self):
        collector = Collector()
        collector.add("x", np.ones((2, 3, 4), np.float32), samples=2)
        collector.add("x", np.ones((5, 3, 6), np.float16), op="Relu", samples=5)
        collector.add("y", np.float32(1))
        collector.add("y", np.float32(1))
        collector.add("w", np.ones((2, 3)), kind="weight")
        collector.add("w", np.ones((2, 5)), kind="weight")
        collector.add("z", np.ones((2, 3)))
        collector.add("z", np.ones(3))
        collector.add("z", np.ones(3))
        told = {row[2]: (row[4], row[18], row[19], row[20]) for row in rows_of(collector) if row[7] == "tensor"}
        self.assertEqual(told["x"], ("Relu", 7, "7x3x?", "mixed"))
        self.assertEqual(told["y"], ("", 2, "2", "float32"))
        self.assertEqual(told["w"], ("", 2, "2x?", "float64"))
        self.assertEqual(told["z"], ("", 3, "?", "float64"))

    def test_shapes_are_joined_the_same_in_any_order(self):
        shapes = ["1", "?x", "?", "3", "3x4", "5x4", "3x?", "?x4", "2x4x1", ""]
        for kind in ("activation", "weight"):
            for a in shapes:
                for b in shapes:
                    self.assertEqual(joined_shape(kind, a, b), joined_shape(kind, b, a))
                    for c in shapes:
                        left = joined_shape(kind, joined_shape(kind, a, b), c)
                        self.assertEqual(left, joined_shape(kind, a, joined_shape(kind, b, c)), (kind, a, b, c))
        self.assertEqual(joined_shape("activation", "8x64x7", "5x64x9"), "13x64x?")

    def test_the_order_is_that_of_the_table(self):
        collector = Collector()
        for kind, name in (("weight", "b"), ("activation", "z"), ("weight", "a"), ("activation", "é"), ("activation", "Z")):
            collector.add(name, np.array([[-1, 2.5], [0, -8]]), kind=kind, axis=1)
        rows = rows_of(collector)
        self.assertEqual(list(dict.fromkeys((row[1], row[2]) for row in rows)),
                         [("s", "Z"), ("s", "z"), ("s", "é"), ("weights", "a"), ("weights", "b")])
        order = {"tensor": 0, "sums": 1, "bins": 2}
        place = lambda r: (r[3], r[2].encode(), *(-1 if v is None else v for v in r[5:7]), order[r[7]],  # noqa: E731
                           *(-1000 if v is None else v for v in r[8:11]))
        self.assertEqual(rows, sorted(rows, key=place))

    def test_what_cannot_be_counted_is_said_and_changes_nothing(self):
        collector = collected([("x", np.ones((2, 3)))], axis=1, op="Relu")
        before = rows_of(collector)
        for arguments, words in [
            (("x", np.ones(3, np.complex64)), "complex64 are not counted"),
            (("x", ["a"]), "are not counted"),
            (("x", np.array([None])), "object are not counted"),
            (("x", np.ones((2, 4)), {"axis": 1}), "axis 1 has 4 indices now and had 3"),
            (("x", np.ones((2, 3)), {"axis": 2}), "no axis 2"),
            (("y", np.ones((2, 0)), {"axis": 1}), "axis 1 has no channels"),
            (("x", np.ones((2, 3))), "same axis, or none"),
            (("x", np.ones((2, 3)), {"axis": 1, "op": "Conv"}), "Relu in one part and by Conv"),
            (("y", np.ones(3), {"kind": "gradient"}), "activation or a weight"),
            (("y", np.ones(3), {"dtype": "bfloat16"}), "2 bytes each"),
            (("y", np.ones(3), {"dtype": "float16"}), "cannot be given"),
        ]:
            name, array, *options = arguments
            with self.subTest(words), self.assertRaisesRegex(StatsError, words):
                collector.add(name, array, **(options[0] if options else {}))
        for other, words in [(Collector(64), "give both the same"), (collected([("x", np.ones((2, 3)))]), "split along"),
                             (collected([("x", np.ones((2, 4)))], axis=1), "4 in another"), (collector, "with itself")]:
            with self.subTest(words), self.assertRaisesRegex(StatsError, words):
                collector.merge(other)
        with self.assertRaises(ValueError):
            Collector(0)
        self.assertEqual(rows_of(collector), before)

    def test_weights_are_the_same_everywhere_and_count_once(self):
        one, same, other = (collected([("w", np.arange(9.0) * k)], kind="weight") for k in (1, 1, 2))
        one.merge(same)
        self.assertEqual(rows_of(one), rows_of(same))
        with self.assertRaisesRegex(StatsError, "two networks"):
            one.merge(other)


if __name__ == "__main__":
    unittest.main()
