"""Episodes through the Gymnasium interface: real sites, a real browser, real scores."""

import os
import re
import subprocess
import sys
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.utils.env_checker import check_env

from tests.gym.conftest import ANSWER, FORUMS, JUDGED, Make, clicking
from webarena_runner import parse_action
from webarena_runner.errors import ConfigError, JudgeError, SelectionError, SiteError
from webarena_runner.gym import ENV_ID
from webarena_runner.types import Goto, Stop

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def env(make: Make) -> gymnasium.Env[dict[str, Any], Any]:
    return make()


@pytest.mark.long
def test_gymnasiums_own_checker_finds_nothing(task_set: str) -> None:
    made = gymnasium.make(ENV_ID, task_set=task_set, sites="embedded", task_id=FORUMS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(made.unwrapped)
    made.close()


def test_an_episode_played_as_the_reference_does_earns_one(env: gymnasium.Env[dict[str, Any], Any]) -> None:
    observation, info = env.reset(seed=1)
    assert observation["url"] == "http://reddit.com/"
    assert observation["intent"] == "Open the list of forums"
    assert info["task_id"] == FORUMS
    observation, reward, terminated, truncated, info = env.step(clicking("link 'Forums'", observation["text"]))
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert observation["url"] == "http://reddit.com/forums"
    assert info["timings_ms"]["execute"] > 0
    _, reward, terminated, truncated, info = env.step("stop []")
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert info["ending"] == "answered"
    assert [(score["evaluator"], score["value"]) for score in info["scores"]] == [("url_match", 1.0)]
    assert info["timings_ms"]["evaluate"] > 0


def test_what_observers_see_is_in_the_info(make: Make) -> None:
    _, info = make(assignments=["observation.observers=[raw_accessibility_tree]"]).reset(seed=1)
    assert info["extras"]["raw_accessibility_tree"][0]["role"]["value"] == "RootWebArea"


def test_action_records_do_what_their_texts_do(env: gymnasium.Env[dict[str, Any], Any]) -> None:
    observation, _ = env.reset(seed=1)
    observation, *_ = env.step(parse_action(clicking("link 'Forums'", observation["text"])))
    assert observation["url"] == "http://reddit.com/forums"
    env.step(Goto(url="http://reddit.com/forums/all"))
    observation, *_ = env.step("goto [http://reddit.com/forums]")
    assert (observation["url"], observation["last_action_error"]) == ("http://reddit.com/forums", "")
    _, reward, *_ = env.step(Stop(answer=""))
    assert reward == 1.0


def test_a_wrong_answer_earns_nothing_and_the_right_one_everything(env: gymnasium.Env[dict[str, Any], Any]) -> None:
    rewards = []
    for answer in ("egret", "heron"):
        env.reset(options={"task_id": ANSWER})
        _, reward, terminated, _, info = env.step(f"stop [{answer}]")
        assert terminated
        assert info["answer"] == answer
        rewards.append(reward)
    assert rewards == [0.0, 1.0]


def test_ids_are_the_same_in_every_episode_and_stay_with_their_elements(make: Make) -> None:
    texts = []
    for _ in range(2):
        observation, _ = (env := make()).reset(seed=5)
        start = observation["text"]
        away, *_ = env.step(clicking("link 'Forums'", start))
        texts.append((start, away["text"]))
    assert texts[0] == texts[1]
    assert "[1] RootWebArea" in start
    scrolled, *_ = env.step("scroll [down]")
    shared = set(away["text"].split("\n")) & set(scrolled["text"].split("\n"))
    assert len(shared) > 3


@pytest.mark.long
def test_the_browsers_own_ids_can_be_had(make: Make) -> None:
    ours, _ = make().reset()
    env = make(stable_ids=False)
    observation, _ = env.reset()
    # Short texts come and go with the numbers: official leaves out those that the lines before have, numbers included.
    numbered = re.compile(r"^\t*\[(\d+)\] (?!StaticText)", re.M)
    counted, browsers = [list(map(int, numbered.findall(seen["text"]))) for seen in (ours, observation)]
    # Which numbers Chromium gives is its own affair, and they may be those of the episode before.
    assert counted == sorted(counted)
    assert len(browsers) == len(counted)
    assert browsers != counted
    observation, *_ = env.step(clicking("link 'Forums'", observation["text"]))
    assert observation["url"] == "http://reddit.com/forums"


@pytest.mark.parametrize(("stable", "host"), [(True, "reddit.com"), (False, "127.0.0.1")])
def test_addresses_in_the_text_of_a_page_are_public_ones_unless_told_otherwise(
    make: Make, stable: bool, host: str
) -> None:
    env = make(stable_urls=stable)
    observation, _ = env.reset()
    box = re.search(r"\[(\d+)\] (searchbox|textbox) ", observation["text"])
    assert box
    # What is typed is mapped back, so the page has the site's own address in it.
    observation, *_ = env.step(f"type [{box[1]}] [http://reddit.com/heron] [0]")
    assert re.search(rf"http://{re.escape(host)}[:\d]*/heron", observation["text"])


def test_what_is_not_in_the_grammar_is_a_step_that_says_so(env: gymnasium.Env[dict[str, Any], Any]) -> None:
    before, _ = env.reset(seed=1)
    after, reward, terminated, truncated, _ = env.step("clack [3]")
    assert "unknown action 'clack'" in after["last_action_error"]
    assert (after["text"], reward, terminated, truncated) == (before["text"], 0.0, False, False)
    after, *_ = env.step("click [99999]")
    assert after["last_action_error"] == "no matching element: the observation has no [99999]"
    after, *_ = env.step("goto [http://example.com/]")
    assert "not an address of this task's sites" in after["last_action_error"]


@pytest.mark.parametrize(
    ("actions", "ending"),
    [
        (["a", "b", "c"], "parse_failures"),
        (["scroll [down]"] * 3, "repeated_action"),
        (["scroll [down]", "scroll [up]", "new_tab", "close_tab"], "step_limit"),
    ],
)
def test_an_early_stop_truncates_and_is_scored(make: Make, actions: list[str], ending: str) -> None:
    env = make(max_steps=4)
    env.reset()
    *before, last = [env.step(action) for action in actions]
    assert not any(terminated or truncated for _, _, terminated, truncated, _ in before)
    _, reward, terminated, truncated, info = last
    assert (reward, terminated, truncated, info["ending"]) == (0.0, False, True, ending)
    assert [score["evaluator"] for score in info["scores"]] == ["url_match"]


def test_after_the_end_only_a_reset_goes_on(env: gymnasium.Env[dict[str, Any], Any]) -> None:
    env.reset()
    env.step("stop []")
    with pytest.raises(ResetNeeded, match="call reset"):
        env.step("stop []")
    env.reset()


def test_a_closed_environment_stays_closed(make: Make) -> None:
    env = make().unwrapped
    env.close()
    env.close()
    with pytest.raises(ClosedEnvironmentError):
        env.reset()


def test_an_action_of_another_type_is_refused_and_the_episode_goes_on(env: gymnasium.Env[dict[str, Any], Any]) -> None:
    env.reset()
    with pytest.raises(TypeError, match="action text"):
        env.step(7)
    env.step("stop []")


@pytest.mark.long
def test_the_seed_decides_which_task_is_drawn(make: Make) -> None:
    env = make(task_id=[FORUMS, ANSWER])
    drawn = [[env.reset(seed=seed)[1]["task_id"] for seed in range(3)] for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == {FORUMS, ANSWER}


@pytest.mark.parametrize("task_id", [1, [FORUMS, 1], []])
def test_an_unknown_task_is_refused_when_the_environment_is_made(make: Make, task_id: Any) -> None:
    with pytest.raises(SelectionError, match="task_id"):
        make(task_id=task_id)


def test_unknown_tasks_and_options_are_refused_at_reset(env: gymnasium.Env[dict[str, Any], Any]) -> None:
    with pytest.raises(SelectionError, match="task_id 7"):
        env.reset(options={"task_id": 7})
    with pytest.raises(ConfigError, match="'task'"):
        env.reset(options={"task": FORUMS})


def test_a_failing_evaluator_is_an_error_and_no_reward(env: gymnasium.Env[dict[str, Any], Any]) -> None:
    env.reset(options={"task_id": JUDGED})
    with pytest.raises(JudgeError):
        env.step("stop [a forum]")
    with pytest.raises(ResetNeeded):
        env.step("stop [a forum]")
    env.reset()


def test_an_error_can_end_the_episode_truncated_and_the_next_one_begins(make: Make) -> None:
    env = make(errors="truncate", task_id=ANSWER)
    first, _ = env.reset(options={"task_id": JUDGED})
    observation, reward, terminated, truncated, info = env.step("stop [a forum]")
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert (info["task_id"], info["ending"], info["error_class"]) == (JUDGED, "error", "judge")
    assert "needs a judge model" in info["error"]
    assert "assignments=['judge.model=NAME']" in info["error"]
    assert observation["text"] == first["text"]
    with pytest.raises(ResetNeeded):
        env.step("stop [a forum]")
    env.reset()
    assert env.step("stop [heron]")[1] == 1.0


def test_an_episode_that_cannot_begin_can_be_truncated_by_its_first_step(make: Make) -> None:
    down = "sites.options.urls.reddit=http://127.0.0.1:9"
    env = make(sites="static", assignments=[down], errors="truncate")
    observation, info = env.reset()
    assert observation in env.observation_space
    assert (observation["text"], observation["intent"]) == ("", "Open the list of forums")
    assert info["error_class"] == "site"
    same, reward, terminated, truncated, info = env.step("stop []")
    assert (same["text"], reward, terminated, truncated, info["error_class"]) == ("", 0.0, False, True, "site")
    assert "127.0.0.1:9" in info["error"]


def test_tasks_whose_judge_is_missing_are_told_when_the_environment_is_made(make: Make) -> None:
    with pytest.warns(UserWarning, match=r"1 of 2 tasks \(the first is 902\).*assignments=\['judge\.model=NAME'\]"):
        make(task_id=[ANSWER, JUDGED])


def test_an_episode_has_limits_of_its_own(env: gymnasium.Env[dict[str, Any], Any]) -> None:
    env.reset(options={"max_steps": 1})
    assert env.step("scroll [down]")[4]["ending"] == "step_limit"
    env.reset()
    assert not env.step("scroll [down]")[3]
    with pytest.raises(ConfigError, match=r"step_timeout_s=-1: .*greater than 0"):
        env.reset(options={"step_timeout_s": -1})


def test_a_site_that_is_down_is_an_error_of_reset(make: Make) -> None:
    env = make(sites="static", assignments=["sites.options.urls.reddit=http://127.0.0.1:9"])
    with pytest.raises(SiteError, match="127.0.0.1:9"):
        env.reset()


@pytest.mark.long
def test_several_environments_play_at_the_same_time(make: Make) -> None:
    envs = [make() for _ in range(3)]

    def play(env: gymnasium.Env[dict[str, Any], Any]) -> float:
        observation, _ = env.reset()
        observation, *_ = env.step(clicking("link 'Forums'", observation["text"]))
        return float(env.step("stop []")[1])

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(play, envs)) == [1.0] * 3
    observations = [env.reset()[0]["text"] for env in envs]
    assert len(set(observations)) == 1


def test_screenshots_are_pixels_of_the_viewport(make: Make) -> None:
    pytest.importorskip("PIL")
    env = make(screenshot=True)
    observation, _ = env.reset()
    assert observation in env.observation_space
    assert observation["screenshot"].shape == (720, 1280, 3)
    assert np.unique(observation["screenshot"]).size > 10


GIVEN = f"{ENV_ID!r}, task_set={{task_set!r}}, sites='embedded', task_id={FORUMS}"
MADE = f"env = gymnasium.make({GIVEN}); env.reset()"
VECTOR = f"envs = gymnasium.make_vec({GIVEN}, num_envs=2, vectorization_mode='%s'); envs.reset()"
PLAYS = f"gym.rollouts(lambda seen: 'stop []', [{FORUMS}] * 9, 2, task_set={{task_set!r}}, sites='embedded')"
UNCLOSED = {
    "closed": f"{MADE}; env.close(); assert threading.active_count() == 1",
    "environment": MADE,
    "sync": VECTOR % "sync",
    "async": VECTOR % "async",
    "rollouts": f"playing = {PLAYS}; next(playing)",
}


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("left", UNCLOSED)
def test_nothing_is_left_running_whether_closed_or_not(task_set: str, left: str) -> None:
    assert_ends_cleanly(sys.executable, UNCLOSED[left].format(task_set=task_set))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_other_pythons_end_without_a_word_of_what_was_not_closed(task_set: str, tmp_path: Path, version: str) -> None:
    """Since 3.12 no thread can be started in a process that exits."""
    found = subprocess.run([ROOT / ".ci" / "find-python", version], capture_output=True, text=True, check=True)
    if not (python := found.stdout.strip()):
        pytest.skip(f"there is no Python {version} here")
    subprocess.run([python, "-m", "venv", tmp_path / "venv"], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "-e", ROOT], check=True)
    for left in ("environment", "sync", "async", "rollouts"):
        assert_ends_cleanly(python, UNCLOSED[left].format(task_set=task_set))


def assert_ends_cleanly(python: str, code: str) -> None:
    """It says nothing, and none of its processes stays."""
    marker = f"GYM_TEST={uuid.uuid4()}"
    environ = os.environ | dict([marker.split("=")])
    script = f"import gymnasium, threading\nimport webarena_runner.gym as gym\n{code}\n"
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, env=environ, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert processes_with(marker) == []


def processes_with(marker: str) -> list[str]:
    """Command lines of the processes that have inherited the environment variable."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if marker.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text())
    return found
