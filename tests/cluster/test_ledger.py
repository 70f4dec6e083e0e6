"""Only who plays an attempt now writes it: a worker that was given up and comes back changes nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.log.records import make_result
from tests.run.test_executor import a_task
from webarena_runner.errors import StoreError
from webarena_runner.interfaces.execution import Attempt, WorkerEvent
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_results
from webarena_runner.running.budgets import Budgets, Used
from webarena_runner.running.cluster.ledger import Ledger
from webarena_runner.running.cluster.messages import Ended, Piece, SharedText, Stepped, Usage
from webarena_runner.running.cluster.shipment import scratch_run
from webarena_runner.running.schedule import MOST_LOSSES, RunSchedule
from webarena_runner.settings.records import LimitSettings

ATTEMPT = Attempt(7, 0)


@pytest.fixture
def told() -> list[WorkerEvent]:
    return []


@pytest.fixture
def ledger(tmp_path: Path, told: list[WorkerEvent]) -> Ledger:
    scratch_run(tmp_path / "r")
    return Ledger(tmp_path / "r", on_event=told.append)


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    return RunPaths(tmp_path / "r")


def lines(text: str, token: int, *, begins: bool = False) -> Piece:
    return Piece(token, "steps.jsonl", text.encode(), begins=begins)


def test_pieces_of_a_file_are_put_together(ledger: Ledger, paths: RunPaths) -> None:
    token = ledger.begin(ATTEMPT, slot=0).token
    ledger.take(SharedText("what many steps share"))
    ledger.take(lines("one\n", token, begins=True))
    ledger.take(lines("two\n", token))
    assert paths.episode(7, 0).steps.read_text() == "one\ntwo\n"
    assert [path.read_text() for path in paths.texts.iterdir()] == ["what many steps share"]


def test_a_worker_that_comes_back_writes_nothing_into_the_attempt_after_its_own(
    ledger: Ledger, paths: RunPaths, told: list[WorkerEvent]
) -> None:
    first = ledger.begin(ATTEMPT, slot=0)
    ledger.take(lines("first\n", first.token, begins=True))
    ledger.take(Stepped(first.token, 0, "click [1]", Usage(30, 5, 0, 0.5)))
    lost = ledger.lose(first, a_task(7), "no answer for 20 s")
    assert lost is not None
    ledger.put(lost)

    second = ledger.begin(Attempt(7, 0, losses=1), slot=3)
    ledger.take(lines("second\n", second.token, begins=True))
    ledger.take(lines("late\n", first.token))
    ledger.take(Stepped(first.token, 1, "late", Usage()))
    assert ledger.close(Ended(first.token, make_result(7))) is None
    assert ledger.refused == 3
    assert len(told) == 3

    closed = ledger.close(Ended(second.token, make_result(7)))
    assert closed is not None
    assert closed[1] is not None
    ledger.put(closed[1])
    assert ledger.close(Ended(second.token, make_result(7, 0.0))) is None, "nor does it end twice"
    assert paths.episode(7, 0).steps.read_text() == "second\n"
    assert [earlier.steps.read_text() for earlier in paths.earlier_attempts(7, 0)] == ["first\n"]
    assert (read_results(paths.folder)[7, 0].value, read_results(paths.folder)[7, 0].attempt) == (1.0, 2)


def test_what_a_lost_attempt_has_used_counts(ledger: Ledger) -> None:
    entry = ledger.begin(ATTEMPT, slot=0)
    for index in range(2):
        ledger.take(Stepped(entry.token, index, "scroll", Usage(30, 5, 20, 0.25)))
    lost = ledger.lose(entry, a_task(7), "gone")
    assert lost is not None
    assert lost.failure is not None
    assert (lost.value, lost.steps, lost.prompt_tokens, lost.completion_tokens, lost.cost_usd) == (None, 2, 60, 10, 0.5)
    assert (lost.failure.error_class, lost.failure.process_lost, lost.failure.may_retry) == ("node", True, True)
    assert ledger.lose(entry, a_task(7), "gone") is None


@pytest.mark.parametrize("name", ["../../manifest.json", "result.json", ".lock"])
def test_a_file_that_is_none_of_an_attempts_is_refused(ledger: Ledger, name: str) -> None:
    entry = ledger.begin(ATTEMPT, slot=0)
    with pytest.raises(StoreError, match="is no file of an attempt"):
        ledger.take(Piece(entry.token, name, b"", begins=True))


def test_a_lost_attempt_is_the_next_one_and_no_try(ledger: Ledger) -> None:
    schedule = RunSchedule(
        [(a_task(7), 0), (a_task(8), 0)],
        retries=0,
        stop_after_errors=1,
        judged=False,
        budgets=Budgets(LimitSettings(fail_fast=1), Used()),
    )
    for losses in range(MOST_LOSSES):
        attempt = schedule.next()
        assert attempt is not None
        assert (attempt.task_id, attempt.number, attempt.losses) == (7, 1, losses)
        lost = ledger.lose(ledger.begin(attempt, slot=0), a_task(7), "gone")
        assert lost is not None
        schedule.ended(attempt, lost)
        assert (schedule.stopped, schedule.closed) == ("", "")


def test_files_of_a_player_arrive_as_they_were(ledger: Ledger, paths: RunPaths, tmp_path: Path) -> None:
    """With its pictures and texts before the lines that name them."""
    entry, sent = ledger.begin(ATTEMPT, slot=0), sent_by_a_player(tmp_path / "node")
    names = [news.name if isinstance(news, Piece) else type(news).__name__ for news in sent]
    assert names == ["SharedText", "step-000.jpeg", "steps.jsonl", "steps.jsonl", "last.json", "network.har"]
    for news in sent:
        ledger.take(news)
    folder = paths.episode(7, 0).folder
    assert entry.folder == folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES


FILES = {
    "steps.jsonl": b"one\ntwo\n",
    "step-000.jpeg": b"\xff\xd8",
    "last.json": b"{}",
    "network.har": b"",
}


def sent_by_a_player(folder: Path) -> list[Any]:
    from webarena_runner.running.cluster.outbox import Outbox
    from webarena_runner.running.cluster.shipment import Shipment

    async def play() -> list[Any]:
        scratch, outbox = scratch_run(folder), Outbox()
        attempt = scratch.episode(7, 0)
        attempt.folder.mkdir()
        shipment = Shipment(attempt, 1, outbox, set())
        (scratch.texts / "abc.txt").write_text("shared")
        (attempt.folder / "step-000.jpeg").write_bytes(FILES["step-000.jpeg"])
        attempt.steps.write_text("one\n")
        shipment.step("step-000.jpeg")
        with attempt.steps.open("a") as steps:
            steps.write("two\n")
        attempt.last_page.write_text("{}")
        attempt.har.touch()
        attempt.result.write_text("the driver writes it")
        shipment.step(None)
        await shipment.rest()
        assert not attempt.folder.exists()
        return list((await outbox.after(0, wait_s=0)).news)

    import asyncio

    return asyncio.run(play())
