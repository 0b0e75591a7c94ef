"""ONNX Runtime: every activation of a model, by making each an output."""
import fnmatch
from pathlib import Path

import numpy as np

from .errors import StatsError
from .observing import Observation
from .sampling import counting

FLOATS = ("float16", "bfloat16", "float32", "float64")


class Session(Observation):
    """Runs a model as `onnxruntime.InferenceSession` does and counts its activations on the way.

        with observe_onnx("model.onnx", "stats/part-0.parquet", run="v1", shard="part-0") as session:
            for batch in batches:
                session.run(None, {"x": batch})

    Needs the packages onnx and onnxruntime. What a node in a branch or in a loop makes is not seen, nor what ONNX
    Runtime gives to NumPy in no type (bfloat16). An activation that is an output is not fused with what follows it, so
    that its values are those of the file and not of a fused kernel.
    """

    def __init__(self, model, path=None, *, tensors=None, weights=False, at_once=None, providers=None, session_options=None,
                 **options):
        """`model`: a path, the bytes of one, or a ModelProto. `tensors`: patterns of the activations that are counted;
        all without it. `weights`: whether to count the initializers too, once. `at_once`: of how many activations the
        values are held at once; with a number, the model runs several times for each call, and memory is less. The rest
        is that of `Observation`.
        """
        super().__init__(path, **options)
        import onnx
        import onnxruntime

        folder = None
        if isinstance(model, (str, Path)):
            folder = str(Path(model).resolve().parent)
            try:
                model = onnx.load(str(model), load_external_data=False)
            except OSError as error:
                raise StatsError(f"{model} cannot be read: {error.strerror}") from error
        elif isinstance(model, bytes):
            model = onnx.load_from_string(model)
        patterns = [tensors] if isinstance(tensors, str) else tensors
        wanted = lambda name: patterns is None or any(fnmatch.fnmatchcase(name, p) for p in patterns)  # noqa: E731
        graph = model.graph
        makers = {name: node.op_type for node in graph.node for name in node.output if name}
        constants = {tensor.name for tensor in graph.initializer}
        constants |= {node.output[0] for node in graph.node if node.op_type == "Constant"}
        self._ops = {name: op for name, op in makers.items() if name not in constants and wanted(name)}
        self._inputs = {each.name for each in graph.input if each.name not in constants and wanted(each.name)}
        self._at_once = at_once

        session_options = session_options or onnxruntime.SessionOptions()
        if folder is not None:
            session_options.add_session_config_entry("session.model_external_initializers_file_folder_path", folder)
        shown = onnx.ModelProto()
        shown.CopyFrom(model)
        outputs = {each.name for each in graph.output}
        # Without a type: ONNX Runtime finds it itself.
        shown.graph.output.extend(onnx.ValueInfoProto(name=name) for name in self._ops if name not in outputs)
        self.session = onnxruntime.InferenceSession(
            shown.SerializeToString(), session_options, providers=providers or ["CPUExecutionProvider"]
        )
        self.outputs = [each.name for each in graph.output]
        if weights:
            self._count_weights(graph, folder, wanted)

    def run(self, output_names, feeds, run_options=None):
        """The outputs that are asked for, as `InferenceSession.run` gives them."""
        names = list(output_names) if output_names else self.outputs
        if not counting():
            return self.session.run(names, feeds, run_options)
        others = [name for name in self._ops if name not in names]
        step = self._at_once or max(1, len(others))
        found = {}
        for at in range(0, max(1, len(others)), step):
            fetched = [*(names if at == 0 else []), *others[at:at + step]]
            for name, value in zip(fetched, self.session.run(fetched, feeds, run_options)):
                if name in names:
                    found[name] = value
                if name in self._ops:
                    self._see(name, value, self._ops[name])
        for name in self._inputs & set(feeds):
            self._see(name, feeds[name], "")
        self._called()
        return [found[name] for name in names]

    def _see(self, name, value, op):
        if not isinstance(value, (list, dict)) and value is not None:
            value = np.asarray(value)
            if value.dtype.name in FLOATS:
                self._add(name, value, op=op)

    def _count_weights(self, graph, folder, wanted):
        from onnx import numpy_helper

        takers = {}
        for node in graph.node:
            for name in node.input:
                takers.setdefault(name, node.op_type)
        for tensor in graph.initializer:
            if wanted(tensor.name) and not self.collector.has(tensor.name, "weight"):
                value = numpy_helper.to_array(tensor, base_dir=folder or "")
                if value.dtype.name in FLOATS:
                    self._add(tensor.name, value, kind="weight", op=takers.get(tensor.name, ""), samples=0)
