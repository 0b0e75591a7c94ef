import io
import unittest

import numpy as np

import qviz_stats
from qviz_stats import StatsError, sampled
from qviz_stats.observing import Observation
from qviz_stats.progress import Progress
from qviz_stats.sampling import counting

from .support import Case, Collector, collected, rows_of


class Sampled(unittest.TestCase):
    def test_a_share_is_drawn_and_the_same_again(self):
        def draws(rate, seed):
            call = sampled(rate, seed)(counting)
            return [call() for _ in range(2000)]

        self.assertEqual(draws(0.1, 7), draws(0.1, 7))
        self.assertNotEqual(draws(0.1, 7), draws(0.1, 8))
        self.assertAlmostEqual(np.mean(draws(0.1, 7)), 0.1, delta=0.03)
        self.assertEqual((set(draws(0, 1)), set(draws(1, 1))), ({False}, {True}))
        self.assertTrue(counting())

    def test_within_one_that_does_not_count_nothing_counts(self):
        inner = sampled(1)(counting)
        self.assertFalse(sampled(0)(inner)())
        with self.assertRaises(ZeroDivisionError):
            sampled(0)(lambda: 1 / 0)()
        self.assertTrue(counting())
        with self.assertRaisesRegex(StatsError, "from 0 to 1"):
            sampled(2)


class Observed(Case):
    def test_the_file_is_written_when_all_went_well(self):
        path = self.folder / "a"
        with Observation(path, run="r", shard="s", per_channel={"w*": 0}) as seen:
            seen._add("x", np.ones((2, 3)))
            seen._add("w1", np.ones((2, 3)))
        rows = [row for entries in qviz_stats.read(path).shards.values() for row in entries]
        self.assertEqual([(entry.tensor, entry.axis) for entry in rows], [("w1", None), ("w1", 0), ("x", None)])
        with self.assertRaisesRegex(StatsError, "there already; ask qviz_stats.done"):
            Observation(path, run="r", shard="s").__enter__()
        with self.assertRaisesRegex(StatsError, "Name it by shard="):
            Observation(path)

    def test_an_error_leaves_no_file(self):
        with self.assertRaises(KeyError), Observation(self.folder / "a", run="r", shard="s") as seen:
            seen._add("x", np.ones(3))
            raise KeyError
        self.only()

    def test_a_service_writes_from_time_to_time(self):
        collector = Collector()
        collector.add("x", np.ones(3))
        taken = collector.take()
        self.assertEqual((len(collector), collector.values, rows_of(taken)), (0, 0, rows_of(collected([("x", np.ones(3))]))))


class Told(unittest.TestCase):
    def test_progress_is_one_line_and_not_too_often(self):
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        clock = iter([0, 0.1, 1, 1.1, 2]).__next__
        stream = Terminal()
        told = Progress(stream, clock)
        for i in range(1, 4):
            told(i, 5, i * 1_000_000)
        told(4, 5, 4_000_000, last=True)
        self.assertEqual(
            stream.getvalue(),
            "\r2 calls, 5 tensors, 2,000,000 values counted, 2.0 million a second\x1b[K"
            "\r4 calls, 5 tensors, 4,000,000 values counted, 2.0 million a second\x1b[K\n",
        )
        plain = io.StringIO()
        told = Progress(plain, iter([0, 59, 60]).__next__)
        told(1, 1, 1)
        told(2, 1, 1)
        self.assertEqual(plain.getvalue().count("\n"), 1)

    def test_or_a_function_of_ones_own(self):
        said = []
        with Observation(progress=lambda *numbers: said.append(numbers)) as seen:
            seen._add("x", np.ones(3))
            seen._called()
        self.assertEqual(said, [(1, 1, 3), (1, 1, 3)])


if __name__ == "__main__":
    unittest.main()
