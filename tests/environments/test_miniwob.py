"""MiniWoB's pages as episodes of ours: make miniwob-test puts the package where it is found."""

import json
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gymnasium
import pytest

from tests.cli.conftest import WA_RUN
from webarena_runner.gym import ENV_ID

HERE = find_spec("miniwob") is not None
REFERENCE = ("click-test", "click-test-2", "click-button-sequence", "focus-text", "click-dialog")
RANDOM = (
    "click-button",
    "click-checkboxes",
    "click-collapsible",
    "click-color",
    "click-link",
    "click-option",
    "click-shades",
    "click-tab",
    "click-widget",
    "enter-date",
    "enter-text",
    "guess-number",
    "login-user",
    "navigate-tree",
    "search-engine",
    "tic-tac-toe",
)


def run(folder: Path, run_id: str, *options: str) -> dict[str, dict[str, Any]]:
    """The results of a run by task."""
    command = [WA_RUN, "--task-set", "miniwob", "--out", folder, "--run-id", run_id, "--workers", "2", *options]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    found = (json.loads(path.read_text()) for path in (folder / run_id).glob("episodes/*/result.json"))
    return {result["task_id"]: result for result in found}


@pytest.mark.peer
@pytest.mark.browser
@pytest.mark.skipif(not HERE, reason="no miniwob in this environment: make miniwob-test")
class TestPages:
    def test_all_tasks_of_the_package_are_there(self) -> None:
        from webarena_runner.tasksets import load_task_set

        tasks = load_task_set("miniwob").load().tasks
        assert len(tasks) == 128
        assert {task.task_id for task in tasks} >= {*REFERENCE, *RANDOM, "flight.AA"}
        assert all(task.intent for task in tasks)

    def test_reference_actions_pass_and_the_page_ends_the_episode(self, tmp_path: Path) -> None:
        results = run(tmp_path, "reference", "--model", "oracle", "--tasks", "reference")
        assert {task_id: (each["value"], each["ending"]) for task_id, each in results.items()} == dict.fromkeys(
            REFERENCE, (1.0, "over")
        )
        score = results["click-test"]["scores"][0]
        assert (score["evaluator"], score["evidence"]["raw_reward"], score["evidence"]["done"]) == ("miniwob", 1, True)
        assert 0 < score["evidence"]["timed_reward"] < 1.01

    def test_a_gymnasium_environment_shows_what_the_page_asks_for(self) -> None:
        env: Any = gymnasium.make(ENV_ID, task_set="miniwob", task_id="enter-text")
        try:
            asked = env.reset(seed=1)[0]["intent"]
            assert re.fullmatch(r'Enter "\w+" into the text field and press Submit\.', asked)
            seen, reward, terminated, truncated, info = env.step("goto [http://example.com]")
            assert (seen["intent"], reward, terminated, truncated) == (asked, 0.0, False, False)
            assert "on this page alone" in seen["last_action_error"]
            submit = re.search(r"\[(\d+)\] button 'Submit'", seen["text"])
            assert submit
            seen, reward, terminated, truncated, info = env.step(f"click [{submit[1]}]")
            assert (reward, terminated, truncated, info["ending"]) == (0.0, True, False, "over")
        finally:
            env.close()

    def test_a_page_in_many_scripts_is_read_in_its_encoding(self) -> None:
        env: Any = gymnasium.make(ENV_ID, task_set="miniwob", task_id="unicode-test")
        try:
            texts = [env.reset(seed=seed)[0]["text"] for seed in range(4)]
        finally:
            env.close()
        assert not any("Ã" in text or "ã" in text for text in texts)
        assert any(ord(character) > 0x3000 for text in texts for character in text)

    def test_random_clicks_are_scored_and_the_seed_makes_the_page(self, tmp_path: Path) -> None:
        chosen = ",".join(f'"{task_id}"' for task_id in RANDOM)
        options = ("--agent", "random-click", "--tasks", chosen, "--max-steps", "4", "--seed", "5")
        results = run(tmp_path, "one", *options)
        assert set(results) == set(RANDOM)
        assert {each["ending"] for each in results.values()} <= {"over", "step_limit", "repeated_action", "answered"}
        assert all(0 <= each["value"] <= 1 for each in results.values())
        first = {task_id: _first_text(tmp_path / "one", task_id) for task_id in ("click-button", "enter-text")}
        again = run(tmp_path, "two", *options[:2], "--tasks", '"click-button","enter-text"', *options[4:])
        assert set(again) == set(first)
        assert {task_id: _first_text(tmp_path / "two", task_id) for task_id in first} == first
        other = ("--agent", "random-click", "--tasks", '"enter-text"', "--max-steps", "1", "--seed", "6")
        run(tmp_path, "three", *other)
        assert _first_text(tmp_path / "three", "enter-text") != first["enter-text"]


def _first_text(run_folder: Path, task_id: str) -> list[str]:
    """What the first page shows, without the browser's ids."""
    steps = (run_folder / "episodes" / f"{task_id}.0" / "steps.jsonl").read_text().splitlines()
    text = json.loads(steps[0])["observation"]["text"]
    return [line.partition("] ")[2] for line in text.splitlines()]
