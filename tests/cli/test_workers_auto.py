"""`--workers auto`, in a run whose model's server says that it is asked too much."""

import json
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, Invoke
from tests.cli.test_stop_and_resume import STOP, run, serving, tasks
from tests.models.fake_openai import Reply, Server, error

__all__ = ["run", "tasks"]
LATE = Reply(200, STOP.body, delay_s=2.5)


def kept(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("results", "r", name).read_text())
    return found


@pytest.mark.browser
def test_the_number_in_force_is_told_and_its_range_is_kept(run: Callable[..., Done], invoke: Invoke) -> None:
    refused = error(429, "slow down")
    with serving(Server(replies=deque([refused, LATE, LATE, LATE]))) as server:
        done = run(server, "--workers", "auto")
    assert done.code == 0
    assert "3 to run; 3 workers at first (auto)" in done.err
    assert re.search(r"1 workers?, 3 before: the model's server was asked too much", done.err)
    assert "--workers auto: 1 to 3 episodes at a time, at most 3 (by episodes)" in done.out + done.err
    assert kept("manifest.json")["config"]["settings"]["workers"] == "auto"
    assert kept("manifest.json")["auto_workers"] == {"least": 1, "most": 3, "allowed": 3, "bound_by": "episodes"}
    log = Path("results/r/run.log").read_text()
    assert "workers: 1, 3 before: the model's server was asked too much" in log
    in_force = int(re.findall(r"workers: (\d+), \d+ before", log)[-1])
    assert (kept("status.json")["workers"], kept("status.json")["workers_auto"]) == (in_force, True)
    assert kept("status.json")["doing"] == "", "it has ended"
    none = invoke("retry", "r")
    assert (none.code, "all its episodes have a score" in none.err) == (2, True)


@pytest.mark.parametrize("given", [("--workers", "0"), ("--workers", "many"), ("-o", "workers=-1")])
def test_what_is_neither_a_number_nor_auto_is_refused(invoke: Invoke, given: tuple[str, str]) -> None:
    done = invoke("--model", "oracle", "--tasks", "smoke", *given)
    assert done.code == 2
    assert "expected a number of episodes at a time, 1 or more, or auto, got" in done.err
    assert not Path("results").exists()
