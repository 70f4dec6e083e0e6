"""The evaluator of webarena-verified in runs of the embedded sites: live, and again from the run folder."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import WA_RUN

ROOT = Path(__file__).parents[2]
VENV = Path(os.environ.get("VERIFIED_VENV", ROOT / ".venv-verified"))
PYTHON = VENV / "bin" / "python"
KINDS = ("--task-set", "mini-verified", "--tasks", "kinds", "--workers", "2", "--screenshots", "none")
BROWSERS = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", str(Path.home() / ".cache" / "ms-playwright"))

pytestmark = [
    pytest.mark.peer,
    pytest.mark.browser,
    pytest.mark.skipif(not PYTHON.exists(), reason=f"no webarena-verified in {VENV}: make verified-test"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a cache folder of its own, in which the ready Python is named."""
    place = tmp_path_factory.mktemp("mini-verified")
    assert str(PYTHON) in run(place, "evaluator", "install", "--python", PYTHON)
    return place


def run(place: Path, *arguments: str | Path, codes: Sequence[int] = (0,)) -> str:
    environ = {**os.environ, "XDG_CACHE_HOME": str(place / "cache"), "PLAYWRIGHT_BROWSERS_PATH": BROWSERS}
    command = [WA_RUN, *map(str, arguments)]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=600, check=False, env=environ)
    assert done.returncode in codes, done.stdout + done.stderr
    return done.stdout


def results_of(place: Path, run_id: str) -> dict[int, dict[str, Any]]:
    folders = (place / "results" / run_id / "episodes").glob("*/result.json")
    return {result["task_id"]: result for result in (json.loads(path.read_text()) for path in folders)}


@pytest.fixture(scope="module")
def oracle(place: Path) -> dict[int, dict[str, Any]]:
    run(place, "--model", "oracle", *KINDS, "--run-id", "oracle")
    return results_of(place, "oracle")


def test_the_reference_agent_passes_each_kind_of_task(oracle: dict[int, dict[str, Any]]) -> None:
    assert {task_id: result["value"] for task_id, result in oracle.items()} == dict.fromkeys(oracle, 1)
    assert len(oracle) == 11


def test_each_check_is_told_with_the_version_and_checksums_that_it_was_scored_by(
    oracle: dict[int, dict[str, Any]],
) -> None:
    names = [score["evaluator"] for score in oracle[18]["scores"]]
    assert names == ["agent_response", "network_event"]
    for score in oracle[18]["scores"]:
        by = score["evidence"]["webarena_verified"]
        assert by["version"] == "1.2.3"
        assert len(by["evaluator_checksum"]) == len(by["data_checksum"]) == 64


def test_no_log_has_a_password_or_the_log_in(place: Path, oracle: dict[int, dict[str, Any]]) -> None:
    logs = list((place / "results" / "oracle" / "episodes").glob("*/network.har"))
    assert len(logs) == len(oracle)
    for path in logs:
        text = path.read_text()
        assert "Password.123" not in text
        assert not any(
            entry["request"]["method"] == "POST" and "login" in entry["request"]["url"]
            for entry in json.loads(text)["log"]["entries"]
        )


def test_the_run_folder_says_the_same_again(place: Path, oracle: dict[int, dict[str, Any]]) -> None:
    found = json.loads(run(place, "rescore", "oracle", "--rules", "verified", "--json"))
    assert (found["passed_before"], found["passed"], found["changed"]) == (11, 11, [])
    assert (place / "results" / "oracle" / "rescored" / "verified" / "rescoring.json").exists()


def test_one_report_passes_what_it_is_right_for_and_a_mean_over_checks_gives_more(place: Path) -> None:
    run(place, "--agent", "say-mutated", *KINDS, "--run-id", "mutated")
    values = {task_id: result["value"] for task_id, result in results_of(place, "mutated").items()}
    assert set(values.values()) == {0}
    rules = ("--rules", "verified|browsergym-verified", "--json")
    sides = json.loads(run(place, "rescore", "mutated", *rules))
    of_task = {each["task_id"]: each for each in sides["episodes"]}
    # Two checks, of which the report passes one: the request that it speaks of was never sent.
    assert (of_task[18]["verified"]["value"], of_task[18]["browsergym-verified"]["value"]) == (0, 0.5)
