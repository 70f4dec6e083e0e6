"""The seam between a run and who plays its episodes: on this event loop, in other processes, on other machines."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from webarena_runner.interfaces.site_events import SiteEvent
from webarena_runner.settings.records import RunConfig
from webarena_runner.types import EpisodeResult, Task, TaskId


@dataclass(frozen=True)
class Recipe:
    """All that a worker needs to play episodes of a run, in this process or another: it can be pickled.

    Passwords and keys are not in it: a worker takes them from its own environment. `folder` is the run folder.
    `reset_at_start` tells whether sites with the policy "before-run" are reset now; `as_new` are shared sites, each by
    its instance and name, that nobody has used yet.
    `workers` is how many episodes are played at a time, with `--workers auto` too. Then an executor that tells the
    schedule how its machine bears them (`Schedule.measured`) is given up to `most_workers`; None: a number was asked.
    """

    config: RunConfig
    tasks: tuple[Task, ...]
    environment: str
    folder: Path
    reset_at_start: bool = False
    as_new: tuple[tuple[str, str], ...] = ()
    workers: int = 1
    most_workers: int | None = None


@dataclass(frozen=True)
class Load:
    """How a machine and a model have borne the episodes of the last `seconds`.

    `starved` is the share of that time in which the browser, or the runner, was kept from a core; `late_s` how late
    the event loop was on average; `in_line` the mean number of episodes that waited for a turn in the browser. `room`
    is for how many more the memory is enough, less than 0 when it is not for these; `refused` how often the model's
    server said that it was asked too much.
    """

    seconds: float
    steps: int
    starved: float = 0.0
    late_s: float = 0.0
    in_line: float = 0.0
    room: int = 1_000_000
    refused: int = 0


@dataclass(frozen=True)
class Attempt:
    """One try at a (task, trial), numbered from 1 at each start of the run: the round of the run that it is of.

    `writes`: an attempt at the task was seen to change a site, whatever its record says.
    `losses` is how often it was begun before and lost with a process that episodes share, `outages` how often with a
    shared site that went down.
    """

    task_id: TaskId
    trial: int
    number: int = 1
    losses: int = 0
    outages: int = 0
    writes: bool = False


class Schedule(Protocol):
    """What to run next, what to try again, when to stop; every executor asks it, from one thread."""

    @property
    def stopped(self) -> str:
        """Why the run ends before all is done: what is running is to be cancelled; "" otherwise."""
        ...

    def next(self, ready: Callable[[Attempt], bool] | None = None) -> Attempt | None:
        """The first attempt of the queue that may start now.

        `ready` is asked of one after the other until it says so; without it the first one may. None: there is nothing
        to start, at least until an attempt that is running has ended.
        """
        ...

    @property
    def waiting(self) -> Sequence[Attempt]:
        """The queue; empty when no more is to be begun, while what is running is finished."""
        ...

    def stop(self, why: str) -> None:
        """What waits cannot be run now; the first reason stays."""
        ...

    def ended(self, attempt: Attempt, result: EpisodeResult) -> None:
        """To be called for each attempt as it ends, once its result is in the run folder."""
        ...

    def measured(self, load: Load) -> None:
        """May be called every second or so: with `--workers auto`, `next` gives more or fewer attempts by it."""
        ...


@dataclass(frozen=True)
class EpisodeStarted:
    """A worker (numbered from 0) begins an attempt (numbered from 1 in the run folder)."""

    worker: int
    task_id: TaskId
    trial: int
    attempt: int


@dataclass(frozen=True)
class StepTaken:
    """A worker took its step `index` (numbered from 0); `action_text` is the history line of the action."""

    worker: int
    task_id: TaskId
    index: int
    action_text: str


WorkerEvent = EpisodeStarted | StepTaken | SiteEvent


@dataclass(frozen=True)
class ExecutorSetup:
    """What an executor is opened with; `on_event` is for whoever watches, as far as the executor knows what happens."""

    recipe: Recipe
    environ: Mapping[str, str]
    on_event: Callable[[WorkerEvent], None]


class Executor(Protocol):
    """Plays a run's episodes with workers of its own, each of which writes its episodes to the run folder.

    Its class method `open(setup)` is an async context manager that starts what the workers need and gives the object;
    it raises UsageError when something is not there. The run folder is made after that, before `run` is called.
    One whose workers know of each other what they do to shared sites says so by `coordinates_sites = True`. Where
    settings may be unfit for it, a class method `check_settings(settings)` raises UsageError, before the start.
    """

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions that a number may depend on, for the manifest."""
        ...

    def run(self, schedule: Schedule) -> AsyncIterator[EpisodeResult]:
        """Yields each attempt's result, already stored, as it ends; ends early when the schedule has stopped."""
        ...
