"""Counts activations and weights where they are, as small tables that merge exactly.

The table is that of `qviz stats`, row for row; `docs/statistics.md` of qviz describes it.

    import qviz_stats

    with qviz_stats.observe(model, "stats/part-0.parquet", run="v1", shard="part-0"):
        for batch in loader:
            model(batch)
"""
from .collector import Collector
from .errors import StatsError
from .merging import done, merge
from .sampling import sampled
from .table import read

__version__ = "0.1.0"
__all__ = ["Collector", "StatsError", "done", "merge", "observe", "observe_onnx", "read", "sampled"]


def observe(model, path=None, **options):
    """Counts what the modules of a PyTorch model return: see `qviz_stats.pytorch.Observer`."""
    from .pytorch import Observer

    return Observer(model, path, **options)


def observe_onnx(model, path=None, **options):
    """Runs an ONNX model with ONNX Runtime and counts its activations: see `qviz_stats.ort.Session`."""
    from .ort import Session

    return Session(model, path, **options)
