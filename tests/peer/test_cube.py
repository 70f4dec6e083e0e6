"""The embedded tasks as a benchmark of CUBE, by its own suite, client and server, in an environment that has it."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("cube.task", reason="no cube-standard in this environment: make cube-test")

from cube.client import TaskClient, rpc, wait_for_server
from cube.core import Action
from cube.server import make_task_rpc_server
from cube.testing import run_debug_suite

from webarena_runner.cube import debug
from webarena_runner.cube.benchmark import WebArenaConfig, WebArenaMiniConfig
from webarena_runner.cube.task import WebArenaTask
from webarena_runner.cube.tool import WebArenaToolConfig
from webarena_runner.errors import EpisodeError, JudgeError
from webarena_runner.gym import ReferencePlayer

pytestmark = [
    pytest.mark.peer,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*may need a judge model:UserWarning"),
]
JUDGED = "6"


def task(task_id: str, **options: Any) -> WebArenaTask:
    config = WebArenaMiniConfig(tool_config=WebArenaToolConfig(**options)).subset_from_list([task_id])
    return next(iter(config.get_task_configs())).make()


@pytest.fixture
def forum() -> Iterator[WebArenaTask]:
    made = task("37", max_steps=2)
    yield made
    made.close()


def test_the_debug_suite_passes_with_reference_actions() -> None:
    reports = run_debug_suite("webarena-mini", debug, print_json=False, workers=2)
    found = {each["task_id"]: (each["reward"], each["done"], each["error"]) for each in reports}
    assert found == dict.fromkeys(debug.TASKS, (1.0, True, None))
    assert all(each["close_idempotent_ok"] and each["tools_list_ok"] for each in reports)


def test_a_limit_ends_the_episode_and_scores_it(forum: WebArenaTask) -> None:
    first, _ = forum.reset()
    assert "saltypebble43" in first.to_markdown()
    assert not forum.finished()
    for done in (False, True):
        out = forum.step(Action(name="scroll", arguments={"direction": "down"}))
        assert (out.done, out.reward) == (done, 0.0)
    assert (out.info["ending"], out.info["truncated"]) == ("step_limit", True)


def test_what_is_no_action_is_told_and_final_step_is_a_stop(forum: WebArenaTask) -> None:
    forum.reset()
    out = forum.step(Action(name="click", arguments={"element_id": "x"}))
    assert "not the number of an element" in out.obs.to_markdown()
    out = forum.step(Action(name="final_step"))
    assert (out.done, out.reward, out.info["ending"]) == (True, 0.0, "answered")


def test_an_episode_that_is_evaluated_on_its_way_ends_there(forum: WebArenaTask) -> None:
    forum.reset()
    assert forum.evaluate()[0] == 0.0
    assert forum.finished()


def test_an_error_of_the_infrastructure_is_raised_by_evaluate_and_is_no_reward() -> None:
    made = task(JUDGED)
    made.reset()
    # Any answer that only a judge can tell right from wrong, and there is none.
    with pytest.raises(EpisodeError) as raised:
        made.step(Action(name="stop", arguments={"answer": "a sentence that is in no reference answer"}))
    assert isinstance(raised.value, JudgeError)
    with pytest.raises(JudgeError):
        made.evaluate()
    made.close()


def test_its_json_rpc_server_serves_a_task() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = next(iter(WebArenaMiniConfig().subset_from_list(["37"]).get_task_configs()))
    process, url = make_task_rpc_server(config, port=port)
    try:
        wait_for_server(url, retries=240)
        client, player = TaskClient(url), ReferencePlayer.of("mini", 37)
        seen = client.reset()["obs"]
        for _ in range(5):
            action = player.next_action(seen["contents"][-1]["data"])
            out = client.step(action.kind, action.model_dump(exclude={"kind"}))
            seen = out["obs"]
            if out["done"]:
                break
        assert (out["done"], out["reward"]) == (True, 1.0)
        assert "reference_actions" in json.dumps(client.privileged_info())
        rpc(url, "cube/close")
    finally:
        process.terminate()
        process.join(30)
        if process.is_alive():
            process.kill()


def test_the_official_set_is_a_benchmark_too() -> None:
    assert WebArenaConfig.benchmark_metadata.num_tasks == 812
