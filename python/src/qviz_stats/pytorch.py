"""PyTorch: what modules return, by forward hooks."""
import fnmatch

import torch

from .observing import Observation
from .sampling import counting

# How ONNX names what these modules compute; others keep the name of their class.
OPERATORS = {
    "AvgPool2d": "AveragePool", "BatchNorm1d": "BatchNormalization", "BatchNorm2d": "BatchNormalization", "BatchNorm3d": "BatchNormalization",
    "Conv1d": "Conv", "Conv2d": "Conv", "Conv3d": "Conv", "ConvTranspose2d": "ConvTranspose", "ELU": "Elu", "GELU": "Gelu",
    "Embedding": "Gather", "Hardsigmoid": "HardSigmoid", "Hardswish": "HardSwish", "LayerNorm": "LayerNormalization",
    "LeakyReLU": "LeakyRelu", "Linear": "Gemm", "MaxPool2d": "MaxPool", "PReLU": "PRelu", "ReLU": "Relu", "ReLU6": "Clip",
    "RMSNorm": "RMSNormalization", "SELU": "Selu", "SiLU": "Swish",
}


def operator(module):
    """What ONNX calls what a module computes, where that is one operator."""
    name = type(module).__name__
    return OPERATORS.get(name, name)


class Observer(Observation):
    """Counts what the modules of a model return while it runs.

        with observe(model, "stats/part-0.parquet", run="v1", shard="part-0", weights=True) as seen:
            for batch in loader:
                model(batch)

    Tensors are named by `model.named_modules()`; a module that is called again in one pass of the model is
    `name.call1`, the second of several results `name.1`, one of a dictionary `name.key`. Floating-point results are
    counted, integers not. What no module returns, such as the result of `torch.nn.functional` or of an operator, is not
    seen. Values are counted when they are made, before a module behind may overwrite them.
    """

    def __init__(self, model, path=None, *, modules=None, weights=False, inputs=False, **options):
        """`modules`: those that are observed, as types, as patterns of names or as a function of name and module;
        without it, all that have no modules inside. `weights`: whether to count the parameters too, once, at the
        beginning. `inputs`: whether to count what the model is given, as `input`, `input.1`, `input.name`. The rest is
        that of `Observation`.
        """
        super().__init__(path, **options)
        self.model, self.weights, self.inputs = model, weights, inputs
        self._wanted = _wanted(modules)
        self._handles, self._inside, self._passes = [], False, {}

    def attach(self):
        if self.weights:
            self._count_weights()
        # A pass begins where the model as a whole is called; what is called outside of one has no number.
        self._handles.append(self.model.register_forward_pre_hook(_untraced(self._begin), with_kwargs=True))
        for name, module in self.model.named_modules():
            if self._wanted(_plain(name), module):
                hook = _untraced(self._hook(_plain(name) or "model", operator(module)))
                self._handles.append(module.register_forward_hook(hook))
        self._handles.append(self.model.register_forward_hook(_untraced(self._end)))

    def detach(self):
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _begin(self, _module, args, kwargs):
        self._inside, self._passes = True, {}
        if self.inputs and counting():
            self._count("input", (*args, kwargs) if kwargs else tuple(args), "")

    def _end(self, _module, _inputs, _output):
        self._inside = False
        if counting():
            self._called()

    def _hook(self, name, op):
        def hook(_module, _inputs, output):
            if not counting():
                return
            call = self._passes.get(name, 0) if self._inside else 0
            self._passes[name] = call + 1
            self._count(name if call == 0 else f"{name}.call{call}", output, op)

        return hook

    def _count(self, name, output, op):
        if torch.is_tensor(output):
            if output.is_floating_point():
                self._add(name, output, op=op)
        elif isinstance(output, dict):
            for key, each in output.items():
                self._count(f"{name}.{key}", each, op)
        elif isinstance(output, (list, tuple)):
            for i, each in enumerate(output):
                # Of several arguments the first has the plain name, and those by name are beside it.
                self._count(name if i == 0 or isinstance(each, dict) else f"{name}.{i}", each, op)

    def _count_weights(self):
        owners = dict(self.model.named_modules())
        for name, parameter in self.model.named_parameters():
            if parameter.is_floating_point() and not self.collector.has(_plain(name), "weight"):
                op = operator(owners[name.rpartition(".")[0]])
                self._add(_plain(name), parameter, kind="weight", op=op, samples=0)


def _plain(name):
    """The name that a module has without what `torch.compile` puts around it."""
    return ".".join(word for word in name.split(".") if word != "_orig_mod")


def _wanted(modules):
    if modules is None:
        return lambda _name, module: next(module.children(), None) is None
    if callable(modules) and not isinstance(modules, type):
        return modules
    modules = [modules] if isinstance(modules, (str, type)) else list(modules)
    types = tuple(each for each in modules if isinstance(each, type))
    patterns = [each for each in modules if isinstance(each, str)]
    return lambda name, module: isinstance(module, types) or any(fnmatch.fnmatchcase(name, p) for p in patterns)


def _untraced(hook):
    """A hook that `torch.compile` calls and does not look into."""
    disable = getattr(getattr(torch, "compiler", None), "disable", None)
    return hook if disable is None else disable(hook)
