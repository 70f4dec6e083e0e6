"""The 812 official WebArena tasks, read from the copy that `wa-run tasks fetch webarena` keeps."""

from pathlib import Path

from webarena_runner.errors import TaskFileError
from webarena_runner.fetching import cache_root
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.official.families import WEBARENA
from webarena_runner.tasksets.records import read_tasks


class WebArena:
    """`cache_dir` is the cache folder to read from (None: the user's)."""

    name = WEBARENA.name
    served_by = None

    def __init__(self, cache_dir: Path | None = None) -> None:
        self._cache_dir = cache_dir

    def load(self, *, allow_modified: bool = False) -> LoadedTasks:
        """All tasks; a file that is not the official one only with `allow_modified`.

        Raises:
            TaskFileError: not fetched yet, not the official file, or malformed.
        """
        path = webarena_file(self._cache_dir)
        if not path.is_file():
            raise TaskFileError(
                f"{path}: the official tasks are not on this machine; run `wa-run tasks fetch webarena`"
            )
        read = read_tasks(path, self.name)
        modified = read.sha256 != WEBARENA.sha256
        if modified and not allow_modified:
            raise TaskFileError(not_official(str(path), read.sha256))
        return LoadedTasks(
            self.name,
            read.tasks,
            read.sha256,
            str(path),
            modified=modified,
            official=True,
            expected_count=WEBARENA.count,
            unusable=read.unusable,
            notes=read.notes,
        )


def webarena_file(cache_dir: Path | None) -> Path:
    return cache_root(cache_dir) / "tasksets" / "webarena" / "test.raw.json"


def not_official(file: str, sha256: str) -> str:
    return (
        f"{file}: not the official task file: expected sha256 {WEBARENA.sha256}, found {sha256}; "
        f"fetch it again with `wa-run tasks fetch webarena`, or pass --allow-modified to go on with this one "
        f"(results will say so)"
    )
