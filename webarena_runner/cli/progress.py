"""Progress on stderr: a live view on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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

from webarena_runner.running.progress import EpisodeEnded, Event, Note, Started
from webarena_runner.running.tally import Tally, Worker, ended, line_of
from webarena_runner.sites.resets.carrying_out import told
from webarena_runner.types import SiteReset

TOTALS_EVERY = 10


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
                    console.print(ended(result, final=final), markup=False)

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


def _print_line(console: Console, tally: Tally, event: Event) -> None:
    tally.take(event)
    message = line_of(event)
    if not message:
        return
    stamp = time.strftime("%H:%M:%S")
    console.out(f"{stamp} {message}", highlight=False)
    if isinstance(event, EpisodeEnded) and event.final and tally.done_now % TOTALS_EVERY == 0:
        console.out(f"{stamp} {tally.line()}", highlight=False)


def view(tally: Tally, bar: Bar) -> RenderableType:
    """The live display; each line is cut where the terminal ends."""
    lines = [f"{tally.run_id}: {tally.phase}", tally.outcomes(), tally.usage_and_speed()]
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
