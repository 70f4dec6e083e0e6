"""Events of a running benchmark, for whoever watches it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from webarena_runner.interfaces.execution import Attempt, Load, WorkerEvent
from webarena_runner.running.schedule import RunSchedule
from webarena_runner.types import EpisodeResult

log = logging.getLogger(__name__)
MOST_HOSTS = 5


@dataclass(frozen=True)
class Phase:
    """What a run begins to do, before its episodes and after them."""

    run_id: str
    text: str


@dataclass(frozen=True)
class Started:
    """Work begins: `total` planned (task, trial) pairs, `already_done` of them finished by an earlier start.

    `passed` of these are passed; `spent_usd` is what the earlier starts have cost, None when nothing has a price, and
    `tokens` what they have used. `workers` is how many may be under way at first (None: not known).
    """

    total: int
    already_done: int
    passed: int = 0
    spent_usd: float | None = None
    tokens: int = 0
    workers: int | None = None
    auto: bool = False


@dataclass(frozen=True)
class EpisodeEnded:
    """An attempt ended; `final` is False when another attempt at the same (task, trial) follows."""

    result: EpisodeResult
    final: bool


@dataclass(frozen=True)
class WorkersChanged:
    """So many episodes may be under way at once from now on, another number than `before`."""

    workers: int
    before: int
    why: str


@dataclass(frozen=True)
class Note:
    """A sentence for the person at the terminal."""

    text: str


Event = Phase | Started | WorkerEvent | EpisodeEnded | WorkersChanged | Note


class WatchedSchedule:
    """A schedule that also reports each end: as an event, and as a line of the log."""

    def __init__(self, schedule: RunSchedule, on_event: Callable[[Event], None]) -> None:
        self._schedule = schedule
        self._on_event = on_event
        self._told = False

    @property
    def stopped(self) -> str:
        return self._schedule.stopped

    @property
    def waiting(self) -> Sequence[Attempt]:
        return self._schedule.waiting

    def stop(self, why: str) -> None:
        self._schedule.stop(why)

    def close(self, why: str) -> None:
        """From outside: begins nothing more, and lets what runs end."""
        self._schedule.close(why)
        self._tell_if_closed()

    def next(self, ready: Callable[[Attempt], bool] | None = None) -> Attempt | None:
        return self._schedule.next(ready)

    def measured(self, load: Load) -> None:
        before = self._schedule.workers
        self._schedule.measured(load)
        self._tell_of_workers(before)

    def ended(self, attempt: Attempt, result: EpisodeResult) -> None:
        before = self._schedule.workers
        self._schedule.ended(attempt, result)
        log.info(
            "task %s trial %d: %s value %s steps %d %.1f s%s%s%s",
            result.task_id,
            result.trial,
            result.ending,
            result.value,
            result.steps,
            result.wall_s,
            f" ({result.failure.error_class}: {result.failure.message})" if result.failure else "",
            _listed("blocked", result.blocked_hosts) + _listed("visited", result.visited_hosts),
            _of_sites(result),
        )
        again = self._schedule.tries_again(attempt, result.failure) and not self._schedule.closed
        self._on_event(EpisodeEnded(result, final=not again))
        self._tell_of_workers(before)
        self._tell_if_closed()

    def _tell_of_workers(self, before: int | None) -> None:
        now, why = self._schedule.workers, self._schedule.why_workers
        if now is not None and now != before:
            log.info("workers: %s, %s before: %s", now, before, why)
            self._on_event(WorkersChanged(now, before or now, why))

    def _tell_if_closed(self) -> None:
        running = self._schedule.under_way
        if self._schedule.ended_early and running and not self._told:
            self._told = True
            self._on_event(Note(f"beginning no more: {self._schedule.closed}; finishing what runs ({running})"))


def _of_sites(result: EpisodeResult) -> str:
    """Which copy of shared sites it had, and what was written there."""
    said = {"instance": [result.instance], "wrote": result.wrote, "disturbed": result.disturbed}
    return "".join(f"; {what}: {', '.join(found)}" for what, found in said.items() if any(found))


def _listed(what: str, counts: Mapping[str, int]) -> str:
    hosts = sorted(counts.items(), key=lambda host: (-host[1], host[0]))
    shown = [f"{host} {times}" for host, times in hosts[:MOST_HOSTS]] + ["..."] * (len(hosts) > MOST_HOSTS)
    return f"; {what}: {', '.join(shown)}" if shown else ""
