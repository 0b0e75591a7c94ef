"""Operators of ONNX, one by one: what qviz computes beside what ONNX Runtime and ONNX's own tests say.

    cargo build --example operators
    python benches/operators.py backend [PATTERN]                     ONNX's backend node tests, some 1,800
    python benches/operators.py random [FAMILY] [--seed N] [--n N]    random networks of one node each
    python benches/operators.py file MODEL.onnx ...                   one-node or larger networks, on random inputs

needs: pip install numpy onnx onnxruntime ml_dtypes; the example at target/debug/examples/operators or QVIZ_OPERATORS=path

Every network is run by the library, and every output and every activation compared. Each case is right, refused (with
the sentence, which is counted), wrong, or not applicable: it is about strings, sequences, optional values, training or
chance, or nobody can say what is right. Right is: floats within 1e-4 of the tensor's largest magnitude (halves 2e-3), all
others exactly, NaN and infinities in the same places, types and shapes the same. Wrong is also a panic, wherever it is
caught. What is right by one authority and not by the other is counted as right and named as disputed. Exit code 1 if
any is wrong.

What is right is said, for the backend tests, by the test and then by ONNX Runtime (optimizations off); for random
networks by ONNX Runtime, and where it cannot run one by onnx.reference. PATTERN is a regular expression on the test's
name, or on the node's operator for random ones (--op). FAMILY is a file in benches/random_nodes/. `--keep FOLDER` keeps
the networks that are wrong, `--list` names every refused case.
"""

import argparse
import collections
import importlib
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import warnings
from pathlib import Path

import ml_dtypes  # noqa: F401  (registers bfloat16 and FP8 with NumPy)
import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

sys.path.insert(0, str(Path(__file__).parent))
ROOT = Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("QVIZ_OPERATORS", str(ROOT / "target/debug/examples/operators"))
TIMEOUT = 60
NOT_OURS = {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}


class Runner:
    """The example, started once and again whenever it dies."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="qviz-operators-"))
        self.process = None

    def run(self, model, feed):
        """The outcome, why, and the tensors as (kind, name, array)."""
        (self.folder / "model.onnx").write_bytes(model.SerializeToString())
        described = [{"name": name, "dtype": str(value.dtype), "shape": value.shape} for name, value in feed.items()]
        (self.folder / "inputs.json").write_text(json.dumps(described))
        (self.folder / "inputs.bin").write_bytes(b"".join(np.ascontiguousarray(v).tobytes() for v in feed.values()))
        if self.process is None:
            self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process, hung = self.process, threading.Event()
        timer = threading.Timer(TIMEOUT, lambda: (hung.set(), process.kill()))
        timer.start()
        try:
            process.stdin.write(f"{self.folder}\n".encode())
            process.stdin.flush()
            line = process.stdout.readline()
            answer = json.loads(line) if line else None
            tensors = []
            for tensor in answer["tensors"] if answer else []:
                values = np.frombuffer(process.stdout.read(tensor["bytes"]), dtype=tensor["dtype"])
                tensors.append((tensor["kind"], tensor["name"], values.reshape(tensor["shape"])))
        except (BrokenPipeError, ValueError):
            answer = None
        finally:
            timer.cancel()
        if answer is None:
            process.wait()
            self.process = None
            why = f"no answer in {TIMEOUT} seconds" if hung.is_set() else f"the program died ({process.returncode})"
            return "panicked", why, []
        return answer["outcome"], answer["why"], tensors

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def onnx_runtime(model, feed, everything=False):
    """The outputs by name, or those of all nodes; None where it cannot run the model."""
    if everything:
        whole, model = model, onnx.ModelProto()
        model.CopyFrom(whole)
        known = {value.name for value in model.graph.output}
        made = [name for node in model.graph.node for name in node.output if name and name not in known]
        model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in made)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        wanted = {value.name for value in session.get_inputs()}
        return dict(zip(names, session.run(names, {name: v for name, v in feed.items() if name in wanted})))
    except Exception:  # noqa: BLE001  (many kinds, and all mean the same)
        return None


def onnx_reference(model, feed):
    from onnx.reference import ReferenceEvaluator

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            evaluator = ReferenceEvaluator(model)
            return dict(zip(evaluator.output_names, evaluator.run(None, feed)))
    except Exception:  # noqa: BLE001
        return None


def difference(got, want, part=None):
    """How two tensors differ; None where they agree."""
    if got.dtype != want.dtype:
        return f"type {got.dtype}, not {want.dtype}"
    if got.shape != want.shape:
        return f"shape {got.shape}, not {want.shape}"
    if not want.size:
        return None
    if want.dtype.kind not in "fV" or want.dtype.itemsize == 1:
        wrong = np.asarray(got != want)
        return f"{wrong.sum()} of {want.size} differ, such as {got[wrong][0]}, not {want[wrong][0]}" if wrong.any() else None
    part = part or tolerance(want)
    got, want = got.astype(np.float64), want.astype(np.float64)
    finite = np.isfinite(want)
    odd = ~finite & ~((got == want) | (np.isnan(got) & np.isnan(want))) | finite & ~np.isfinite(got)
    if odd.any():
        return f"{odd.sum()} of {want.size} differ, such as {got[odd][0]}, not {want[odd][0]}"
    error = np.where(finite, np.abs(np.where(finite, got, 0) - np.where(finite, want, 0)), 0)
    scale = max(np.abs(want[finite]).max(initial=0), 0.01)
    at = np.unravel_index(error.argmax(), error.shape)
    if error[at] > part * scale:
        return f"{(error > part * scale).sum()} of {want.size} differ by up to {error[at] / scale:.1e} of its scale: " \
               f"{got[at]:.6g}, not {want[at]:.6g}"
    return None


def tolerance(array):
    return 1e-4 if array.dtype.itemsize > 2 else 2e-3


def differences(tensors, want):
    """Of the tensors that `want` has, what differs."""
    found = []
    halves = [part for value in want.values() if value is not None and (part := tolerance(np.asarray(value))) > 1e-3]
    for kind, name, got in tensors:
        if name in want and want[name] is not None:
            expected = np.asarray(want[name])
            # What is single beside halves is computed from halves.
            part = max([tolerance(expected), *halves])
            if kind == "activation":
                if expected.dtype.kind not in "fV":
                    continue
                expected = expected.astype(np.float32)
            why = difference(got, expected, part)
            if why:
                found.append(f"{kind} {name}: {why}")
    return found


class Tally:
    def __init__(self, arguments):
        self.runner, self.arguments = Runner(), arguments
        self.counts, self.reasons = collections.Counter(), collections.Counter()
        self.wrong, self.disputed = [], []

    def case(self, name, model, feed, stated=None):
        """Runs one network. `stated` are its outputs, where a test says them."""
        ops = {node.op_type for node in model.graph.node}
        domains = {node.domain for node in model.graph.node}
        values = [*model.graph.input, *model.graph.output]
        tensors_only = all(value.type.WhichOneof("value") in (None, "tensor_type") for value in values)
        strings = any(value.type.tensor_type.elem_type == onnx.TensorProto.STRING for value in values)
        if ops & NOT_OURS or "ai.onnx.preview.training" in domains or not tensors_only or strings:
            return self.count("not applicable", name)
        outcome, why, tensors = self.runner.run(model, feed)
        op = next(iter(ops)) if len(ops) == 1 else "several"
        if outcome == "refused":
            self.reasons[f"{op}: {reason(why)}"] += 1
            return self.count("refused", name, why)
        if outcome == "panicked":
            return self.fault(name, model, feed, [f"panicked: {why}"])
        authorities = [] if stated is None else [("the test", lambda: stated)]
        authorities.append(("ONNX Runtime", lambda: onnx_runtime(model, feed)))
        authorities.append(("onnx.reference", lambda: onnx_reference(model, feed)))
        faults, asked = None, []
        for who, ask in authorities:
            said = ask()
            if said is None:
                continue
            found = differences(tensors, said)
            if not found:
                if faults:
                    self.disputed.append(f"{name}: as {who} says, not as {' or '.join(asked)}: {faults[0]}")
                return self.inner(name, model, feed, tensors)
            asked.append(who)
            faults = faults or found
        return self.fault(name, model, feed, faults) if faults else self.count("not applicable", name)

    def inner(self, name, model, feed, tensors):
        """The activations between nodes, where there are several nodes."""
        said = onnx_runtime(model, feed, everything=True) if len(model.graph.node) > 1 else None
        found = differences([t for t in tensors if t[0] == "activation"], said or {})
        return self.fault(name, model, feed, found) if found else self.count("right", name)

    def count(self, what, name, why=""):
        self.counts[what] += 1
        if self.arguments.list and what in ("refused", "not applicable"):
            print(f"{what} {name}: {why}")

    def fault(self, name, model, feed, faults):
        self.counts["wrong"] += 1
        self.wrong.append(name)
        print(f"WRONG {name}: {'; '.join(faults[:2])}", flush=True)
        if self.arguments.keep:
            folder = Path(self.arguments.keep) / re.sub(r"\W+", "_", name)[:80]
            folder.mkdir(parents=True, exist_ok=True)
            onnx.save(model, folder / "model.onnx")
            for i, value in enumerate(feed.values()):
                np.save(folder / f"input_{i}.npy", value)

    def close(self):
        self.runner.close()
        print("\nrefused because:")
        for text, n in self.reasons.most_common():
            print(f"{n:6} {text}")
        for text in self.disputed:
            print(f"disputed {text}")
        print(", ".join(f"{what} {self.counts[what]}" for what in ("right", "refused", "wrong", "not applicable")),
              f"({len(self.disputed)} of those right are disputed)")
        return 1 if self.wrong else 0


def reason(why):
    """A sentence without what differs between cases."""
    why = re.sub(r"^.*model\.onnx ", "", why)
    why = re.sub(r"\(node [^)]*\)|\"[^\"]*\"|#\d+", "…", why)
    return re.sub(r"\d+", "N", why)[:150]


def backend_tests():
    """The test cases. Making them takes ONNX half a minute, so that they are kept."""
    kept = Path(tempfile.gettempdir()) / f"qviz-backend-tests-{onnx.__version__}-{os.getuid()}.pickle"
    if kept.exists():
        with kept.open("rb") as file:
            return pickle.load(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.loader import load_model_tests

        cases = [(c.name, c.model.SerializeToString(), c.data_sets) for c in load_model_tests(kind="node")]
    with kept.open("wb") as file:
        pickle.dump(cases, file)
    return cases


def backend(arguments):
    tally = Tally(arguments)
    for name, model, sets in backend_tests():
        if not re.search(arguments.pattern or "", name):
            continue
        model = onnx.ModelProto.FromString(model)
        inputs = [value.name for value in model.graph.input]
        outputs = [value.name for value in model.graph.output]
        values = [[numpy_helper.to_array(v) if isinstance(v, onnx.TensorProto) else v for v in vs] for vs in sets[0]]
        plain = all(isinstance(value, (np.ndarray, np.generic, float, int)) for v in values for value in v)
        if not plain or any(np.asarray(value).dtype.kind in "OUS" for v in values for value in v):
            tally.count("not applicable", name)
            continue
        feed, stated = (dict(zip(names, map(np.asarray, vs))) for names, vs in zip((inputs, outputs), values))
        tally.case(name, model, feed, stated)
    return tally.close()


def random(arguments):
    from random_nodes import build

    folder = Path(__file__).parent / "random_nodes"
    families = [path.stem for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")]
    if arguments.pattern:
        families = [family for family in families if re.fullmatch(arguments.pattern, family)] or sys.exit(
            f"no family {arguments.pattern}; there are {', '.join(families)}")
    tally = Tally(arguments)
    for family in families:
        makers = importlib.import_module(f"random_nodes.{family}").NODES
        makers = [make for make in makers if not arguments.op or re.search(arguments.op, make.__name__)]
        each = max(arguments.n // len(families), len(makers)) if makers else 0
        for i in range(each):
            if arguments.only is not None and i != arguments.only:
                continue
            rng = np.random.default_rng([arguments.seed, *family.encode(), i])
            node = makers[i % len(makers)](rng)
            model, feed = build(node, rng)
            tally.case(f"{family} {i} {node}", model, feed)
    return tally.close()


def files(arguments):
    tally = Tally(arguments)
    rng = np.random.default_rng(arguments.seed)
    for path in [arguments.pattern, *arguments.more]:
        model = onnx.load(path)
        fixed = {tensor.name for tensor in model.graph.initializer}
        feed = {}
        for value in model.graph.input:
            if value.name not in fixed:
                tensor = value.type.tensor_type
                shape = [dim.dim_value or 1 for dim in tensor.shape.dim]
                dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
                beside = Path(path).parent / f"input_{len(feed)}.npy"
                feed[value.name] = np.load(beside) if beside.exists() else (
                    rng.standard_normal(shape) if dtype.kind == "f" else rng.integers(0, 2, shape)).astype(dtype)
        tally.case(str(path), model, feed)
    return tally.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["backend", "random", "file"])
    parser.add_argument("pattern", nargs="?", metavar="PATTERN, FAMILY or MODEL.onnx")
    parser.add_argument("more", nargs="*")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--op", help="only makers whose name matches")
    parser.add_argument("--only", type=int, help="only this one of a family")
    parser.add_argument("--keep", help="keep the wrong networks here")
    parser.add_argument("--list", action="store_true", help="name what is refused")
    chosen = parser.parse_args()
    sys.exit({"backend": backend, "random": random, "file": files}[chosen.command](chosen))
