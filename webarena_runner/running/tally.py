"""Counts of a run that goes on, from its events: for the terminal and for the status file."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from webarena_runner.interfaces import ResetBegun
from webarena_runner.interfaces.execution import EpisodeStarted, StepTaken
from webarena_runner.report.summary import not_passed
from webarena_runner.report.units import duration
from webarena_runner.running.progress import EpisodeEnded, Event, Note, Phase, Started, WorkersChanged
from webarena_runner.sites.resets.carrying_out import told
from webarena_runner.types import EpisodeResult, SiteReset, TaskId


@dataclass
class Worker:
    """What one worker is doing, since `since_s` on the tally's clock."""

    task_id: TaskId
    trial: int
    attempt: int
    since_s: float
    step: int = 0
    action: str = "starting"


@dataclass
class Tally:
    """What a run has done; times, rates and retries are of this start only, an episode to be tried again still runs.

    Tokens and dollars are of all attempts that have ended; `cost_usd` is None when nothing has a price. `resets` are
    those of shared sites that are under way, by instance and sites, with when they began. `width` is how many episodes
    may be under way at once, None when nobody says, `auto` whether the run finds that number itself.
    """

    clock: Callable[[], float] = time.monotonic
    run_id: str = ""
    phase: str = "starting"
    total: int = 0
    already_done: int = 0
    passed_before: int = 0
    passed: int = 0
    failed: int = 0
    errored: int = 0
    retries: int = 0
    tokens: int = 0
    cost_usd: float | None = None
    started_s: float = 0.0
    width: int | None = None
    auto: bool = False
    workers: dict[int, Worker] = field(default_factory=dict)
    resets: dict[tuple[str, tuple[str, ...]], float] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        match event:
            case Phase(run_id=run_id, text=text):
                self.run_id, self.phase = run_id, text
            case Started(total=total, already_done=already_done):
                self.phase, self.started_s = "running", self.clock()
                self.total, self.already_done, self.passed_before = total, already_done, event.passed
                self.cost_usd, self.tokens = event.spent_usd, event.tokens
                self.width, self.auto = event.workers, event.auto
            case WorkersChanged(workers=workers):
                self.width = workers
            case EpisodeStarted(worker=worker):
                self.workers[worker] = Worker(event.task_id, event.trial, event.attempt, self.clock())
            case StepTaken(worker=worker) if worker in self.workers:
                self.workers[worker].step = event.index + 1
                self.workers[worker].action = event.action_text
            case ResetBegun(instance=instance, sites=sites):
                self.resets[instance, sites] = self.clock()
            case SiteReset(instance=instance, sites=sites):
                self.resets.pop((instance, sites), None)
            case EpisodeEnded(result=result, final=final):
                ended = result.task_id, result.trial
                self.workers = {
                    number: worker for number, worker in self.workers.items() if (worker.task_id, worker.trial) != ended
                }
                self._count(result, final=final)

    def _count(self, result: EpisodeResult, *, final: bool) -> None:
        self.tokens += result.prompt_tokens + result.completion_tokens
        if result.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + result.cost_usd
        if not final:
            self.retries += 1
        elif result.value is None:
            self.errored += 1
        elif result.value == 1:
            self.passed += 1
        else:
            self.failed += 1

    @property
    def done_now(self) -> int:
        return self.passed + self.failed + self.errored

    @property
    def done(self) -> int:
        return self.already_done + self.done_now

    def per_hour(self) -> float | None:
        elapsed_s = self.clock() - self.started_s
        return 3600 * self.done_now / elapsed_s if self.done_now and elapsed_s > 0 else None

    def eta_s(self) -> float | None:
        rate = self.per_hour()
        return 3600 * (self.total - self.done) / rate if rate else None

    def line(self) -> str:
        """All totals in one line."""
        rate, eta_s = self.per_hour(), self.eta_s()
        speed = f", {rate:.0f} tasks/h, ETA {duration(eta_s)}" if rate and eta_s is not None else ""
        earlier = f" ({self.already_done} before)" if self.already_done else ""
        return f"{self.done}/{self.total} done{earlier}: {self.outcomes()}, {self.usage()}{speed}"

    def usage_and_speed(self) -> str:
        rate = self.per_hour()
        width = "" if self.width is None else f", {self.width} workers{' (auto)' if self.auto else ''}"
        return self.usage() + (f", {rate:.0f} tasks/h" if rate else "") + width

    def outcomes(self) -> str:
        """Success is of all that is done, by earlier starts too."""
        success = f", success {100 * (self.passed_before + self.passed) / self.done:.1f} %" if self.done else ""
        retries = f", {self.retries} {'retry' if self.retries == 1 else 'retries'}" if self.retries else ""
        return f"{self.passed} passed, {self.failed} failed, {self.errored} errored{success}{retries}"

    def usage(self) -> str:
        return f"{self.tokens:,} tokens" + ("" if self.cost_usd is None else f", ${self.cost_usd:.4f}")


def outcome(result: EpisodeResult) -> str:
    """`passed`, or what else, with the reason."""
    if result.value == 1:
        return "passed"
    found = not_passed((result.task_id, result.trial), result)
    return f"{found.became} ({' '.join(found.why.split())})"


def ended(result: EpisodeResult, *, final: bool) -> str:
    again = "" if final else "; will be tried again"
    return (
        f"task {result.task_id} trial {result.trial}: {outcome(result)}{again} "
        f"[{result.ending}, {result.steps} steps, {result.wall_s:.1f} s]"
    )


def line_of(event: Event) -> str:
    """What an event says in one line; "" for steps and beginnings of episodes, of which there are many."""
    match event:
        case Phase(run_id=run_id, text=text):
            return f"run {run_id}: {text}"
        case Started():
            before = f", {event.already_done} of them done before" if event.already_done else ""
            return f"{event.total} to run{before}" + (
                f"; {event.workers} workers at first (auto)" if event.auto else ""
            )
        case WorkersChanged():
            return f"{event.workers} workers, {event.before} before: {event.why}"
        case EpisodeEnded(result=result, final=final):
            return ended(result, final=final)
        case Note(text=text):
            return text
        case ResetBegun():
            return f"resetting {', '.join(event.sites)} of instance {event.instance}: {event.why}"
        case SiteReset():
            return told(event)
    return ""
