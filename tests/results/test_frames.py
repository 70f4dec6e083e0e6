"""Runs as frames: columns, dtypes, several runs, and folders with damaged or missing parts."""

from pathlib import Path

import pandas as pd
import pytest

from tests.log.records import make_manifest, make_result, make_task, write_run
from tests.log.test_format import FOLDERS
from webarena_runner.errors import StoreError, UsageError
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.writing import RunFolder
from webarena_runner.results import load
from webarena_runner.results.columns import ID, SCORES, STEPS, TASKS, Column
from webarena_runner.types import Click, Completion, Decision, Observation, Score, Step, Verdict

KEYS = ["run_id", "task_id", "trial"]
VERDICT = Verdict(kind="fuzzy", reference="r", reply="correct", score=1.0, judge="j", cached=True)
TASK_1 = make_task(1, 10, kinds=("url_match", "string_match"))
TASK_2 = make_task(2, kinds=("impossible",))


def a_step(index: int) -> Step:
    completion = Completion(text="click [7]", prompt_tokens=20, completion_tokens=3, cost_usd=0.5, latency_s=1.5)
    return Step(
        index=index,
        started_at="2026-01-01T00:00:00Z",  # type: ignore[arg-type]
        observation=Observation(url="http://127.0.0.1/", tabs=("Home",), text="[7] link 'Home'"),
        decision=Decision(action=Click(element_id="7"), completion=completion),
        action_text="click [7]",
        timings_ms={"agent": 1500.0},
    )


def write(out: Path, run_id: str = "monday") -> Path:
    """Task 1 failed after two steps, task 2 errored, task 3 has not run."""
    scores = (
        Score(evaluator="string_match", value=1.0, verdicts=(VERDICT, VERDICT.model_copy(update={"cached": False}))),
        Score(evaluator="url_match", value=0.0, explanation="elsewhere", flags=("a", "b")),
    )
    run = RunFolder.create(out / run_id, make_manifest(run_id), (TASK_1, TASK_2, make_task(3)))
    log = run.begin(1, 0)
    for index in range(2):
        log.append(a_step(index))
    run.put(make_result(1, 0.0, scores=scores, cost_usd=1.25, timings_ms={"agent": 3000.0}))
    run.begin(2, 0)
    run.put(make_result(2, None))
    run.close()
    return run.path


def test_ids_that_no_column_holds_as_numbers_are_texts(tmp_path: Path) -> None:
    far = 2**64
    RunFolder.create(tmp_path / "far", make_manifest("far", (far,)), ()).close()
    assert load(tmp_path / "far").tasks["task_id"].tolist() == [str(far)]


def test_tasks_are_those_that_were_planned(tmp_path: Path) -> None:
    tasks = load(write(tmp_path)).tasks
    assert tasks[KEYS].values.tolist() == [["monday", 1, 0], ["monday", 2, 0], ["monday", 3, 0]]
    assert tasks["became"].tolist() == ["failed", "errored", "not run"]
    assert tasks["value"].isna().tolist() == [False, True, True]
    assert tasks["template_id"].tolist() == [10, pd.NA, pd.NA]
    assert tasks["evaluators"].tolist() == ["string_match+url_match", "string_match", ""]
    assert tasks["achievable"].tolist() == [True, False, True]
    assert tasks["error_class"].tolist() == [pd.NA, "site", pd.NA]
    first = tasks.iloc[0]
    assert (first["why"], first["cost_usd"], first["agent_ms"]) == ("url_match: elsewhere", 1.25, 3000.0)
    assert first["started_at"] == pd.Timestamp("2026-01-01", tz="UTC")


def test_steps_and_scores_are_joined_with_tasks_by_their_keys(tmp_path: Path) -> None:
    run = load(write(tmp_path))
    assert run.steps[["task_id", "index", "action", "action_text", "cost_usd", "agent_ms"]].values.tolist() == [
        [1, 0, "click", "click [7]", 0.5, 1500.0],
        [1, 1, "click", "click [7]", 0.5, 1500.0],
    ]
    joined = run.scores.merge(run.tasks, on=KEYS, suffixes=("", "_of_task"))
    assert joined[["evaluator", "value", "flags", "verdicts", "kept_verdicts", "became"]].values.tolist() == [
        ["string_match", 1.0, "", 2, 1, "failed"],
        ["url_match", 0.0, "a, b", 0, 0, "failed"],
    ]
    assert len(run.steps.merge(run.tasks, on=KEYS)) == 2


@pytest.mark.parametrize("planned", [(1, 2, 3), ()])
def test_columns_have_the_dtypes_that_are_written_down(planned: tuple[int, ...], tmp_path: Path) -> None:
    full = load(write(tmp_path)) if planned else load(write_run(tmp_path, make_manifest(task_ids=())))

    def dtype(column: Column) -> str:
        return "int64" if column.dtype == ID else column.dtype

    for frame, columns in ((full.tasks, TASKS), (full.steps, STEPS), (full.scores, SCORES)):
        assert {name: str(each) for name, each in frame.dtypes.items()} == {each.name: dtype(each) for each in columns}
        assert (len(frame) > 0) == bool(planned)


def test_several_runs_are_told_apart(tmp_path: Path) -> None:
    first, second = write(tmp_path), write(tmp_path, "tuesday")
    runs = load(["monday", second], out=tmp_path)
    assert runs.tasks.groupby("run_id").size().to_dict() == {"monday": 3, "tuesday": 3}
    assert [report.run_id for report in runs.reports] == ["monday", "tuesday"]
    assert repr(runs) == "Frames of monday, tuesday: .tasks, .steps, .scores"
    with pytest.raises(UsageError, match="monday: given twice"):
        load([first, "monday"], out=tmp_path)
    with pytest.raises(StoreError, match="no run folder"):
        load("wednesday", out=tmp_path)


def test_ids_that_are_texts_in_one_run_are_texts_in_all(tmp_path: Path) -> None:
    planned = make_manifest("named").model_copy(update={"planned": (("a-b", 0),), "task_sites": {"a-b": "map"}})
    run = RunFolder.create(tmp_path / "named", planned, [make_task(1).model_copy(update={"task_id": "a-b"})])
    run.close()
    runs = load([write(tmp_path), run.path])
    assert runs.tasks["task_id"].tolist() == ["1", "2", "3", "a-b"]
    assert runs.steps["task_id"].tolist() == ["1", "1"]


def test_what_is_damaged_is_told_and_the_rest_is_there(tmp_path: Path) -> None:
    folder = write(tmp_path)
    paths = RunPaths(folder)
    paths.episode(2, 0).result.write_text("{")
    paths.tasks.write_text("{}\n")
    steps = paths.episode(1, 0).steps
    steps.write_text(steps.read_text().replace('"index":1', '"index":"one"'))
    run = load(folder)
    assert run.tasks["became"].tolist() == ["failed", "not run", "not run"]
    assert run.tasks["intent"].isna().all()
    assert [name for name in ("episodes/2.0/result.json", "tasks.jsonl") if name not in "".join(run.damaged)] == []
    before = len(run.damaged)
    assert run.steps["index"].tolist() == [0]
    assert "line 2: is damaged" in run.damaged[before]


@pytest.mark.parametrize("name", ["format-0/oracle", "format-1"])
def test_kept_folders_are_read(name: str) -> None:
    run = load(FOLDERS / name)
    assert len(run.steps) == run.tasks["steps"].sum() > 0
    assert run.damaged == []
