"""What an executor is told to run next, and when to stop."""

from typing import Any

import pytest

from tests.run.conftest import MakeResult
from webarena_runner.interfaces.execution import Attempt
from webarena_runner.running.budgets import Budgets, Used
from webarena_runner.running.schedule import MOST_LOSSES, RunSchedule
from webarena_runner.settings.records import LimitSettings
from webarena_runner.types import EpisodeResult, Failure, Task

NOTHING = Used()


def a_task(task_id: int) -> Task:
    given: dict[str, Any] = {"sites": (), "start_urls": (), "login_sites": (), "checks": (), "raw": {}}
    return Task(task_set="mini", task_id=task_id, intent="", template_id=1, **given)


def schedule_of(
    tasks: int,
    *,
    retries: int = 2,
    stop_after_errors: int = 99,
    judged: bool = False,
    replays: int = 0,
    used: Used = NOTHING,
    **limits: float,
) -> RunSchedule:
    return RunSchedule(
        [(a_task(task_id), 0) for task_id in range(tasks)],
        retries=retries,
        stop_after_errors=stop_after_errors,
        judged=judged,
        replays=replays,
        budgets=Budgets(LimitSettings(**limits), used),
    )


@pytest.fixture
def error(make_result: MakeResult) -> Any:
    def make(attempt: Attempt, error_class: str = "site", **changes: Any) -> EpisodeResult:
        given: dict[str, Any] = {"may_retry": True, "stops_run": False} | changes
        failure = Failure(error_class=error_class, message="away", traceback="", **given)
        return make_result(attempt.task_id, None, failure=failure)

    return make


def take(schedule: RunSchedule) -> Attempt:
    attempt = schedule.next()
    assert attempt is not None
    return attempt


def test_an_error_is_tried_again_after_all_else_up_to_the_limit(make_result: MakeResult, error: Any) -> None:
    schedule, taken = schedule_of(3, retries=2), []
    while attempt := schedule.next():
        taken.append((attempt.task_id, attempt.number))
        schedule.ended(attempt, error(attempt) if attempt.task_id == 0 else make_result(attempt.task_id))
    assert taken == [(0, 1), (1, 1), (2, 1), (0, 2), (0, 3)]
    assert schedule.stopped == ""


def test_a_failed_task_and_an_error_that_would_come_again_are_not_tried_again(
    make_result: MakeResult, error: Any
) -> None:
    schedule = schedule_of(2)
    attempt = take(schedule)
    schedule.ended(attempt, make_result(attempt.task_id, 0.0))
    attempt = take(schedule)
    schedule.ended(attempt, error(attempt, may_retry=False))
    assert schedule.next() is None


def test_while_the_last_attempt_is_running_there_is_nothing_to_start_and_then_there_may_be(error: Any) -> None:
    schedule = schedule_of(1)
    running = take(schedule)
    assert schedule.next() is None
    schedule.ended(running, error(running))
    assert take(schedule).number == 2


def test_a_failure_that_stops_the_run_leaves_the_rest_and_is_not_tried_again(error: Any) -> None:
    schedule = schedule_of(2)
    attempt = take(schedule)
    stopping = error(attempt, stops_run=True)
    schedule.ended(attempt, stopping)
    assert schedule.stopped == "away"
    assert schedule.next() is None
    assert not schedule.tries_again(attempt, stopping.failure)


def test_only_errors_in_a_row_stop_the_run(make_result: MakeResult, error: Any) -> None:
    schedule = schedule_of(9, stop_after_errors=2, retries=0)
    for ends_well in (False, True, False):
        attempt = take(schedule)
        schedule.ended(attempt, make_result(attempt.task_id) if ends_well else error(attempt))
    assert schedule.stopped == ""
    attempt = take(schedule)
    schedule.ended(attempt, error(attempt))
    assert schedule.stopped == "2 episodes in a row ended in an error, the last one (site): away"


@pytest.mark.parametrize(("judged", "stops"), [(False, False), (True, True)])
def test_the_lack_of_a_judge_stops_only_a_run_that_has_one(error: Any, *, judged: bool, stops: bool) -> None:
    schedule = schedule_of(3, stop_after_errors=2, judged=judged)
    for _ in range(2):
        attempt = take(schedule)
        schedule.ended(attempt, error(attempt, "judge", may_retry=False))
    assert bool(schedule.stopped) is stops


def test_the_first_reason_to_stop_stays_when_what_was_running_ends_too(error: Any) -> None:
    schedule = schedule_of(2)
    first, second = take(schedule), take(schedule)
    schedule.ended(first, error(first, stops_run=True))
    schedule.ended(second, error(second, stops_run=True).model_copy(update={"failure": None}))
    assert schedule.stopped == "away"


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"max_cost_usd": 2.0}, "has cost $2.0000, and --max-cost allows $2"),
        ({"max_tokens": 1000}, "has used 1,000 tokens, and --max-tokens allows 1,000"),
    ],
    ids=["cost", "tokens"],
)
def test_a_spent_budget_begins_no_more_and_lets_end_what_runs(
    make_result: MakeResult, limits: dict[str, float], told: str
) -> None:
    schedule = schedule_of(4, used=Used(cost_usd=1.0, tokens=600), **limits)
    first, second = take(schedule), take(schedule)
    half = {"cost_usd": 0.5, "prompt_tokens": 150, "completion_tokens": 50}
    schedule.ended(first, make_result(first.task_id, **half))
    third = take(schedule)
    schedule.ended(second, make_result(second.task_id, **half))
    assert schedule.next() is None
    assert (schedule.waiting, schedule.under_way) == ((), 1)
    assert schedule.stopped == "", "which would end the one that runs"
    schedule.ended(third, make_result(third.task_id, **half))
    assert told in schedule.ended_early, "the first reason stays"


def test_a_budget_that_is_spent_by_the_last_episode_ends_nothing_early(make_result: MakeResult) -> None:
    schedule = schedule_of(1, max_cost_usd=0.1)
    attempt = take(schedule)
    schedule.ended(attempt, make_result(attempt.task_id, cost_usd=1.0))
    assert schedule.closed
    assert schedule.ended_early == ""


def test_so_many_errors_in_all_begin_no_more_and_what_passes_later_is_none(make_result: MakeResult, error: Any) -> None:
    schedule = schedule_of(3, retries=1, fail_fast=2)
    for task_id in (0, 1, 2):
        attempt = take(schedule)
        schedule.ended(attempt, error(attempt) if task_id == 0 else make_result(attempt.task_id))
    again = take(schedule)
    schedule.ended(again, make_result(again.task_id))
    assert schedule.ended_early == ""

    schedule = schedule_of(4, retries=1, fail_fast=2)
    for task_id in (0, 1, 2):
        attempt = take(schedule)
        schedule.ended(attempt, make_result(attempt.task_id) if task_id == 1 else error(attempt))
    assert schedule.next() is None
    assert schedule.ended_early.startswith("2 episodes ended in an error (--fail-fast 2")
    assert schedule.ended_early.endswith("the last one (site): away")


def test_what_a_dying_process_takes_along_is_no_error_of_a_budget(error: Any) -> None:
    schedule = schedule_of(2, fail_fast=1)
    attempt = take(schedule)
    schedule.ended(attempt, error(attempt, "browser", process_lost=True))
    assert schedule.closed == ""


def test_a_round_begins_when_all_of_the_one_before_has_ended(make_result: MakeResult, error: Any) -> None:
    schedule = schedule_of(3, retries=1)
    first, second, third = take(schedule), take(schedule), take(schedule)
    schedule.ended(first, error(first))
    schedule.ended(second, error(second))
    assert schedule.next() is None, "the third one is of the first round"
    schedule.ended(third, make_result(third.task_id))
    assert [(take(schedule).task_id, take(schedule).task_id)] == [(0, 1)]


def test_a_round_does_not_wait_for_what_cannot_be_begun(error: Any) -> None:
    schedule = schedule_of(2, retries=1)
    attempt = take(schedule)
    schedule.ended(attempt, error(attempt))
    again = schedule.next(lambda each: each.task_id == 0)
    assert again is not None
    assert again.number == 2
    assert take(schedule).task_id == 1, "which is of an earlier round, and may be begun at any time"


def test_what_is_lost_with_a_shared_process_is_run_again_at_once_and_counts_as_no_try(
    make_result: MakeResult, error: Any
) -> None:
    schedule, taken = schedule_of(2, retries=0, stop_after_errors=1), []
    while (attempt := schedule.next()) and len(taken) < 9:
        taken.append(attempt.task_id)
        lost = error(attempt, "browser", process_lost=True)
        assert schedule.tries_again(attempt, lost.failure) is (attempt.losses < MOST_LOSSES)
        schedule.ended(attempt, lost if attempt.task_id == 0 else make_result(attempt.task_id))
    assert taken == [0] * (MOST_LOSSES + 1), "what always takes the browser with it is an error in the end"
    assert "1 episodes in a row" in schedule.stopped


def test_what_an_outage_took_is_run_again_as_the_next_one_and_counts_as_no_try_up_to_a_limit(
    make_result: MakeResult, error: Any
) -> None:
    schedule, taken = schedule_of(2, retries=1, stop_after_errors=2, replays=3), []
    while (attempt := schedule.next()) and len(taken) < 9:
        taken.append((attempt.task_id, attempt.number, attempt.outages))
        gone = error(attempt, away=("gitlab of instance 2",))
        assert schedule.tries_again(attempt, gone.failure) is (attempt.outages < 3 or attempt.number == 1)
        schedule.ended(attempt, gone if attempt.task_id == 0 else make_result(attempt.task_id))
    assert taken == [(0, 1, 0), (0, 1, 1), (0, 1, 2), (0, 1, 3), (1, 1, 0), (0, 2, 3)]
    assert schedule.stopped == "", "one site that is down does not stop the others"


@pytest.mark.parametrize(("results", "stops"), [(0, True), (1, False)])
def test_equal_refusals_stop_a_run_that_has_no_result(
    make_result: MakeResult, error: Any, *, results: int, stops: bool
) -> None:
    schedule = schedule_of(9)
    for _ in range(results):
        attempt = take(schedule)
        schedule.ended(attempt, make_result(attempt.task_id, 0.0))
    for number in range(5):
        assert schedule.stopped == ""
        attempt = take(schedule)
        refused = error(attempt, "model", may_retry=False)
        message = f"HTTP 400: no top_p (request 7f{number}3)"
        failure = refused.failure.model_copy(update={"message": message})
        schedule.ended(attempt, refused.model_copy(update={"failure": failure}))
    assert ("no top_p" in schedule.stopped) is stops


def started(schedule: RunSchedule, workers: int) -> list[Attempt]:
    return [attempt for _ in range(workers) if (attempt := schedule.next())]


def test_after_an_overload_half_as_many_are_under_way_and_later_more_again(make_result: MakeResult, error: Any) -> None:
    schedule, workers = schedule_of(40), 8
    playing = started(schedule, workers)
    for attempt in playing:
        schedule.ended(attempt, error(attempt, "overload"))
    playing = started(schedule, workers)
    assert len(playing) == 4, "eight that were too many together halve the number once"
    last = playing.pop()
    schedule.ended(last, error(last, "overload"))
    assert started(schedule, workers) == []
    for _ in range(9):
        attempt = playing.pop(0)
        schedule.ended(attempt, make_result(attempt.task_id))
        playing += started(schedule, workers)
    assert len(playing) > 3
    assert schedule.stopped == ""


def test_an_overload_never_leaves_nothing_to_start(error: Any) -> None:
    schedule = schedule_of(1, retries=2)
    numbers = []
    while attempt := schedule.next():
        numbers.append(attempt.number)
        schedule.ended(attempt, error(attempt, "overload"))
    assert numbers == [1, 2, 3]


def test_the_first_that_is_ready_is_next_and_the_others_keep_their_places() -> None:
    schedule = schedule_of(4)
    asked: list[Any] = []

    def ready(attempt: Attempt) -> bool:
        asked.append(attempt.task_id)
        return attempt.task_id in (2, 3)

    first = schedule.next(ready)
    assert first is not None
    assert (first.task_id, asked) == (2, [0, 1, 2])
    assert [attempt.task_id for attempt in schedule.waiting] == [0, 1, 3]
    assert schedule.next(lambda attempt: attempt.task_id > 3) is None  # type: ignore[operator]
    assert take(schedule).task_id == 0


def test_a_task_that_was_seen_to_write_counts_as_a_writer_in_its_other_trials_and_tries(
    make_result: MakeResult, error: Any
) -> None:
    todo = [(a_task(task_id), trial) for trial in range(2) for task_id in range(2)]
    budgets = Budgets(LimitSettings(), NOTHING)
    schedule = RunSchedule(todo, retries=1, stop_after_errors=9, judged=False, budgets=budgets, writers=[1])
    attempt = take(schedule)
    assert not attempt.writes
    schedule.ended(attempt, error(attempt).model_copy(update={"wrote": ("reddit",)}))
    rest = [take(schedule) for _ in range(3)]
    for each in rest:
        schedule.ended(each, make_result(each.task_id))
    rest.append(take(schedule))
    assert [(each.task_id, each.trial, each.number, each.writes) for each in rest] == [
        (1, 0, 1, True),
        (0, 1, 1, True),
        (1, 1, 1, True),
        (0, 0, 2, True),
    ]
