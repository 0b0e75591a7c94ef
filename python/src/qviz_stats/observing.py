"""What all that observe have in common: a collector, a file at the end, progress."""
import fnmatch
from pathlib import Path

from .collector import Collector
from .errors import StatsError
from .progress import Progress


class Observation:
    """Counts while it is entered; when it is left without an error, the table is written, whole or not at all."""

    def __init__(self, path=None, *, run="", shard="", bins=2048, per_channel=None, collector=None, progress=False,
                 replace=False):
        """`path`: the file that is written in the end; without it, `write` does. `run`, `shard`: see `Collector.write`.
        `per_channel`: patterns of names and the axis along which such tensors are counted as well, as
        `{"*.weight": 0}`. `collector`: one of your own, to count into. `progress`: whether to say on stderr how far it
        is, or a function of the numbers of calls, tensors and values. `replace`: whether the file may be there.
        """
        if path is not None and not shard:
            raise StatsError("which piece of the data is counted? Name it by shard=, so that it never counts twice")
        self.path, self.run_name, self.shard, self.replace = path, run, shard, replace
        self.collector = Collector(bins) if collector is None else collector
        self.per_channel = dict(per_channel or {})
        self.calls = 0
        self._progress = Progress() if progress is True else progress or None

    def __enter__(self):
        if self.path is not None and Path(self.path).exists() and not self.replace:
            raise StatsError(f"{self.path} is there already; ask qviz_stats.done first, or say replace=True")
        self.attach()
        return self

    def __exit__(self, kind, value, trace):
        self.detach()
        self._say(last=True)
        if kind is None and self.path is not None:
            self.write(self.path, shard=self.shard)

    def attach(self):
        """Begins to count."""

    def detach(self):
        """Ends it. What was counted stays."""

    def write(self, path, *, shard):
        """Writes what was counted until now."""
        self.collector.write(path, run=self.run_name, shard=shard, replace=self.replace)

    def _add(self, name, array, **about):
        axis = next((axis for pattern, axis in self.per_channel.items() if fnmatch.fnmatchcase(name, pattern)), None)
        self.collector.add(name, array, axis=axis, **about)

    def _called(self):
        self.calls += 1
        self._say()

    def _say(self, last=False):
        if isinstance(self._progress, Progress):
            self._progress(self.calls, len(self.collector), self.collector.values, last)
        elif self._progress is not None:
            self._progress(self.calls, len(self.collector), self.collector.values)
