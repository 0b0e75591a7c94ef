"""Tensors of PyTorch, counted where they lie.

On the processor their memory is NumPy's. On any other device the counting is made of operations of PyTorch on integers,
whose sums are the same in any order, and only the counters travel. No GPU was at hand when this was written: the tests
run the same operations on the processor, where they give what NumPy gives, bit for bit.
"""
import numpy as np
import torch

from . import grid
from .counts import Counts
from .errors import StatsError
from .offered import OfArray, OfRows
from .rows import Rows
from .values import WIDTHS

# Values that one step works on; its scratch is about 150 bytes a value.
STEP = 1 << 21
COUNTERS = 1 << 22


def described(tensor):
    """A tensor, to be counted."""
    tensor = tensor.detach()
    name = str(tensor.dtype).replace("torch.", "")
    if name not in WIDTHS or tensor.layout != torch.strided or tensor.is_quantized:
        raise StatsError(f"tensors of {tensor.dtype} and {tensor.layout} are not counted; convert them to dense float32 first")
    if tensor.device.type == "meta":
        raise StatsError("a tensor of the device meta has no values to be counted")
    return _of_processor(tensor, name) if tensor.device.type == "cpu" else OfTensor(tensor, name)


def _of_processor(tensor, name):
    tensor = tensor.resolve_neg()
    if name == "bfloat16":
        return OfArray(tensor.view(torch.int16).numpy().view(np.uint16), name)
    if name.startswith("float8"):
        return OfArray(tensor.view(torch.uint8).numpy(), name)
    return OfArray(tensor.numpy())


class OfTensor:
    """A tensor that is counted by PyTorch."""

    def __init__(self, tensor, dtype):
        self.tensor, self.dtype, self.shape = tensor, dtype, tuple(tensor.shape)

    def whole(self, bins):
        return OfRows(_counted(self.tensor.reshape(1, -1), bins))

    def along(self, axis, bins):
        parts = self.tensor.movedim(axis, 0)
        parts = parts.reshape(len(parts), -1) if parts.numel() else parts.new_zeros((len(parts), 0))
        step = max(1, COUNTERS >> (grid.kept_bits(bins) + 1))
        blocks = [_counted(parts[at:at + step], bins) for at in range(0, len(parts), step)]
        return Rows.stacked([Rows.empty(0), *blocks])


def _counted(parts, bins):
    """The counts of each row."""
    rows = Rows.empty(len(parts))
    step = max(1, STEP // max(1, len(parts)))
    for at in range(0, parts.shape[1], step):
        values = parts[:, at:at + step].to(torch.float32).contiguous()
        rows = rows.merged(_rows(values.view(torch.int32), bins))
    return rows


def _rows(bits, bins):
    parts, device, kept = len(bits), bits.device, grid.kept_bits(bins)
    magnitude = bits & 0x7FFFFFFF
    minus = bits < 0
    finite = magnitude < grid.INFINITE
    infinite = magnitude == grid.INFINITE
    zero = magnitude == 0
    ordered = torch.where(minus, -magnitude, magnitude)
    pick = lambda of, other: torch.where(finite, of, torch.full_like(of, other))  # noqa: E731
    told = [
        zero.sum(1), (magnitude > grid.INFINITE).sum(1), (infinite & ~minus).sum(1), (infinite & minus).sum(1),
        pick(ordered, grid.INFINITE).amin(1), pick(ordered, -grid.INFINITE).amax(1), pick(magnitude, 0).amax(1),
    ]
    told = torch.stack([each.to(torch.int64) for each in told]).cpu().numpy()
    exponents = [grid.width_exponent(int(amax), kept) for amax in told[6]]

    part = torch.arange(parts, device=device)[:, None]
    leading = (bits >> 23).to(torch.int64) & 511
    m = (bits & 0x7FFFFF).to(torch.int64) | ((leading & 255) > 0).to(torch.int64) << 23
    m = torch.where(finite, m, torch.zeros_like(m))
    key = part * grid.LEADING + leading
    shifts = np.stack([grid.shifts(exponent) for exponent in exponents]).astype(np.int64)
    idx = m >> torch.from_numpy(shifts).to(device).flatten()[key]
    slot = (part * 2 + (minus & ~zero)) * (1 << kept) + idx
    counters = torch.zeros(parts << (kept + 1), dtype=torch.int64, device=device)
    counters.scatter_add_(0, slot.flatten(), finite.to(torch.int64).flatten())

    square = m * m
    pieces = [(m > 0).to(torch.int64), m & 0xFFF, m >> 12, square & 0xFFFF, square >> 16 & 0xFFFF, square >> 32]
    sums = torch.zeros((parts * grid.LEADING, 6), dtype=torch.int64, device=device)
    sums.index_add_(0, key.flatten(), torch.stack(pieces, -1).reshape(-1, 6))

    counters = counters.cpu().numpy().reshape(parts, 2, 1 << kept)
    sums = sums.cpu().numpy().reshape(parts, grid.LEADING, 6)
    found = []
    for i in range(parts):
        counts = Counts(bins)
        counts.stats[:] = [bits.shape[1], *told[:4, i]]
        counts.low, counts.high, counts.exp = int(told[4, i]), int(told[5, i]), exponents[i]
        counts.bins[:], counts.sums[:] = counters[i], sums[i]
        found.append(counts.rows())
    return Rows.stacked(found)
