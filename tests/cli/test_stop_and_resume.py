"""A model that fails, or that may cost no more, costs no task: the run stops or errs, and a resume finishes it."""

import asyncio
import csv
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, Invoke, own_task
from tests.models.fake_openai import Reply, Server, completion, error, running

pytestmark = pytest.mark.browser
LIMIT_S = 90
STOP = Reply(200, completion("```stop [hello]```"))
SCROLL = Reply(200, completion("```scroll [down]```"))
# 30 prompt tokens and 5 of the reply for each request, as the fake server counts: 0.0004 dollars.
PRICES = ("-o", "model.prices.input=10", "-o", "model.prices.output=20")


@contextmanager
def serving(server: Server, *, until: Callable[[], bool] = lambda: False) -> Iterator[Server]:
    """The server on a loop of its own, up to the end or until the condition holds, when it goes without a word."""
    started: Future[asyncio.AbstractEventLoop] = Future()
    over = threading.Event()

    async def serve() -> None:
        async with running(server):
            started.set_result(asyncio.get_running_loop())
            await server.until(lambda: until() or over.is_set())
        await server.until(over.is_set)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    loop = started.result(timeout=LIMIT_S)
    try:
        yield server
    finally:
        over.set()
        loop.call_soon_threadsafe(server.moved.set)
        thread.join()


@pytest.fixture
def tasks(workdir: Path) -> Path:
    """Three tasks on the embedded forum that `stop [hello]` passes."""
    path = workdir / "tasks.json"
    path.write_text(json.dumps([own_task(number, expected="hello", said="hello") for number in range(3)]))
    return path


@pytest.fixture
def run(invoke: Invoke, tasks: Path) -> Callable[..., Done]:
    def call(server: Server, *arguments: str) -> Done:
        model = (
            "--model",
            "openai-compatible",
            "-o",
            f"model.options.base_url={server.base_url}",
            "--prompt",
            "direct",
        )
        # The fake's replies are for the episodes.
        unasked = ("-o", "model.options.probe=false")
        quick = ("-o", "model.options.retry_first_wait_s=0.01", "-o", "model.options.retry_longest_wait_s=0.01")
        where = ("--task-set", str(tasks), "--sites", "embedded", "--run-id", "r", "-o", "browser.screenshots=false")
        return invoke(*model, *unasked, *quick, *where, *arguments)

    return call


def result_of(task_id: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(f"results/r/episodes/{task_id}.0/result.json").read_text())
    return found


def row_of(path: str) -> dict[str, str]:
    with Path(path).open(newline="") as lines:
        (row,) = csv.DictReader(lines)
    return row


@pytest.mark.long
def test_a_model_that_storms_and_dies_is_an_error_without_a_score_and_a_resume_finishes(
    run: Callable[..., Done], invoke: Invoke
) -> None:
    server = Server()
    server.replies.extend([SCROLL, *[error(429, "slow down")] * 5])
    with serving(server, until=lambda: len(server.chats) == 6):
        done = run(server, "--tasks", "0", "-o", "limits.retries=0", "-o", "model.options.max_retries=7")
    assert done.code == 1, done
    result = result_of(0)
    assert (result["ending"], result["value"], result["steps"]) == ("error", None, 1)
    assert result["failure"]["error_class"] == "model"
    assert "connection failed" in result["failure"]["message"]
    assert "(attempt 8 of 8)" in result["failure"]["message"]

    back = Server(port=server.port)
    back.replies.extend([error(429, "slow down"), STOP])
    with serving(back):
        resumed = invoke("resume", "r")
    assert resumed.code == 0, resumed
    assert (result_of(0)["ending"], result_of(0)["value"], result_of(0)["attempt"]) == ("answered", 1.0, 2)

    Path("results/leaderboard.csv").unlink()
    once_more = invoke("resume", "r")
    assert once_more.code == 0, "it is finished, and needs the model no more"
    assert row_of("results/leaderboard.csv")["Success Rate (%)"] == "100.00"


@pytest.mark.long
def test_a_run_stops_at_its_cost_and_goes_on_with_a_higher_one(run: Callable[..., Done], invoke: Invoke) -> None:
    with serving(Server(models=[{"id": "tiny", "owned_by": "vllm"}])) as server:
        server.replies.append(STOP)
        done = run(server, *PRICES, "--max-cost", "0.0003")
        assert done.code == 1, done
        (told,) = [line for line in done.err.splitlines() if "stopped early" in line]
        assert "has cost $0.0004, and --max-cost allows $0.0003" in told
        assert told.endswith("go on with: wa-run resume results/r")
        assert result_of(0)["value"] == 1.0
        assert not Path("results/r/episodes/1.0").exists()
        assert len(server.chats) == 1
        versions = json.loads(Path("results/r/manifest.json").read_text())["versions"]
        assert versions["model server"] == "vLLM"
        assert "top_k=-1" in versions["samplers of the model server that are switched off"]

        again = invoke("resume", "r")
        assert again.code == 2
        assert "give a higher --max-cost" in again.err

        server.replies.extend([STOP] * 2)
        resumed = invoke("resume", "r", "--max-cost", "1")
    assert resumed.code == 0, resumed
    assert "$0.0012" in resumed.out
    assert row_of("results/leaderboard.csv")["Cost (USD)"] == "0.0012"
    assert "may cost $1; $0.0004 of it was spent before" in Path("results/r/run.log").read_text()

    reported = invoke("report", "r", "--csv", "elsewhere.csv")
    assert (reported.code, reported.out.count("$0.0012")) == (0, 1)
    assert row_of("elsewhere.csv") == row_of("results/leaderboard.csv") | {"Traj": "results/r"}


@pytest.mark.long
def test_what_runs_when_a_budget_is_spent_is_finished_and_a_resume_with_more_plays_the_rest(
    run: Callable[..., Done], invoke: Invoke
) -> None:
    with serving(Server()) as server:
        server.replies.extend([SCROLL, SCROLL, STOP, STOP, STOP])
        done = run(server, "--max-tokens", "36", "--workers", "2")
        assert done.code == 1, done
        assert "beginning no more: the run has used" in done.err
        assert "and --max-tokens allows 36; to resume it, give a higher --max-tokens" in done.err
        assert [result_of(number)["value"] for number in (0, 1)] == [1.0, 1.0]
        assert not Path("results/r/episodes/2.0").exists()

        again = invoke("resume", "r")
        assert (again.code, "give a higher --max-tokens" in again.err) == (2, True)
        resumed = invoke("resume", "r", "--max-tokens", "1000")
    assert resumed.code == 0, resumed
    assert result_of(2)["value"] == 1.0


@pytest.mark.long
def test_an_episode_that_has_cost_what_it_may_is_scored_and_not_tried_again(
    run: Callable[..., Done], invoke: Invoke
) -> None:
    with serving(Server()) as server:
        server.replies.extend([SCROLL, Reply(200, completion("```scroll [up]```")), STOP, STOP])
        done = run(server, *PRICES, "--max-cost-per-episode", "0.0008")
        assert done.code == 0, done
        resumed = invoke("resume", "r")
        assert resumed.code == 0, resumed
    first = result_of(0)
    assert (first["ending"], first["value"], first["steps"], first["attempt"]) == ("cost_limit", 0.0, 2, 1)
    assert first["failure"] is None
    assert [result_of(number)["ending"] for number in (1, 2)] == ["answered", "answered"]
    assert len(server.chats) == 4
    row = row_of("results/leaderboard.csv")
    assert "limits.max_cost_per_episode_usd" in row["Profile"]


@pytest.mark.long
def test_errors_of_one_class_are_tried_again_and_nothing_else_is(run: Callable[..., Done], invoke: Invoke) -> None:
    refused = error(400, "no such thing")
    with serving(Server()) as server:
        server.replies.extend([STOP, refused, STOP])
        done = run(server, "--fail-fast", "1")
        assert done.code == 1, done
        assert "1 episode ended in an error (--fail-fast 1, limits.fail_fast), the last one (model): " in done.err
        assert done.err.rstrip().endswith("go on with: wa-run resume results/r")
        assert not Path("results/r/episodes/2.0").exists()

        for errors, told in (("site", "of class site (it has model 1)"), ("modle", "expected some of browser, ")):
            none = invoke("retry", "r", "--errors", errors)
            assert (none.code, told in none.err) == (2, True), none

        retried = invoke("retry", "r", "--errors", "site,model")
    assert retried.code == 1, "one has not run yet"
    assert (result_of(1)["value"], result_of(1)["attempt"]) == (1.0, 2)
    assert not Path("results/r/episodes/2.0").exists()
    assert len(server.chats) == 3
