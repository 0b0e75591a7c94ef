"""Files that are there whole or not at all."""
import contextlib
import os
import tempfile
from pathlib import Path

from .errors import StatsError


@contextlib.contextmanager
def saved(path, *, replace=False):
    """A file to be written beside its place, and put there once it is whole."""
    path = Path(path)
    if path.exists() and not replace:
        raise StatsError(f"{path} is there already; say replace=True, or choose another name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise StatsError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp lets nobody else read; the file is one like others.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(beside, 0o666 & ~umask)
        os.replace(beside, path)
    except OSError as error:
        raise StatsError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
