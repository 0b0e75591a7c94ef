#!/usr/bin/env python3
"""Write a PyTorch model's activations as .npy files for qviz.

    python dump_activations.py            # a tiny demo network, random input, into acts/
    qviz acts --group '{batch}/{layer}.npy'

In your own program:

    from dump_activations import dump
    dump(model, loader, "acts")                      # one directory a batch:
        acts/batch0/conv1.npy, acts/batch1/conv1.npy …  -> qviz acts --group '{batch}/{layer}.npy'
    dump(model, loader, "acts", per_batch=False)     # all batches joined, one file a layer:
        acts/conv1.npy …                                -> qviz acts

The first way writes each batch as it is done and holds no more than one in memory. The second
keeps every batch until the end, and needs the shapes to agree in all but the batch axis.
A file holds what the module returned, float32, batch axis first; names are the dotted names of
`model.named_modules()`. A module called twice in one pass gets a second file, name.call1.npy.
Start with an empty directory: files of an earlier run are not removed.
"""
import re
from pathlib import Path

import numpy as np
import torch
from torch import nn

MODULES = (nn.Conv1d, nn.Conv2d, nn.Linear, nn.ReLU, nn.Hardswish, nn.GELU, nn.SiLU, nn.Sigmoid,
           nn.Softmax, nn.LayerNorm)


def file_stem(name):
    """A module's name with everything a file name or a group pattern may stumble on replaced."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip(".") or "model"


@torch.no_grad()
def dump(model, batches, out_dir, modules=MODULES, per_batch=True):
    """Run `batches` through `model`; write the output of every submodule of a type in `modules`.

    A batch is a tensor, or a tuple or list whose first item is the input, as loaders give.
    """
    out, kept, current = Path(out_dir), {}, {}

    def hook_for(stem):
        def hook(_module, _inputs, output):
            if torch.is_tensor(output) and output.is_floating_point():
                calls = current.setdefault(stem, [])
                # clone: an in-place module after this one would overwrite the values
                calls.append(output.detach().to("cpu", torch.float32, copy=True).numpy())
        return hook

    handles, stems = [], set()
    for name, module in model.named_modules():
        if isinstance(module, modules):
            stem = file_stem(name)
            if stem.lower() in stems:
                raise ValueError(f"two modules would be written to {stem}.npy")
            stems.add(stem.lower())
            handles.append(module.register_forward_hook(hook_for(stem)))
    training = model.training
    model.eval()
    try:
        for number, batch in enumerate(batches):
            current.clear()
            model(batch[0] if isinstance(batch, (tuple, list)) else batch)
            folder = out / f"batch{number}" if per_batch else out
            folder.mkdir(parents=True, exist_ok=True)
            for stem, calls in current.items():
                for call, array in enumerate(calls):
                    layer = stem if call == 0 else f"{stem}.call{call}"
                    if per_batch:
                        np.save(folder / f"{layer}.npy", np.ascontiguousarray(array))
                    else:
                        kept.setdefault(layer, []).append(array)
    finally:
        for handle in handles:
            handle.remove()
        model.train(training)
    for layer, arrays in kept.items():
        np.save(out / f"{layer}.npy", np.concatenate(arrays))


if __name__ == "__main__":
    torch.manual_seed(0)
    demo = nn.Sequential()
    demo.add_module("conv1", nn.Conv2d(3, 8, 3, padding=1))
    demo.add_module("relu1", nn.ReLU(inplace=True))
    demo.add_module("features", nn.Sequential(nn.Conv2d(8, 16, 3, stride=2), nn.Hardswish()))
    demo.add_module("flatten", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    demo.add_module("fc", nn.Linear(16, 10))
    demo.add_module("softmax", nn.Softmax(dim=1))
    dump(demo, [torch.randn(4, 3, 32, 32) for _ in range(3)], "acts")
    print(*sorted(path.as_posix() for path in Path("acts").rglob("*.npy")), sep="\n")
