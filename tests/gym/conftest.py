"""A few tasks on the embedded forum, and environments that are closed after the test."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium
import pytest

from webarena_runner.gym import ENV_ID

Make = Callable[..., gymnasium.Env[dict[str, Any], Any]]
FORUMS, ANSWER, JUDGED = 900, 901, 902


def record(task_id: int, intent: str, evaluation: dict[str, Any], *actions: dict[str, Any]) -> dict[str, Any]:
    """An official task record that starts on the forum's front page, logged in."""
    blank = {"reference_answers": None, "reference_url": "", "program_html": []}
    return {
        "sites": ["reddit"],
        "task_id": task_id,
        "require_login": True,
        "storage_state": "./.auth/reddit_state.json",
        "start_url": "__REDDIT__",
        "geolocation": None,
        "intent_template": intent,
        "instantiation_dict": {},
        "intent": intent,
        "require_reset": False,
        "eval": blank | evaluation,
        "intent_template_id": task_id,
        "reference_actions": list(actions),
    }


TASKS = [
    record(
        FORUMS,
        "Open the list of forums",
        {"eval_types": ["url_match"], "reference_url": "__REDDIT__/forums", "url_note": "GOLD in PRED"},
        {"do": "click", "role": "link", "name": "Forums"},
        {"do": "stop", "answer": ""},
    ),
    record(
        ANSWER,
        "Which word does the test expect? Answer with it.",
        {"eval_types": ["string_match"], "reference_answers": {"exact_match": "heron"}},
    ),
    record(
        JUDGED,
        "Describe the page.",
        {"eval_types": ["string_match"], "reference_answers": {"fuzzy_match": ["a forum"]}},
    ),
]


@pytest.fixture(scope="session")
def task_set(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("tasks") / "forum.json"
    path.write_text(json.dumps(TASKS))
    return str(path)


@pytest.fixture(scope="module")
def make(task_set: str) -> Iterator[Make]:
    """Makes environments on the test's tasks; all of a module share one browser, and are closed at its end."""
    made = []

    def make(**kwargs: Any) -> gymnasium.Env[dict[str, Any], Any]:
        env = gymnasium.make(ENV_ID, **{"task_set": task_set, "sites": "embedded", "task_id": FORUMS} | kwargs)
        made.append(env)
        return env

    yield make
    for env in made:
        env.close()


def clicking(line: str, text: str) -> str:
    """The action text that clicks on the element of a line of the observation."""
    found = re.search(rf"\[(\d+)\] {re.escape(line)}", text)
    assert found, f"{line!r} is not in\n{text}"
    return f"click [{found[1]}]"
