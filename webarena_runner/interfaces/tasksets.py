"""The seam between a run and where its tasks come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from webarena_runner.types import Task, TaskId


class TaskSet(Protocol):
    """A named set of tasks; `load` reads data that is already on this machine.

    `served_by` is the site provider that has the sites of its tasks; None: they are for sites elsewhere. A set whose
    numbers are those of another profile than `webarena` says so by `profile`, the name of that.
    """

    @property
    def name(self) -> str: ...

    @property
    def served_by(self) -> str | None: ...

    def load(self, *, allow_modified: bool = False) -> "LoadedTasks": ...


@dataclass(frozen=True)
class UnusableTask:
    """A record of a task file that cannot be run: what is wrong with it, and what can be read of it all the same.

    The id of one that has none is its place, with a blank in front.
    """

    task_id: TaskId
    faults: tuple[str, ...]
    sites: tuple[str, ...] = ()
    template_id: int | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadedTasks:
    """Tasks in file order, with the checksum of the file and named subsets (`smoke`).

    `served_by` is the site provider that has the sites of its tasks (None: they are for sites elsewhere). `official`:
    a published benchmark whose numbers are compared, of `expected_count` tasks, and `scored_by` are the rules
    (`scoring.rules`) that its numbers may be of (none named: any). `caution` is a sentence for whoever
    reads the set's numbers ("" where nothing needs to be said). `environment` is the plug-in that plays them: sites in
    a browser, unless the set brings its own. `unusable` records are told when they are chosen, and the `notes` before
    a run starts.
    """

    name: str
    tasks: tuple[Task, ...]
    sha256: str
    source: str
    modified: bool = False
    subsets: Mapping[str, tuple[TaskId, ...]] = field(default_factory=dict)
    served_by: str | None = None
    official: bool = False
    expected_count: int | None = None
    caution: str = ""
    environment: str = "browser"
    scored_by: tuple[str, ...] = ()
    unusable: tuple[UnusableTask, ...] = ()
    notes: tuple[str, ...] = ()
