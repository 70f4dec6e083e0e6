"""A folder for temporary files of what a run starts, since a browser that is killed leaves its profile behind."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from webarena_runner.errors import StoreError

_LOCK = ".lock"


@contextmanager
def own_tmpdir() -> Iterator[None]:
    """TMPDIR of all processes that this one starts meanwhile; what killed runs of this user left is cleared first.

    Files of this process itself stay where they were: a server's log is to be read after the run.
    """
    try:
        own, lock = _claimed(Path(tempfile.gettempdir()) / f"wa-run-{os.getuid()}")
    except OSError as error:
        raise StoreError(
            f"no folder for temporary files: {error}; make room or get rights there, or give another by TMPDIR"
        ) from error
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(own)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
        shutil.rmtree(own, ignore_errors=True)
        lock.close()


def _claimed(parent: Path) -> tuple[Path, IO[str]]:
    """A folder of its own and the lock that keeps others from clearing it. Raises OSError."""
    parent.mkdir(mode=0o700, exist_ok=True)
    if parent.lstat().st_uid != os.getuid() or parent.is_symlink():
        raise PermissionError(f"{parent} is somebody else's")
    # Nobody clears a folder between its creation and its lock.
    with (parent / _LOCK).open("w") as all_runs:
        fcntl.flock(all_runs, fcntl.LOCK_EX)
        for folder in parent.iterdir():
            if folder.is_dir() and not _is_in_use(folder):
                shutil.rmtree(folder, ignore_errors=True)
        own = Path(tempfile.mkdtemp(dir=parent, prefix=""))
        lock = (own / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    return own, lock


def _is_in_use(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
