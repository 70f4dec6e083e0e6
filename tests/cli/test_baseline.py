"""`wa-run baseline`: control agents on real sites in a real browser, and one table of what they pass."""

import csv
import json
import os
import re
import tempfile
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke, own_task


def an_unachievable_task(task_id: int) -> dict[str, object]:
    task = own_task(task_id, expected="N/A", said="N/A")
    task["eval"]["reference_answers"] = {"fuzzy_match": "N/A"}
    task["eval"]["string_note"] = "there is no such word"
    return task


@pytest.fixture
def tasks(workdir: Path) -> Path:
    """One task whose question holds the answer, and one that cannot be done."""
    echoed = own_task(7, expected="hello", said="")
    echoed["eval"]["reference_answers"] = {"must_include": ["hello"]}
    path = workdir / "own.json"
    path.write_text(json.dumps([echoed, an_unachievable_task(8)]))
    return path


@pytest.mark.long
@pytest.mark.browser
def test_each_control_has_a_line_and_the_ids_that_it_passes(
    invoke: Invoke, tasks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    done = invoke(
        *("baseline", "--tasks", "all", "--task-set", str(tasks), "--sites", "embedded"),
        *("--workers", "2", "--max-steps", "2"),
    )
    assert done.code == 0, done
    for line in (
        r"do-nothing +2 +0 +1 +1 +0 +0 +0.0 %",
        r"always-na +2 +1 +1 +0 +0 +0 +50.0 %",
        r"echo-intent +2 +1 +0 +1 +0 +0 +50.0 %",
        r"random-click +2 +0 +1 +1 +0 +0 +0.0 %",
        "do-nothing passes none",
        "always-na passes 8",
        "echo-intent passes 7",
        "undecided: only a judge could score the answer.*--judge.*",
        "own on the embedded sites is not WebArena.*",
    ):
        assert re.search(f"^{line}$", done.out, re.MULTILINE), line
    own = tmp_path / f"wa-run-{os.getuid()}"
    assert [path.name for path in own.iterdir()] == [".lock"], "a folder for temporary files was there, and is gone"
    with Path("results/leaderboard.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Model"] for row in rows] == ["do-nothing", "always-na", "echo-intent", "random-click"]
    assert {row["Note"].partition(";")[0] for row in rows} == {"own on embedded sites: not WebArena"}
    again = invoke(
        *("baseline", "--tasks", "all", "--task-set", str(tasks), "--sites", "embedded"),
        *("--agents", "always-na", "--seed", "1", "--json"),
    )
    assert (again.code, again.out) == (2, ""), "none of the agents draws"
    again = invoke(
        *("baseline", "--tasks", "all", "--task-set", str(tasks), "--sites", "embedded"),
        *("--agents", "always-na", "--json"),
    )
    outcome = json.loads(again.out)
    assert (again.code, outcome["exit_code"]) == (0, 0)
    (agent,) = outcome["agents"]
    assert (agent["agent"], agent["passed"], agent["total"]["planned"]) == ("always-na", [[8, 0]], 2)


def test_an_agent_that_needs_a_model_is_refused_before_anything_starts(invoke: Invoke, workdir: Path) -> None:
    done = invoke("baseline", "--tasks", "smoke", "--agents", "do-nothing,prompted")
    assert done.code == 2
    assert "agent 'prompted' needs one" in done.err
    assert list(workdir.iterdir()) == []


def test_no_agent_at_all_is_refused(invoke: Invoke) -> None:
    done = invoke("baseline", "--agents", " ,")
    assert done.code == 2
    assert "--agents: expected names with commas between" in done.err
