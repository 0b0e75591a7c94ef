# Writes the files of this folder with ONNX Runtime 1.32 and onnx 1.23: a small network, calibrated on three batches.
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, create_calibrator
from onnxruntime.quantization import quantize_static
from onnxruntime.quantization.calibrate import CalibrationMethod as Method
from onnxruntime.quantization.calibrate import save_tensors_data

to = Path(sys.argv[1])
chance = np.random.default_rng(11)


def network(path):
    w = chance.normal(size=(4, 3, 3, 3)).astype(np.float32) * 0.3
    fc = chance.normal(size=(4, 5)).astype(np.float32) * 0.5
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "conv.weight"], ["/conv/Conv_output_0"], name="/conv/Conv", pads=[1, 1, 1, 1]),
        node("Relu", ["/conv/Conv_output_0"], ["/act/Relu_output_0"], name="/act/Relu"),
        node("GlobalAveragePool", ["/act/Relu_output_0"], ["pooled"], name="/pool"),
        node("Flatten", ["pooled"], ["flat"], name="/flatten"),
        node("MatMul", ["flat", "fc.weight"], ["y"], name="/fc/MatMul"),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 5])]
    weights = [onnx.numpy_helper.from_array(w, "conv.weight"), onnx.numpy_helper.from_array(fc, "fc.weight")]
    graph = helper.make_graph(nodes, "small", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


class Batches(CalibrationDataReader):
    # The second batch is larger than the first, so that the grid of a histogram grows.
    def __init__(self):
        sizes = [(1.0, 2), (1.1, 1), (0.5, 3)]
        chance = np.random.default_rng(7)
        self.batches = iter([chance.normal(size=(n, 3, 8, 8)).astype(np.float32) * s for s, n in sizes])

    def get_next(self):
        batch = next(self.batches, None)
        return None if batch is None else {"x": batch}


def calibrated(name, method, **options):
    calibrator = create_calibrator(str(model), augmented_model_path=str(to / "augmented.onnx"), calibrate_method=method,
                                   op_types_to_calibrate=["Conv", "MatMul"], extra_options=options)
    # One collect a batch: their shapes differ.
    reader = Batches()
    while (batch := reader.get_next()) is not None:
        class One(CalibrationDataReader):
            batches = iter([batch])

            def get_next(self):
                return next(self.batches, None)
        calibrator.collect_data(One())
    (to / name).unlink(missing_ok=True)
    save_tensors_data(calibrator.compute_data(), to / name)
    (to / name).chmod(0o644)
    (to / "augmented.onnx").unlink()


to.mkdir(parents=True, exist_ok=True)
model = to / "model.onnx"
network(model)
calibrated("minmax.json", Method.MinMax)
calibrated("entropy.json", Method.Entropy)
calibrated("entropy-256-128.json", Method.Entropy, num_bins=256, num_quantized_bins=128)
calibrated("percentile.json", Method.Percentile, symmetric=False, num_bins=256, percentile=99.0)
calibrated("distribution.json", Method.Distribution, num_bins=512)
quantize_static(str(model), str(to / "qdq.onnx"), Batches(), quant_format=QuantFormat.QDQ, per_channel=True,
                activation_type=QuantType.QInt8, weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax)
