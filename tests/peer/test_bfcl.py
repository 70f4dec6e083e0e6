"""The Berkeley leaderboard's functions and checker as an environment of another Python: make bfcl-test sets it up."""

import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import WA_RUN
from tests.docs.pages import DOCS
from tests.support.third_party import describe

REPOSITORY = DOCS.parent
PYTHON = REPOSITORY / ".venv-bfcl" / "bin" / "python"
# Whose reference calls the leaderboard's own checker takes: of the first ones, of each kind of function.
CHOSEN = [f"multi_turn_base_{number}" for number in (*range(0, 200, 10), 1, 53, 104, 155)]

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not PYTHON.exists(), reason="no bfcl-eval: make bfcl-test"),
]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    examples, folder = DOCS / "examples", tmp_path / "packages"
    shutil.copytree(examples / "webarena_examples", folder / "webarena_examples")
    project = tomllib.loads((examples / "pyproject.toml").read_text())["project"]
    groups = project["entry-points"].items()
    announced = "\n".join(f"[{group}]\n" + "\n".join(f"{k} = {v}" for k, v in each.items()) for group, each in groups)
    describe(folder, "webarena_examples", announced)
    (package,) = (PYTHON.parent.parent / "lib").glob("python3*/site-packages/bfcl_eval")
    return {**os.environ, "PYTHONPATH": str(folder), "BFCL_FOLDER": str(package)}


def run(folder: Path, environ: dict[str, str], *options: str) -> dict[str, dict[str, Any]]:
    command = [WA_RUN, "--task-set", "bfcl", "--out", folder, "--run-id", "r", "--workers", "2", *options]
    command += ["-o", f"environment.python={PYTHON}", "-o", "limits.max_steps=60"]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, env=environ)
    found = (json.loads(path.read_text()) for path in (folder / "r" / "episodes").glob("*/result.json"))
    return {result["task_id"]: result for result in found}


def test_reference_calls_fit_the_schemas_and_pass_its_checker(environ: dict[str, str], tmp_path: Path) -> None:
    chosen = ",".join(f'"{task_id}"' for task_id in CHOSEN)
    results = run(tmp_path, environ, "--model", "oracle", "--tasks", chosen)
    assert {task_id: (each["value"], each["ending"]) for task_id, each in results.items()} == dict.fromkeys(
        CHOSEN, (1.0, "over")
    )
    assert all(len(each["tools"]) > 10 for each in results.values())


def test_who_does_nothing_fails_by_its_checker(environ: dict[str, str], tmp_path: Path) -> None:
    results = run(tmp_path, environ, "--model", "do-nothing", "--tasks", '"multi_turn_base_0"')
    (score,) = results["multi_turn_base_0"]["scores"]
    assert (score["value"], score["explanation"]) == (0.0, "Model response list is empty for turn 0")
