"""Progress on stderr: a live view on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from webarena_runner.interfaces.execution import EpisodeStarted, StepTaken
from webarena_runner.running.progress import EpisodeEnded, Event, Note, Started
from webarena_runner.types import EpisodeResult, TaskId

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
    """Counts of a run while it goes on; rates are of this start only, retries count as running."""

    clock: Callable[[], float] = time.monotonic
    total: int = 0
    already_done: int = 0
    passed: int = 0
    failed: int = 0
    errored: int = 0
    started_s: float = 0.0
    workers: dict[int, Worker] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        match event:
            case Started(total=total, already_done=already_done):
                self.total, self.already_done, self.started_s = total, already_done, self.clock()
            case EpisodeStarted(worker=worker):
                self.workers[worker] = Worker(event.task_id, event.trial, event.attempt, self.clock())
            case StepTaken(worker=worker) if worker in self.workers:
                self.workers[worker].step = event.index + 1
                self.workers[worker].action = event.action_text
            case EpisodeEnded(result=result, final=final):
                ended = result.task_id, result.trial
                self.workers = {
                    number: worker for number, worker in self.workers.items() if (worker.task_id, worker.trial) != ended
                }
                if final:
                    self._count(result)

    def _count(self, result: EpisodeResult) -> None:
        if result.value is None:
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
        return (
            f"{self.done}/{self.total} done{earlier}: {self.passed} passed, {self.failed} failed, "
            f"{self.errored} errored{speed}"
        )


@contextmanager
def shown(console: Console) -> Iterator[Callable[[Event], None]]:
    """What to call with each event while the run goes on."""
    tally = Tally()
    if not console.is_terminal:
        yield lambda event: _print_line(console, tally, event)
        return
    with Live(console=console, get_renderable=lambda: _view(tally), refresh_per_second=2, transient=True):

        def take(event: Event) -> None:
            tally.take(event)
            if isinstance(event, Note):
                console.print(event.text, markup=False)

        yield take


def outcome(result: EpisodeResult) -> str:
    if result.failure:
        return f"errored ({result.failure.error_class}: {result.failure.message.partition(chr(10))[0]})"
    return "passed" if result.value == 1 else "failed"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 05 min`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def _print_line(console: Console, tally: Tally, event: Event) -> None:
    tally.take(event)
    match event:
        case Started():
            message = f"{event.total} to run" + (
                f", {event.already_done} of them done before" if event.already_done else ""
            )
        case EpisodeEnded(result=result, final=final):
            again = "" if final else "; will be tried again"
            message = (
                f"task {result.task_id} trial {result.trial}: {outcome(result)}{again} "
                f"[{result.ending}, {result.steps} steps, {result.wall_s:.1f} s]"
            )
        case Note(text=text):
            message = text
        case _:
            return
    stamp = time.strftime("%H:%M:%S")
    console.out(f"{stamp} {message}", highlight=False)
    if isinstance(event, EpisodeEnded) and event.final and tally.done_now % TOTALS_EVERY == 0:
        console.out(f"{stamp} {tally.line()}", highlight=False)


def _view(tally: Tally) -> RenderableType:
    workers = Table.grid(padding=(0, 2))
    for column in ("worker", "task", "step", "time"):
        workers.add_column(column, no_wrap=True, style="dim" if column == "worker" else "")
    workers.add_column("action", no_wrap=True, overflow="ellipsis", ratio=1)
    for number, worker in sorted(tally.workers.items()):
        attempt = f" attempt {worker.attempt}" if worker.attempt > 1 else ""
        workers.add_row(
            f"worker {number}",
            f"task {worker.task_id}" + (f" trial {worker.trial}" if worker.trial else "") + attempt,
            f"step {worker.step}",
            f"{tally.clock() - worker.since_s:.0f} s",
            Text(worker.action.replace("\n", " ")),
        )
    if not tally.total:
        return Text("starting")
    bar = Table.grid()
    bar.add_row(ProgressBar(total=tally.total, completed=tally.done, width=40))
    return Group(bar, Text(tally.line()), workers)
