"""Progress on stderr: a live view on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from webarena_runner.interfaces import ResetBegun
from webarena_runner.interfaces.execution import EpisodeStarted, StepTaken
from webarena_runner.report.summary import not_passed
from webarena_runner.report.units import duration
from webarena_runner.running.progress import EpisodeEnded, Event, Note, Phase, Started
from webarena_runner.sites.resets.carrying_out import told
from webarena_runner.types import EpisodeResult, SiteReset, TaskId

TOTALS_EVERY = 10


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
    those of shared sites that are under way, by instance and sites, with when they began.
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
    workers: dict[int, Worker] = field(default_factory=dict)
    resets: dict[tuple[str, tuple[str, ...]], float] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        match event:
            case Phase(run_id=run_id, text=text):
                self.run_id, self.phase = run_id, text
            case Started(total=total, already_done=already_done):
                self.phase, self.started_s = "running", self.clock()
                self.total, self.already_done, self.passed_before = total, already_done, event.passed
                self.cost_usd = event.spent_usd
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

    def outcomes(self) -> str:
        """Success is of all that is done, by earlier starts too."""
        success = f", success {100 * (self.passed_before + self.passed) / self.done:.1f} %" if self.done else ""
        retries = f", {self.retries} {'retry' if self.retries == 1 else 'retries'}" if self.retries else ""
        return f"{self.passed} passed, {self.failed} failed, {self.errored} errored{success}{retries}"

    def usage(self) -> str:
        return f"{self.tokens:,} tokens" + ("" if self.cost_usd is None else f", ${self.cost_usd:.4f}")


@contextmanager
def shown(console: Console) -> Iterator[Callable[[Event], None]]:
    """What to call with each event while the run goes on."""
    tally = Tally()
    if not console.is_terminal:
        yield lambda event: _print_line(console, tally, event)
        return
    bar = Bar()
    with Live(console=console, get_renderable=lambda: view(tally, bar), refresh_per_second=2, transient=True):

        def take(event: Event) -> None:
            tally.take(event)
            bar.take(event, tally)
            match event:
                case Note(text=text):
                    console.print(text, markup=False)
                case SiteReset():
                    console.print(told(event), markup=False)
                case EpisodeEnded(result=result, final=final) if result.value != 1:
                    console.print(_ended(result, final=final), markup=False)

        yield take


class Bar:
    """rich's own bar, with its columns of time; it moves to and fro until the number of episodes is known."""

    def __init__(self) -> None:
        columns = BarColumn(bar_width=30), MofNCompleteColumn(), TimeElapsedColumn()
        # Episodes take minutes, so that the latest half minute, which is the default, would say nothing.
        self._progress = Progress(*columns, TextColumn("left"), TimeRemainingColumn(), speed_estimate_period=3600)
        self._id = self._progress.add_task("", total=None)

    def take(self, event: Event, tally: Tally) -> None:
        if isinstance(event, Started):
            (task,) = self._progress.tasks
            begun_s = task.start_time
            # What was done before says nothing of the speed.
            self._progress.reset(self._id, total=tally.total, completed=tally.done)
            task.start_time = begun_s
        elif isinstance(event, EpisodeEnded):
            self._progress.update(self._id, completed=tally.done)

    def __rich__(self) -> RenderableType:
        return self._progress.get_renderable()


def outcome(result: EpisodeResult) -> str:
    """`passed`, or what else, with the reason."""
    if result.value == 1:
        return "passed"
    found = not_passed((result.task_id, result.trial), result)
    return f"{found.became} ({' '.join(found.why.split())})"


def _print_line(console: Console, tally: Tally, event: Event) -> None:
    tally.take(event)
    match event:
        case Phase(run_id=run_id, text=text):
            message = f"run {run_id}: {text}"
        case Started():
            message = f"{event.total} to run" + (
                f", {event.already_done} of them done before" if event.already_done else ""
            )
        case EpisodeEnded(result=result, final=final):
            message = _ended(result, final=final)
        case Note(text=text):
            message = text
        case ResetBegun():
            message = f"resetting {', '.join(event.sites)} of instance {event.instance}: {event.why}"
        case SiteReset():
            message = told(event)
        case _:
            return
    stamp = time.strftime("%H:%M:%S")
    console.out(f"{stamp} {message}", highlight=False)
    if isinstance(event, EpisodeEnded) and event.final and tally.done_now % TOTALS_EVERY == 0:
        console.out(f"{stamp} {tally.line()}", highlight=False)


def _ended(result: EpisodeResult, *, final: bool) -> str:
    again = "" if final else "; will be tried again"
    return (
        f"task {result.task_id} trial {result.trial}: {outcome(result)}{again} "
        f"[{result.ending}, {result.steps} steps, {result.wall_s:.1f} s]"
    )


def view(tally: Tally, bar: Bar) -> RenderableType:
    """The live display; each line is cut where the terminal ends."""
    rate = tally.per_hour()
    usage = tally.usage() + (f", {rate:.0f} tasks/h" if rate else "")
    lines = [f"{tally.run_id}: {tally.phase}", tally.outcomes(), usage]
    head, *rest = (Text(line, no_wrap=True, overflow="ellipsis") for line in lines)
    doing = (_doing(number, worker, tally.clock()) for number, worker in sorted(tally.workers.items()))
    resets = (_resetting(*what, tally.clock() - since_s) for what, since_s in tally.resets.items())
    return Group(head, bar, *(rest if tally.total else ()), *resets, *doing)


def _resetting(instance: str, sites: tuple[str, ...], spent_s: float) -> Text:
    text = f"resetting {', '.join(sites)} of instance {instance}, {spent_s:.0f} s"
    return Text(text, no_wrap=True, overflow="ellipsis")


def _doing(number: int, worker: Worker, now_s: float) -> Text:
    trial = f" trial {worker.trial}" if worker.trial else ""
    attempt = f" attempt {worker.attempt}" if worker.attempt > 1 else ""
    episode = f"task {worker.task_id}{trial}{attempt}"
    text = Text(f"worker {number:<4}", style="dim", no_wrap=True, overflow="ellipsis")
    spent = f"{episode:<26.26} step {worker.step:<3} {now_s - worker.since_s:4.0f} s  "
    return text.append(spent + worker.action.replace("\n", " "), style="not dim")
