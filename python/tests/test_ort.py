import copy
import unittest
from pathlib import Path

import numpy as np

import qviz_stats
from qviz_stats import StatsError, sampled

from .support import Case, collected, needs, rows_of

needs_ort = needs("onnx", "onnxruntime")


@needs_ort
class Observed(Case):
    def setUp(self):
        super().setUp()
        from onnx import TensorProto, helper, numpy_helper

        rng = np.random.default_rng(0)
        self.weight = rng.standard_normal((4, 6)).astype(np.float32)
        nodes = [
            helper.make_node("MatMul", ["x", "w"], ["y"]),
            helper.make_node("Relu", ["y"], ["z"]),
            helper.make_node("ArgMax", ["z"], ["i"], axis=1),
            helper.make_node("Cast", ["z"], ["h"], to=TensorProto.FLOAT16),
            helper.make_node("Cast", ["h"], ["o"], to=TensorProto.FLOAT),
        ]
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])]
        outputs = [helper.make_tensor_value_info("o", TensorProto.FLOAT, None),
                   helper.make_tensor_value_info("i", TensorProto.INT64, None)]
        graph = helper.make_graph(nodes, "g", inputs, outputs, [numpy_helper.from_array(self.weight, "w")])
        self.model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        self.batches = [rng.standard_normal((size, 4)).astype(np.float32) for size in (3, 5)]

    def test_every_activation_is_counted_and_the_outputs_are_as_ever(self):
        import onnx

        path = self.folder / "net.onnx"
        onnx.save(copy.deepcopy(self.model), path, save_as_external_data=True, location="net.data", size_threshold=0)
        for model in (str(path), Path(path), self.model, self.model.SerializeToString()):
            for at_once in (None, 1):
                want = collected([])
                with qviz_stats.observe_onnx(model, weights=True, at_once=at_once, per_channel={"w": 1}) as session:
                    for x in self.batches:
                        o, i = session.run(None, {"x": x})
                        (again,) = session.run(["i"], {"x": x})
                        np.testing.assert_array_equal(again, i)
                        y = x @ self.weight
                        z = np.maximum(y, 0)
                        np.testing.assert_array_equal(o, z.astype(np.float16).astype(np.float32))
                        for _ in range(2):
                            want.add("x", x)
                            want.add("y", y, op="MatMul")
                            want.add("z", z, op="Relu")
                            want.add("h", z.astype(np.float16), op="Cast")
                            want.add("o", o, op="Cast")
                want.add("w", self.weight, op="MatMul", kind="weight", axis=1, samples=0)
                self.assertEqual(rows_of(session.collector), rows_of(want))
                self.assertEqual(session.calls, 4)
        with self.assertRaisesRegex(StatsError, "none.onnx cannot be read"):
            qviz_stats.observe_onnx("none.onnx")

    def test_some_tensors_some_calls_and_a_file(self):
        path = self.folder / "a"
        with qviz_stats.observe_onnx(self.model, path, run="r", shard="s", tensors=["z", "o*"]) as session:
            call = sampled(0.5, seed=1)(session.run)
            for _ in range(20):
                self.assertEqual(len(call(None, {"x": self.batches[0]})), 2)
        self.assertEqual({row[2] for row in rows_of(session.collector)}, {"o", "z"})
        self.assertTrue(0 < session.calls < 20)
        self.assertTrue(qviz_stats.done(path, run="r", shard="s"))


if __name__ == "__main__":
    unittest.main()
