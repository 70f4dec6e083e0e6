"""Tasks of ours played by cube-harness, in an environment of its own, on `wa-run env serve --kind cube`.

`make cube-test` sets both up; CUBE_HARNESS_PYTHON names another Python that has cube-harness.
"""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cube.task", reason="no cube-standard in this environment: make cube-test")

from cube.client import BenchmarkClient

from tests.models.fake_openai import Reply, Server, completion, running
from tests.peer.openenv_served import Served, served
from tests.peer.served import ROOT
from webarena_runner.cube import sessions
from webarena_runner.cube.tool import WebArenaToolConfig
from webarena_runner.errors import UsageError
from webarena_runner.gym import ReferencePlayer
from webarena_runner.gym.reference import task_of

HARNESS = Path(os.environ.get("CUBE_HARNESS_PYTHON", ROOT / ".venv-cube-harness" / "bin" / "python"))
EXAMPLES = ROOT / "docs" / "examples" / "frameworks"
# Of forum, map, wiki and shop.
PLAYED = (37, 340, 315, 1)

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
needs_harness = pytest.mark.skipif(not HARNESS.exists(), reason=f"{HARNESS} is absent: `make cube-test`")


@dataclass
class FunctionCallingModel:
    """Knows the reference actions of tasks, and calls the functions that do them on the page that it is shown."""

    players: dict[int, ReferencePlayer] = field(default_factory=dict)

    def __call__(self, body: Any) -> Reply:
        said = [str(message.get("content")) for message in body["messages"]]
        (task_id,) = (each for each in PLAYED if any(task_of("mini", each).intent in text for text in said))
        player = self.players.setdefault(task_id, ReferencePlayer.of("mini", task_id))
        # The last message is the agent's own prompt, the one before it the page.
        action = player.next_action(said[-2])
        arguments = json.dumps(action.model_dump(exclude={"kind"}))
        call = {"id": "call_1", "type": "function", "function": {"name": action.kind, "arguments": arguments}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return Reply(200, completion(None, choices=[{"index": 0, "message": message, "finish_reason": "tool_calls"}]))


@pytest.fixture
def server() -> Iterator[Served]:
    with served(2, kind="cube") as found:
        yield found


async def harness(*arguments: str, **environ: str) -> tuple[int, str]:
    """Exit code of a Python program in cube-harness's environment, and what it said."""
    process = await asyncio.create_subprocess_exec(
        str(HARNESS),
        *arguments,
        env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONPATH": str(EXAMPLES), **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    return int(process.returncode or 0), told.decode()


def kept_in(folder: Path) -> dict[str, tuple[str, float]]:
    """How the harness says that episodes ended, by task."""
    kept = [json.loads(file.read_text()) for file in folder.rglob("status.json")]
    return {each["task_id"]: (each["status"], each["reward"]) for each in kept}


@needs_harness
async def test_cube_harness_s_agent_plays_tasks_to_their_reward(server: Served, tmp_path: Path) -> None:
    async with running(Server(routes={"/v1/chat/completions": FunctionCallingModel()})) as model:
        code, told = await harness(
            str(EXAMPLES / "cube_recipe.py"),
            *("--limit", str(len(PLAYED))),
            URL=server.url,
            TASKS=",".join(map(str, PLAYED)),
            MODEL="openai/scripted",
            OPENAI_BASE_URL=model.base_url,
            OPENAI_API_KEY="none",
            CH_EXP_DIR=str(tmp_path),
        )
    assert code == 0, told
    assert kept_in(tmp_path) == {str(task_id): ("COMPLETED", 1.0) for task_id in PLAYED}, told
    # Each gave its place back.
    assert BenchmarkClient(server.url).spawn({"metadata": {"id": "37"}}).reset()["info"] == {"task_id": "37"}


BROKEN_OFF = """
import os, signal, sys
from cube.core import Action
from cube_remote import RemoteError, WebArenaRemote

scroll = Action(name="scroll", arguments={"direction": "down"})
task = next(WebArenaRemote(url=sys.argv[1]).subset_from_list(["37"]).get_task_configs()).make()
task.reset()
task.step(scroll)
os.kill(int(sys.argv[2]), signal.SIGKILL)
for do in (lambda: task.step(scroll), task.evaluate, task.reset):
    try:
        print("went on", do())
    except RemoteError as error:
        print(error)
task.close()
"""


@needs_harness
async def test_a_server_that_dies_in_the_middle_of_a_task_is_an_error_and_no_score(server: Served) -> None:
    code, told = await harness("-c", BROKEN_OFF, server.url, str(server.process.pid))
    assert code == 0, told
    step, evaluate, reset = told.splitlines()
    assert "cube/step" in step
    assert evaluate == step
    assert "no server answers (cube/reset); is `wa-run env serve --kind cube` running there?" in reset


@needs_harness
async def test_no_server_and_no_such_task_are_told(server: Served) -> None:
    listing = "import sys, cube_remote as c; c.WebArenaRemote(url=sys.argv[1]).tasks()"
    code, told = await harness("-c", listing, "http://127.0.0.1:1")
    assert code == 1
    assert "RemoteError: http://127.0.0.1:1: no server answers (cube/tasks); is `wa-run env serve" in told
    making = "import sys, cube_remote as c; c.RemoteToolConfig(url=sys.argv[1], task_id='99999').make()"
    code, told = await harness("-c", making, server.url)
    assert code == 1
    assert "RemoteError: cube/spawn: task '99999' is none of the 176 tasks that are served; cube/tasks lists" in told


def test_cube_s_own_client_plays_two_sessions_at_once_and_is_told_what_cannot_be(server: Served) -> None:
    benchmark = BenchmarkClient(server.url)
    assert benchmark.info()["name"] == "webarena-mini"
    assert len(benchmark.tasks()) == benchmark.info()["num_tasks"]
    (config,) = benchmark.task_configs(task_id="37")
    first, second = benchmark.spawn(config), benchmark.spawn(config)
    with pytest.raises(RuntimeError, match="all 2 sessions are in use: close one with cube/close"):
        benchmark.spawn(config)
    with pytest.raises(RuntimeError, match="no episode is under way: call cube/reset first"):
        first.step("scroll", {"direction": "down"})
    for task in (first, second):
        task.reset()
    assert first.step("stop", {"answer": "380"})["reward"] == 1.0
    assert second.step("stop", {"answer": "no"})["reward"] == 0.0
    with pytest.raises(RuntimeError, match=r"task 37 is over \(ending: answered, reward 1.0\): call cube/reset"):
        first.step("stop", {"answer": "380"})
    assert first.evaluate()["reward"] == 1.0
    second.close()
    with pytest.raises(RuntimeError, match="there is no session"):
        second.reset()
    with pytest.raises(RuntimeError, match="no method 'cube/nothing'; expected"):
        first._rpc("cube/nothing")
    server.process.send_signal(signal.SIGINT)
    assert server.stop() == 0
    assert server.said().count("\n") < 5, server.said()


def test_a_session_that_nobody_uses_gives_its_place_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "UNUSED_S", 0.0)
    opened = sessions.Sessions(WebArenaToolConfig(), [task_of("mini", 37)], limit=1)
    opened.start()
    try:
        first, second = (opened.spawn({"task_config": {"metadata": {"id": "37"}}}) for _ in range(2))
        with pytest.raises(UsageError, match=f"there is no session '{first}': it was closed, or had not been used"):
            opened.methods(first)
        assert opened.methods(second)["cube/reset"]({})["info"] == {"task_id": "37"}
    finally:
        opened.end()
