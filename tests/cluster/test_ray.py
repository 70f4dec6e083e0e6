"""Runs on real Ray nodes: what is lost when one goes, and that nothing is lost or played twice then."""

import json
import os
import signal
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.conftest import own_task, workdir
from tests.cli.served_copies import served_copies
from tests.cli.test_reset_policies import tasks, write_lab
from tests.cluster.conftest import LIMIT_S, Run, Started
from tests.support.processes import below, processes
from tests.support.ray_nodes import Nodes, require_ray
from tests.tasksets.records import write
from webarena_runner.log.reading import read_resets
from webarena_runner.types import EpisodeResult

__all__ = ["workdir"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    # Ray's, in the process that starts the nodes.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_two_runs_at_once_on_two_nodes(nodes: Nodes, started: Started) -> None:
    second = nodes.add()
    where = ("--ray-address", nodes.address, "--workers", "2")
    runs = [started(*where, run_id=run_id, limit=4) for run_id in ("one", "two")]
    for run in runs:
        run.until_steps(1)
        run.ended()
        run.require_all_passed_once()
        assert run.failures == []
        assert {path.name for path in run.folder.glob("episodes/*/step-000.jpeg")} == {"step-000.jpeg"}
    nodes.kill(second)


def test_episodes_of_a_node_that_is_killed_are_played_elsewhere(nodes: Nodes, started: Started) -> None:
    second = nodes.add()
    run = started("--ray-address", nodes.address, "--workers", "4", "-o", "limits.retries=0", "--json", limit=8)
    run.until_steps(3)
    nodes.kill(second)
    told = json.loads(run.ended())
    assert told["total"]["passed"] == 8, "what Ray prints of the node is no part of the output"
    run.require_all_passed_once()
    assert set(run.failures) == {"node"}
    assert len(run.failures) <= 2, "no more than were played there"


def test_a_worker_that_was_only_unreachable_cannot_write_when_it_comes_back(nodes: Nodes, started: Started) -> None:
    second = nodes.add()
    run = started("--ray-address", nodes.address, "--workers", "4", limit=12)
    run.until_steps(3)
    (worker,) = nodes.workers_of(second)
    os.kill(worker, signal.SIGSTOP)
    try:
        run.until(lambda: "node" in run.failures or "was lost" in log_of(run))
    finally:
        os.kill(worker, signal.SIGCONT)
    run.ended()
    results = run.require_all_passed_once()
    assert set(run.failures) == {"node"}
    assert max(result.attempt for result in results.values()) == 2
    nodes.kill(second)


def test_shared_sites_are_handed_out_and_reset_for_all_nodes_together(
    nodes: Nodes, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nodes were started before there was a token for resets, so that it is handed over."""
    second = nodes.add()
    with served_copies(2, ["shopping", "homepage"]) as copies:
        for copy in copies:
            monkeypatch.setenv(copy.token_env, copy.token)
        write_lab(copies)
        write(Path("wishes.json"), tasks())
        where = ("--ray-address", nodes.address, "--workers", "4", "-o", "ray.secrets=driver", "-o", "limits.retries=0")
        shop = ("--model", "oracle", "--task-set", "./wishes.json", "--sites", "./lab.yaml", "--reset", "after-write")
        run = started(*shop, *where, "--yes", "--skip-doctor")
        run.ended()
    results = run.require_all_passed_once()
    assert {result.instance for result in results.values()} == {"1", "2"}
    assert len(read_resets(run.folder)) >= 3
    for instance in ("1", "2"):
        writers = sorted((each for each in results.values() if each.instance == instance and each.wrote), key=began)
        assert all(one.finished_at <= other.started_at for one, other in zip(writers, writers[1:], strict=False))
    written = "".join(path.read_text(errors="replace") for path in run.folder.rglob("*") if path.is_file())
    ray_logs = "".join(path.read_text(errors="replace") for path in nodes.folder.rglob("*.log"))
    assert all(copy.token not in written + ray_logs for copy in copies)
    nodes.kill(second)


def began(result: EpisodeResult) -> datetime:
    return result.started_at


def test_a_model_that_is_not_behind_a_url_is_in_one_actor(nodes: Nodes, started: Started) -> None:
    Path("tasks.json").write_text(json.dumps([own_task(number, expected="hello", said="") for number in range(3)]))
    Path("replies.json").write_text(json.dumps(["```scroll [down]```", "```stop [hello]```"]))
    replay = ("--model", "replay", "-o", "model.options.path=replies.json", "--prompt", "direct")
    run = started(*replay, "--task-set", "tasks.json", "--sites", "embedded", "--ray-address", nodes.address)
    run.ended()
    assert {result.steps for result in run.require_all_passed_once().values()} == {2}


def log_of(run: Run) -> str:
    log = run.folder / "run.log"
    return log.read_text() if log.exists() else ""


def test_a_cluster_of_its_own_goes_with_the_run(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    require_ray()
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    home = Path.home() / ".ray"
    was_there = home.exists()
    run = started("--workers", "2", limit=2)
    run.ended()
    run.require_all_passed_once()
    assert home.exists() == was_there, "no token is left in the home folder"
    assert run.left() == {}


def test_a_run_of_one_machine_goes_on_with_a_cluster(nodes: Nodes, started: Started) -> None:
    run = started("--max-time", "1", limit=3, executor="local")
    _, err = run.process.communicate(timeout=LIMIT_S)
    assert "stopped early" in err
    resumed = started("resume", "r", "--max-time", "5m", "--ray-address", nodes.address, "--workers", "2")
    resumed.ended()
    resumed.require_all_passed_once()
    assert "node " in log_of(resumed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_run_leaves_no_process_and_can_be_resumed(started: Started, number: signal.Signals) -> None:
    require_ray()
    run = started("--workers", "2", limit=4)
    run.until_steps(2)
    children = below(run.process.pid, processes())
    assert any("chromium" in args.lower() for pid, (_, args) in processes().items() if pid in children)
    run.process.send_signal(number)
    out, err = run.process.communicate(timeout=LIMIT_S)
    assert run.process.returncode == 130, (out, err)
    assert "go on with: wa-run resume" in err
    assert "Traceback" not in err
    assert run.left() == {}
