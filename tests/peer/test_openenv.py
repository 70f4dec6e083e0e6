"""Our server with OpenEnv's own client: several sessions at once, and what its protocol would lose."""

import base64
import io
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image

pytest.importorskip("openenv", reason="no openenv in this environment: make openenv-test")

from openenv import GenericEnvClient

from tests.peer.openenv_served import TASKS, Served, play, served, texts_in
from webarena_runner.gym import ReferencePlayer
from webarena_runner.openenv.client import WebArenaClient

pytestmark = pytest.mark.peer
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "frameworks" / "openenv_client.py"
FREE_AGAIN_S = 30


@pytest.fixture(scope="module")
def two() -> Iterator[Served]:
    with served(2, "--screenshots") as server:
        yield server


def test_two_sessions_at_once_play_the_reference_to_reward_one(two: Served) -> None:
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda task_id: play(WebArenaClient(two.url), task_id), TASKS[:2]))
    assert [(each.reward, each.metadata) for each in ended] == [
        (1.0, {"truncated": False, "ending": "answered"}),
        (1.0, {"truncated": False, "ending": "answered"}),
    ]


def test_sixteen_sessions_at_once_play_the_reference_to_reward_one() -> None:
    with served(16) as server:
        with ThreadPoolExecutor(16) as pool:
            ended = list(pool.map(lambda task_id: play(WebArenaClient(server.url), task_id), TASKS))
        assert [each.reward for each in ended] == [1.0] * len(TASKS)
        below = psutil.Process(server.process.pid).children(recursive=True)
        assert any("chrom" in each.name() or "headless" in each.name() for each in below)
        assert server.stop() == 0
        assert [each for each in psutil.wait_procs(below, timeout=10)[1] if each.status() != "zombie"] == []


def test_the_example_plays_to_reward_one(two: Served) -> None:
    done = subprocess.run([sys.executable, EXAMPLE, two.url, "37"], capture_output=True, text=True, check=True)
    assert "reward 1.0" in done.stdout


def test_the_environment_for_trl_plays_to_reward_one(two: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBARENA_URL", two.url)
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    example = import_module("trl_environment")
    env, player = example.WebArena(), ReferencePlayer.of("mini", 37)
    shown = env.reset(**example.rows([37])[0])
    while shown != "The task is over.":
        shown = env.act(player.next(shown))
    assert env.get_reward() == 1.0
    assert "not begin" in env.reset(task_id=99999)
    assert env.get_reward() is None
    env.reset(task_id=37)
    # It said no more.
    assert env.get_reward() == 0.0
    env._env.close()


def test_a_session_too_many_is_told_so_and_let_in_when_a_place_is_free(two: Served) -> None:
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(WebArenaClient(two.url).sync()).reset(task_id=37)
        with pytest.raises(RuntimeError, match="CAPACITY_REACHED"), WebArenaClient(two.url).sync() as third:
            third.reset(task_id=37)
    assert play(WebArenaClient(two.url), 37).reward == 1.0


def test_a_client_that_is_gone_without_a_word_gives_its_place_back(two: Served) -> None:
    begins = "import sys, time\nfrom webarena_runner.openenv.client import WebArenaClient\n"
    begins += (
        "WebArenaClient(sys.argv[1]).sync().connect().reset(task_id=37)\nprint('begun', flush=True)\ntime.sleep(600)"
    )
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", begins, two.url], stdout=subprocess.PIPE, text=True) as gone:
            assert gone.stdout is not None
            assert gone.stdout.readline() == "begun\n"
            gone.kill()
    until = time.monotonic() + FREE_AGAIN_S
    while True:
        try:
            with WebArenaClient(two.url).sync() as one, WebArenaClient(two.url).sync() as other:
                assert one.reset(task_id=37).observation.intent == other.reset(task_id=37).observation.intent
            return
        except RuntimeError as error:
            if "CAPACITY_REACHED" not in str(error) or time.monotonic() > until:
                raise


def test_the_arguments_of_a_reset_reach_the_episode_and_others_are_refused(two: Served) -> None:
    with WebArenaClient(two.url).sync() as env:
        assert env.reset(task_id=37, max_steps=1, episode_id="mine").reward is None
        state = env.state()
        assert (state.episode_id, state.task_id, state.max_steps, state.done) == ("mine", 37, 1, False)
        ended = env.step("scroll [down]")
        assert (ended.done, ended.reward, ended.metadata) == (True, 0.0, {"truncated": True, "ending": "step_limit"})
        assert (env.state().truncated, env.state().step_count) == (True, 1)
        with pytest.raises(RuntimeError, match="unknown argument 'task'"):
            env.reset(task=37)
        with pytest.raises(RuntimeError, match="max_steps=0"):
            env.reset(task_id=37, max_steps=0)
        with pytest.raises(RuntimeError, match="task_id 99999 is none of the 176 tasks"):
            env.reset(task_id=99999)
        drawn = [(env.reset(seed=seed, max_steps=1), env.state().task_id)[1] for seed in (7, 8, 7)]
    assert drawn[0] == drawn[2]


def test_a_step_without_an_episode_says_that_a_reset_is_needed(two: Served) -> None:
    with WebArenaClient(two.url).sync() as env:
        with pytest.raises(RuntimeError, match="call reset first"):
            env.step("scroll [down]")
        env.reset(task_id=37)
        assert env.step("stop [no]").done
        with pytest.raises(RuntimeError, match=r"the episode is over \(ending: answered\); call reset first"):
            env.step("scroll [down]")


def test_an_episode_whose_infrastructure_fails_has_no_reward(two: Served) -> None:
    with WebArenaClient(two.url).sync() as env:
        with pytest.raises(RuntimeError, match="no observation within 0.001 s"):
            env.reset(task_id=37, step_timeout_s=0.001)
        state = env.state()
        assert (state.done, state.ending, state.reward) == (True, "error", None)
        assert (state.error_class, "no observation" in state.error) == ("timeout", True)
        assert env.reset(task_id=37).observation.text


def test_what_the_model_is_shown_says_nothing_of_the_scoring(two: Served) -> None:
    with GenericEnvClient(base_url=two.url, message_timeout_s=600).sync() as env:
        seen = env.reset(task_id=37)
        shown = {"metadata", "intent", "text", "url", "last_action_error", "screenshot"}
        assert (set(seen.observation), seen.metadata, seen.observation["metadata"]) == (shown, None, {})
        seen = env.step({"action": "click [999999]"})
        assert (set(seen.observation), seen.observation["metadata"], seen.reward) == (shown, {}, 0.0)
        assert "999999" in seen.observation["last_action_error"]
        told = set(texts_in(env.state()))
    tasks = httpx.post(f"{two.url}/webarena/tasks", json={"split": "mini"}, timeout=60, trust_env=False).json()["tasks"]
    assert len(tasks) == 176
    told |= set(texts_in(tasks))
    assert not told & {"eval", "checks", "reference_answers", "reference_actions", "program_html", "scores"}


def test_pictures_are_base64_of_a_png(two: Served) -> None:
    with WebArenaClient(two.url).sync() as env:
        picture = env.reset(task_id=37).observation.screenshot
    image = Image.open(io.BytesIO(base64.b64decode(picture, validate=True)))
    assert (image.format, image.size) == ("PNG", (1280, 720))


@pytest.mark.parametrize("reply", ["{}", "```{}```", "I look further.\n```{}```", "In summary, ```\n{}\n``` it is."])
def test_an_action_may_come_bare_or_in_the_first_fence_of_a_reply(two: Served, reply: str) -> None:
    with WebArenaClient(two.url).sync() as env:
        env.reset(task_id=37)
        seen = env.step(reply.format("goto [http://reddit.com/forums]"))
    assert (seen.observation.last_action_error, seen.observation.url) == ("", "http://reddit.com/forums")


def test_requests_that_would_lose_their_environment_are_refused(two: Served) -> None:
    for path in ("reset", "step", "mcp"):
        said = httpx.post(f"{two.url}/{path}", json={"action": {"action": "stop []"}}, timeout=60, trust_env=False)
        assert (said.status_code, "WebSocket" in said.json()["detail"]) == (409, True)


def test_the_schema_has_one_required_field_for_an_action(two: Served) -> None:
    schema = httpx.get(f"{two.url}/schema", timeout=60, trust_env=False).json()
    assert schema["action"]["required"] == ["action"]


def test_no_other_machine_reaches_it(two: Served) -> None:
    port = int(two.url.rpartition(":")[2])
    listening = [each for each in psutil.Process(two.process.pid).net_connections() if each.status == "LISTEN"]
    assert {each.laddr.ip for each in listening if each.laddr.port == port} == {"127.0.0.1"}


def test_a_connection_that_is_reset_does_not_disturb_others(two: Served) -> None:
    port = int(two.url.rpartition(":")[2])
    rude = socket.create_connection(("127.0.0.1", port))
    rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    rude.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n")
    rude.close()
    assert play(WebArenaClient(two.url), 37).reward == 1.0
