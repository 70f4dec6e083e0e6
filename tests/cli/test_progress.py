"""Progress: the counts, the live view and the plain lines."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from rich.console import Console

from webarena_runner.cli.progress import Bar, shown, view
from webarena_runner.interfaces import ResetBegun
from webarena_runner.interfaces.execution import EpisodeStarted, StepTaken
from webarena_runner.report.units import duration
from webarena_runner.running.progress import EpisodeEnded, Event, Note, Phase, Started
from webarena_runner.running.tally import Tally
from webarena_runner.types import Ending, EpisodeResult, Failure, SiteReset


def result(task_id: int, value: float | None) -> EpisodeResult:
    failure = Failure(error_class="site", message="down\nfor long", traceback="", may_retry=True)
    return EpisodeResult(
        task_set="own",
        task_id=task_id,
        trial=0,
        attempt=1,
        ending=Ending.ERROR if value is None else Ending.ANSWERED,
        answer="",
        final_url="",
        value=value,
        scores=(),
        steps=4,
        prompt_tokens=10,
        completion_tokens=2,
        cached_tokens=0,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        finished_at=datetime(2026, 1, 1, tzinfo=UTC),
        cost_usd=0.125,
        wall_s=2.0,
        failure=failure if value is None else None,
    )


def test_the_tally_counts_final_results_and_estimates_the_rest() -> None:
    times: Iterator[float] = iter([0.0, 5.0, 36.0, 36.0, 36.0, 36.0, 36.0])
    tally = Tally(clock=lambda: next(times))
    tally.take(Started(total=10, already_done=4, passed=2, spent_usd=0.25))
    tally.take(EpisodeStarted(0, 1, 0, 1))
    tally.take(EpisodeEnded(result(1, 1.0), final=True))
    tally.take(EpisodeEnded(result(2, 0.5), final=True))
    tally.take(EpisodeEnded(result(3, None), final=False))
    tally.take(EpisodeEnded(result(3, None), final=True))
    assert (tally.done, tally.passed, tally.failed, tally.errored, tally.workers) == (7, 1, 1, 1, {})
    assert tally.per_hour() == pytest.approx(300)
    assert tally.eta_s() == pytest.approx(36)
    assert tally.line() == (
        "7/10 done (4 before): 1 passed, 1 failed, 1 errored, success 42.9 %, 1 retry, 48 tokens, $0.7500, "
        "300 tasks/h, ETA 36 s"
    )


def test_a_reset_is_shown_while_it_goes_on_and_told_at_its_end() -> None:
    now, drawn = [0.0], io.StringIO()
    tally, console = Tally(clock=lambda: now[0]), Console(file=drawn, width=100)
    tally.take(ResetBegun("2", ("gitlab",), "before the run"))
    now[0] = 40.0
    console.print(view(tally, Bar()))
    assert "resetting gitlab of instance 2, 40 s" in drawn.getvalue()
    began = datetime(2026, 1, 1, tzinfo=UTC)
    done = SiteReset(instance="2", sites=("gitlab",), why="", started_at=began, wall_s=41.0, tries=1)
    tally.take(done)
    assert tally.resets == {}
    with shown(console) as take:
        take(ResetBegun("2", ("gitlab",), "before the run"))
        take(done)
    assert "resetting gitlab of instance 2: before the run" in drawn.getvalue()
    assert "gitlab of instance 2 reset in 41.0 s" in drawn.getvalue()


def test_the_tally_knows_what_each_worker_does() -> None:
    tally = Tally(clock=lambda: 0.0)
    tally.take(EpisodeStarted(1, 12, 0, 2))
    tally.take(StepTaken(1, 12, 3, "click [4]"))
    assert (tally.workers[1].task_id, tally.workers[1].step, tally.workers[1].action) == (12, 4, "click [4]")
    tally.take(EpisodeEnded(result(12, 0.0), final=True))
    assert tally.workers == {}


def test_plain_lines_say_one_episode_each_and_totals_now_and_then() -> None:
    text = io.StringIO()
    with shown(Console(file=text, width=200)) as take:
        take(Phase("r1", "starting oracle and embedded sites"))
        take(Started(total=11, already_done=1))
        take(Note("stopping: [too] many"))
        take(StepTaken(0, 0, 0, "click [1]"))
        for number in range(9):
            take(EpisodeEnded(result(number, 1.0), final=True))
        take(EpisodeEnded(result(9, None), final=False))
        take(EpisodeEnded(result(9, None), final=True))
    lines = [line[9:] for line in text.getvalue().splitlines()]
    assert lines.pop(0) == "run r1: starting oracle and embedded sites"
    assert lines[:3] == [
        "11 to run, 1 of them done before",
        "stopping: [too] many",
        "task 0 trial 0: passed [answered, 4 steps, 2.0 s]",
    ]
    assert lines[11:13] == [
        "task 9 trial 0: errored (site: down); will be tried again [error, 4 steps, 2.0 s]",
        "task 9 trial 0: errored (site: down) [error, 4 steps, 2.0 s]",
    ]
    assert lines[13].startswith("11/11 done (1 before): 9 passed, 0 failed, 1 errored, ")


def test_the_live_view_shows_totals_and_workers() -> None:
    text = io.StringIO()
    with shown(Console(file=text, force_terminal=True, width=120, highlight=False)) as take:
        take(Started(total=2, already_done=0))
        take(Note("a note"))
        take(EpisodeEnded(result(12, None), final=True))
    drawn = text.getvalue()
    assert "0 passed, 0 failed, 1 errored" in drawn
    assert "a note" in drawn
    assert "task 12 trial 0: errored (site: down)" in drawn


def test_the_live_view_says_what_goes_on_from_the_first_moment_and_fits_the_terminal() -> None:
    tally, bar, drawn = Tally(clock=lambda: 7.0), Bar(), io.StringIO()
    console = Console(file=drawn, width=80)

    def lines(*events: Event) -> list[str]:
        for event in events:
            tally.take(event)
            bar.take(event, tally)
        drawn.seek(drawn.truncate(0))
        console.print(view(tally, bar))
        return [line.rstrip() for line in drawn.getvalue().splitlines() if line.strip()]

    head, moving = lines(Phase("r1", "starting m and static sites"))
    assert head == "r1: starting m and static sites"
    assert "0/?" in moving
    assert re.search(r"0:00:0\d", moving)

    tally.started_s = 0.0
    seen = lines(
        Started(total=812, already_done=400, passed=100, spent_usd=120.5),
        *(EpisodeEnded(result(number, 1.0), final=True) for number in range(20)),
        EpisodeEnded(result(20, None), final=False),
        EpisodeStarted(0, 12, 1, 2),
        StepTaken(0, 12, 2, "type [3] [a\nb] [1]" + "x" * 200),
        EpisodeStarted(15, "a-task-with-a-long-name/and-more-of-it", 0, 1),
    )
    assert [line for line in seen if len(line) > 80] == []
    assert seen[0] == "r1: running"
    assert "420/812" in seen[1]
    assert seen[2] == "20 passed, 0 failed, 0 errored, success 28.6 %, 1 retry"
    assert seen[3].startswith("252 tokens, $123.1250")
    assert re.match(r"worker 0 +task 12 trial 1 attempt 2 +step 3 +0 s +type \[3\] \[a b\]", seen[4])
    assert len(seen) == 6


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (99, "99 s"), (600, "10 min"), (7500, "2 h 05 min"), (5940, "99 min")]
)
def test_a_duration_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text
