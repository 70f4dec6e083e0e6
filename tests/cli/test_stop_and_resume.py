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
LIMIT_S = 30
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
        failure = result_of(1)["failure"]
        assert (failure["error_class"], failure["stops_run"], failure["may_retry"]) == ("model", True, True)
        assert not Path("results/r/episodes/2.0").exists()
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
