"""The exporter `browsergym`: an entry in the leaderboard's own form, for runs of its benchmarks alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke
from tests.export.runs import errored, failed, model_manifest, passed, write_run
from webarena_runner.types import RunManifest

KEYS = [
    *("agent_name", "study_id", "date_time", "benchmark", "score", "std_err", "benchmark_specific", "benchmark_tuned"),
    *("followed_evaluation_protocol", "reproducible", "comments", "original_or_reproduced"),
]


def official(run_id: str, count: int = 812, **changes: Any) -> RunManifest:
    sites = {str(task): "shopping" for task in range(count)}
    known = {"task_set": "webarena", "scope": "webarena", "caution": "", "expected_count": 812, "task_sites": sites}
    planned = tuple((task, 0) for task in range(count))
    return model_manifest(run_id, **known | {"planned": planned} | changes)


def small_run(out: Path, run_id: str = "r1", *, errors: int = 0, **changes: Any) -> Path:
    """Of three tasks two passed, the third too or not."""
    results = [passed(0), passed(1), errored(2) if errors else failed(2)]
    return write_run(out / run_id, results, manifest=official(run_id, 3, **changes))


def entries(out: Path, agent: str = "prompted-Meta-Llama-3-8B-Instruct") -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads((out / "browsergym" / agent / "webarena.json").read_text())
    return read


def test_a_whole_run_is_an_entry_in_percent(tmp_path: Path, invoke: Invoke) -> None:
    results = [(passed if task < 300 else failed)(task) for task in range(812)]
    write_run(tmp_path / "r1", results, manifest=official("r1"))
    done = invoke("export", "r1", "--out", str(tmp_path), "--to", "browsergym")
    assert (done.code, done.err) == (0, "")
    (entry,) = entries(tmp_path)
    assert list(entry) == KEYS
    assert (entry["score"], entry["std_err"], entry["benchmark"]) == (36.9, 1.7, "WebArena")
    assert (entry["date_time"], entry["study_id"]) == ("2026-01-01 00:00:00", "r1")
    assert (entry["followed_evaluation_protocol"], entry["comments"]) == ("Yes", "NA")
    assert "strict mode" not in done.out


def test_the_readme_has_the_sections_that_are_asked_for_and_is_kept_once_it_is_there(
    tmp_path: Path, invoke: Invoke
) -> None:
    small_run(tmp_path)
    invoke("export", "r1", "--out", str(tmp_path), "--to", "browsergym", "-o", "agent_name=Mine [x](y)")
    readme = tmp_path / "browsergym" / "Mine-x-y" / "README.md"
    lines = readme.read_text().splitlines()
    assert lines[0] == "# Mine \\[x\\](y)"
    assert [line for line in lines if line.startswith("## ")] == [
        *("## Model Name", "## Model Architecture", "## Input/Output Format", "## Training Details", "## Paper Link"),
        *("## Code Repository", "## Additional Notes", "## License"),
    ]
    assert "meta-llama/Meta-Llama-3-8B-Instruct" in lines
    readme.write_text("filled in")
    invoke("export", "r1", "--out", str(tmp_path), "--to", "browsergym", "-o", "agent_name=Mine [x](y)")
    assert readme.read_text() == "filled in"


def test_what_strict_mode_refuses_is_said(tmp_path: Path, invoke: Invoke) -> None:
    small_run(tmp_path, errors=1, versions={"git": "abc+changes"})
    done = invoke("export", "r1", "--out", str(tmp_path), "--to", "browsergym")
    assert done.code == 0
    assert "since it asks for no errors: there are 1; code without uncommitted changes: the run's had some" in done.out
    (entry,) = entries(tmp_path)
    assert entry["followed_evaluation_protocol"] == "No"
    assert entry["comments"] == ("subset of 3 of 812 tasks; 1 of 3 episodes ended in an error and count as not passed")


def test_a_subset_and_an_unfinished_run_are_told_from_the_benchmark(tmp_path: Path, invoke: Invoke) -> None:
    manifest = official("s", 3, profile_overrides=("limits.max_steps",))
    write_run(tmp_path / "s", [passed(0), passed(1)], manifest=manifest)
    done = invoke("export", "s", "--out", str(tmp_path), "--to", "browsergym", "-o", "comments=mine")
    assert "complete studies: 2 of 3 episodes ended" in done.out
    (entry,) = entries(tmp_path)
    assert entry["comments"] == (
        "mine; subset of 3 of 812 tasks; 1 of 3 episodes have not run; changed settings: limits.max_steps"
    )
    assert entry["score"] == 66.7


def test_studies_of_an_agent_stand_side_by_side_and_a_study_once(tmp_path: Path, invoke: Invoke) -> None:
    for run_id in ("a", "b"):
        small_run(tmp_path, run_id)
    for run_id in ("a", "b", "a"):
        invoke("export", run_id, "--out", str(tmp_path), "--to", "browsergym")
    assert [entry["study_id"] for entry in entries(tmp_path)] == ["b", "a"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task_set": "mini"}, "is of mini, which BrowserGym's leaderboard does not have; it takes runs of webarena"),
        (
            {"caution": "webarena on the embedded sites is not WebArena"},
            "is none of WebArena: webarena on the embedded",
        ),
        ({"task_set_modified": True}, "a task file that is not the official one"),
    ],
)
def test_other_runs_are_refused_with_the_reason(
    tmp_path: Path, invoke: Invoke, changes: dict[str, Any], said: str
) -> None:
    write_run(tmp_path / "r1", [passed(0)], manifest=official("r1", 1, **changes))
    done = invoke("export", "r1", "--out", str(tmp_path), "--to", "browsergym")
    assert (done.code, said in done.err) == (2, True)
    assert not (tmp_path / "browsergym").exists()


def test_a_file_of_something_else_stays_as_it_is(tmp_path: Path, invoke: Invoke) -> None:
    small_run(tmp_path)
    path = tmp_path / "browsergym" / "X" / "webarena.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"mine": 1}')
    done = invoke("export", "r1", "--out", str(tmp_path), "--to", "browsergym", "-o", "agent_name=X")
    assert (done.code, "is no list of entries" in done.err) == (2, True)
    assert path.read_text() == '{"mine": 1}'


@pytest.mark.parametrize("option", ["benchmark_tuned=Maybe", "agent_name=///", "agent=X"])
def test_options_that_say_nothing_are_told(tmp_path: Path, invoke: Invoke, option: str) -> None:
    small_run(tmp_path)
    done = invoke("export", "r1", "--out", str(tmp_path), "--to", "browsergym", "-o", option)
    assert (done.code, option.partition("=")[0] in done.err) == (2, True)
    assert not (tmp_path / "browsergym").exists()
