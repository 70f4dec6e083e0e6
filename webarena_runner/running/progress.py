"""What a running benchmark tells whoever watches it, one frozen event at a time."""

from dataclasses import dataclass

from webarena_runner.types import EpisodeResult, TaskId


@dataclass(frozen=True)
class Started:
    """Work begins: `total` planned (task, trial) pairs, `already_done` of them finished by an earlier start."""

    total: int
    already_done: int


@dataclass(frozen=True)
class EpisodeStarted:
    """A worker (numbered from 0) begins an attempt (numbered from 1)."""

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


@dataclass(frozen=True)
class EpisodeEnded:
    """An attempt ended; `final` is False when another attempt at the same (task, trial) follows."""

    worker: int
    result: EpisodeResult
    final: bool


@dataclass(frozen=True)
class Note:
    """A sentence for the person at the terminal."""

    text: str


Event = Started | EpisodeStarted | StepTaken | EpisodeEnded | Note
