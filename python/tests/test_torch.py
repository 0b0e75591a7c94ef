import unittest

import numpy as np

import qviz_stats
from qviz_stats import StatsError, sampled

from . import hostile
from .support import Case, Collector, collected, needs, rows_of

try:
    import torch
    from torch import nn
except ImportError:
    torch = None

needs_torch = needs("torch")


@needs_torch
class Devices(unittest.TestCase):
    def on_device(self, tensor, bins, axis=None):
        """What operations of PyTorch count, as they would on a GPU."""
        from qviz_stats import device

        collector = Collector(bins)
        described, device.described = device.described, lambda t: device.OfTensor(t, str(t.dtype)[6:])
        self.addCleanup(setattr, device, "described", described)
        collector.add("x", tensor, axis=axis)
        device.described = described
        return rows_of(collector)

    def test_torch_counts_what_numpy_counts(self):
        for bins in (2048, 1, 300):
            for name, array in hostile.lots():
                with self.subTest(name, bins=bins):
                    want = rows_of(collected([("x", array)], bins))
                    tensor = torch.from_numpy(array.copy())
                    self.assertEqual(self.on_device(tensor, bins), want)
                    self.assertEqual(rows_of(collected([("x", tensor)], bins)), want)

    def test_of_channels_and_of_long_tensors_too(self):
        from qviz_stats import device

        step, counters = device.STEP, device.COUNTERS
        self.addCleanup(lambda: (setattr(device, "STEP", step), setattr(device, "COUNTERS", counters)))
        rng = np.random.default_rng(0)
        for shape, axis in [((7, 5, 3), 1), ((7, 5, 3), -1), ((3, 900), 0), ((2, 0, 4), 0), ((0, 3), 1), ((4,), 0)]:
            array = rng.integers(0, 1 << 32, shape, np.uint32).view(np.float32)
            for device.STEP, device.COUNTERS in ((step, counters), (70, 2000)):
                with self.subTest(shape=shape, axis=axis):
                    want = rows_of(collected([("x", array)], 64, axis=axis))
                    self.assertEqual(self.on_device(torch.from_numpy(array), 64, axis), want)
                    self.assertEqual(rows_of(collected([("x", torch.from_numpy(array))], 64, axis=axis)), want)

    def test_types(self):
        rng = np.random.default_rng(1)
        words = torch.from_numpy(np.arange(65536, dtype=np.uint16).view(np.int16))
        doubles = torch.from_numpy(np.concatenate([rng.standard_normal(500) * 1e-40, [1e39, 0.1, 1e-46]]))
        longs = torch.from_numpy(rng.integers(-(1 << 63), 1 << 63, 500, np.int64))
        tensors = [words.view(torch.float16), words.view(torch.bfloat16), doubles, longs, longs.to(torch.int8), longs > 0]
        for name in ("float8_e4m3fn", "float8_e5m2"):
            if hasattr(torch, name):
                tensors.append(words.to(torch.uint8)[:256].view(getattr(torch, name)))
        for tensor in tensors:
            for piece in (tensor, tensor[:100], tensor.repeat(2)[::2]):
                with self.subTest(tensor.dtype, size=len(piece)):
                    self.assertEqual(self.on_device(piece, 2048), rows_of(collected([("x", piece)])))
        self.assertEqual(
            rows_of(collected([("x", words.view(torch.bfloat16))])),
            rows_of(collected([("x", words.numpy().view(np.uint16))], dtype="bfloat16")),
        )
        for wrong in (torch.zeros(3, dtype=torch.complex64), torch.zeros(3, 3).to_sparse(), torch.zeros(3, device="meta")):
            with self.assertRaises(StatsError):
                collected([("x", wrong)])


if torch is not None:

    class Net(nn.Module):
        """A module that is called twice, one that changes its input, one with two results, one in bfloat16."""

        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.relu = nn.ReLU(inplace=True)
            self.norm = nn.BatchNorm2d(4)
            self.lstm = nn.LSTM(4, 5, batch_first=True)
            self.head = nn.Linear(5, 2, dtype=torch.bfloat16)

        def forward(self, x, scale=None):
            self.kept = self.conv(x)
            self.kept = self.kept.clone(), self.kept
            x = self.relu(self.norm(self.relu(self.kept[1])) - 0.5)
            out, _ = self.lstm(x.mean(2).transpose(1, 2))
            return {"logits": self.head(out[:, -1].to(torch.bfloat16))}


@needs_torch
class Observed(Case):
    def setUp(self):
        super().setUp()
        torch.manual_seed(0)
        self.model = Net()
        self.batches = [torch.randn(size, 3, 9, 8) for size in (2, 5)]

    def names(self, collector, row="tensor"):
        return {row[2]: row for row in rows_of(collector) if row[7] == "tensor" and row[5] is None}

    def test_a_model_is_observed(self):
        path = self.folder / "a"
        convs = []
        with qviz_stats.observe(
            self.model, path, run="r", shard="s", weights=True, inputs=True, per_channel={"*.weight": 0, "conv": 1}
        ) as seen:
            for batch in self.batches:
                self.model(batch, scale=batch.mean())
                convs.append(self.model.kept[0].detach().numpy())
        self.model(self.batches[0])
        names = self.names(seen.collector)
        layers = ["conv", "head", "input", "input.scale", "lstm", "lstm.1", "lstm.1.1", "norm", "relu", "relu.call1"]
        weights = [name for name, _ in self.model.named_parameters()]
        self.assertEqual(sorted(names), sorted(layers + weights))
        self.assertEqual((names["conv"][4], names["conv"][18:21]), ("Conv", (2, "7x4x7x6", "float32")))
        self.assertEqual((names["head"][3:5], names["head"][20]), (("activation", "Gemm"), "bfloat16"))
        self.assertEqual(names["conv.weight"][3:5] + names["conv.weight"][18:20], ("weight", "Conv", 0, "4x3x3x3"))
        # What the module behind has overwritten is counted as it was.
        want = collected([("conv", array) for array in convs], op="Conv", axis=1)
        self.assertEqual([row for row in rows_of(seen.collector) if row[2] == "conv"], rows_of(want))
        self.assertTrue(qviz_stats.done(path, run="r", shard="s"))
        self.assertEqual(seen.calls, 2)

    def test_modules_are_chosen_by_type_name_or_function(self):
        for modules, names in [
            (nn.Conv2d, {"conv"}), ([nn.ReLU, "n*"], {"relu", "relu.call1", "norm"}), ("conv", {"conv"}),
            (lambda name, module: name == "", {"model.logits"}),
        ]:
            with qviz_stats.observe(self.model, modules=modules) as seen:
                self.model(self.batches[0])
            self.assertEqual(set(self.names(seen.collector)), names)

    def test_a_share_of_the_calls_is_counted(self):
        with qviz_stats.observe(self.model, modules="conv") as seen:
            call = sampled(0.5, seed=3)(self.model)
            for _ in range(20):
                call(self.batches[0])
        self.assertTrue(0 < seen.calls < 20)
        self.assertEqual(self.names(seen.collector)["conv"][18], seen.calls)

    def test_a_pass_that_failed_does_not_number_the_next(self):
        with qviz_stats.observe(self.model, modules="relu") as seen:
            with self.assertRaises(RuntimeError):
                self.model(torch.zeros(2, 9, 9, 9))
            for _ in range(2):
                self.model(self.batches[0])
            self.model.relu(torch.ones(3))
            self.model.relu(torch.ones(3))
        self.assertEqual(set(self.names(seen.collector)), {"relu", "relu.call1"})
        self.assertEqual([row[18] for row in self.names(seen.collector).values()], [4, 2])

    def test_what_torch_compile_puts_around_a_model_is_in_no_name(self):
        class Compiled(nn.Module):
            """As torch.compile names it; compiling itself takes long."""

            def __init__(self, model):
                super().__init__()
                self._orig_mod = model

            def forward(self, *args):
                return self._orig_mod(*args)

        compiled = Compiled(self.model)
        with qviz_stats.observe(compiled, modules="conv", weights=True) as seen:
            for batch in self.batches:
                compiled(batch)
        names = self.names(seen.collector)
        self.assertEqual(names["conv"][18], 2)
        self.assertIn("conv.weight", names)
        self.assertFalse([name for name in names if "_orig_mod" in name])

    def test_in_training_and_without_gradients(self):
        with qviz_stats.observe(self.model) as seen:
            self.model(self.batches[0])["logits"].sum().backward()
            with torch.inference_mode():
                self.model(self.batches[0])
        self.assertEqual(self.names(seen.collector)["conv"][18], 2)
        self.assertIsNotNone(self.model.conv.weight.grad)


if __name__ == "__main__":
    unittest.main()
