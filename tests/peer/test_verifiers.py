"""Whole evaluations by verifiers on our server, with a model of ours that plays the reference actions."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openenv", reason="no openenv in this environment: make verifiers-test")

from tests.peer.openenv_served import served

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "docs" / "examples" / "frameworks" / "verifiers.toml"
VENV = Path(os.environ.get("VERIFIERS_VENV", ROOT / ".venv-verifiers"))
BIN = VENV / "bin"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not (BIN / "vf-eval").exists(), reason=f"no verifiers in {VENV}: make verifiers-test"),
]
RESETS = re.compile(r"resets = \[.*?\n\]", re.DOTALL)
FENCE = "`" * 3
# All the forms of a reply that survive verifiers, one that does not, and 38 and 315, which take several steps.
FORMS = {
    37: "{}",
    38: f"I look further.\n{FENCE}{{}}{FENCE}",
    58: f"{FENCE}\n{{}}\n{FENCE}",
    340: f"In summary, {FENCE}{{}}{FENCE}",
    315: '{"action": "{}"}',
    2: f"{FENCE}{{}}{FENCE}",
}
EARNED = {37: 1.0, 38: 1.0, 58: 1.0, 340: 1.0, 315: 1.0, 2: 0.0}
MAX_STEPS = 10


def test_a_whole_evaluation_earns_what_the_tasks_are_worth_in_every_form_that_survives(tmp_path: Path) -> None:
    with served(len(FORMS)) as server, _reference_model(FORMS) as model_url:
        resets = "".join(f"  {{ task_id = {task_id}, max_steps = {MAX_STEPS} }},\n" for task_id in FORMS)
        config = tmp_path / "verifiers.toml"
        config.write_text(RESETS.sub(f"resets = [\n{resets}]", CONFIG.read_text()))
        overrides = {
            "--env.taskset.base-url": server.url,
            "--client.base-url": model_url,
            "--output-dir": str(tmp_path),
        }
        command = [BIN / "vf-eval", "@", config, *(part for pair in overrides.items() for part in pair)]
        # uv is beside it; nothing of this session's keys or of a platform's is needed.
        environ = os.environ | {"MY_KEY": "none", "PATH": f"{BIN}:{os.environ['PATH']}", "COLUMNS": "200"}
        done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        ended = server.said()
    (traces,) = tmp_path.glob("*/traces.jsonl")
    rewards = dict(_reward(json.loads(line)) for line in traces.read_text().splitlines())
    assert rewards == EARNED, ended
    assert ended.count(": answered, reward 1") == sum(each == 1.0 for each in EARNED.values())
    assert f"task 2: step_limit, reward 0, {MAX_STEPS} steps" in ended or "task 2: parse_failures, reward 0" in ended


def _reward(episode: dict[str, Any]) -> tuple[int, float]:
    (trace,) = episode["traces"]
    assert trace["errors"] == []
    return trace["task"]["data"]["reset"]["task_id"], trace["rewards"]["openenv_reward"]["score"]


@contextmanager
def _reference_model(forms: Mapping[int, str]) -> Iterator[str]:
    arguments = [part for task_id, form in forms.items() for part in (str(task_id), form)]
    command = [sys.executable, "-m", "tests.peer.reference_model", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
