"""Runs as JSON Lines and as JUnit XML: what is in the files, also of runs that are not whole."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from pyarrow import parquet

from tests.cli.conftest import Invoke
from tests.export.runs import a_step, errored, failed, model_manifest, passed, small_run, write_run
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.writing import RunFolder
from webarena_runner.results import load
from webarena_runner.types import Failure, Task

HOSTILE = "a\x00\x1b[31m]]>\u202e<b>&amp; \ufffe \r\n"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def cases(path: Path) -> dict[str, ET.Element]:
    return {case.attrib["name"]: case for case in ET.parse(path).getroot().iter("testcase")}


def test_each_planned_task_is_one_line_whatever_came_of_it(workdir: Path, invoke: Invoke) -> None:
    small_run(workdir / "results")
    done = invoke("export", "r1", "--to", "jsonl")
    assert (done.code, done.out) == (0, "jsonl: results/r1.jsonl: 4 episodes\n")
    found = lines(workdir / "results" / "r1.jsonl")
    assert [(line["task_id"], line["became"]) for line in found] == [
        (1, "passed"),
        (2, "failed"),
        (3, "errored"),
        (4, "not run"),
    ]
    first, second, third, fourth = found
    assert (first["value"], first["sites"], first["model"], first["steps"]) == (1.0, ["shopping"], "llama3-vllm", 3)
    assert second["why"] == "string_match: expected 'two', got 'three'"
    assert set(second["scores"][0]) == {"evaluator", "value", "explanation", "flags"}
    assert third["failure"]["error_class"] == "site"
    assert "value" not in fourth


def test_the_steps_are_a_file_of_their_own_where_asked_for(workdir: Path, invoke: Invoke) -> None:
    folder = small_run(workdir / "results")
    assert invoke("export", "r1", "--to", "jsonl=x/all.jsonl").code == 0
    assert [path.name for path in Path("x").iterdir()] == ["all.jsonl"]
    done = invoke("export", "r1", "--to", "jsonl=x/all.jsonl", "-o", "steps=true")
    assert done.out == "jsonl: x/all.jsonl: 4 episodes; x/all.steps.jsonl: 3 steps\n"
    first, second, third = lines(Path("x/all.steps.jsonl"))
    assert [(line["task_id"], line["index"]) for line in (first, second, third)] == [(1, 0), (1, 1), (2, 0)]
    assert first["action"] == {"kind": "click", "element_id": "1"}
    assert second["action"] == {"kind": "stop", "answer": "two"}
    assert (first["observation"], first["reply"]["completion_tokens"]) == ("[1] link 'Home'", 7)

    steps = RunPaths(folder).episode(1, 0).steps
    steps.write_text(steps.read_text().replace('"index"', '"in', 1))
    damaged = invoke("export", "r1", "--to", "jsonl=x/all.jsonl", "-o", "steps=true")
    assert damaged.code == 0
    assert damaged.out.startswith("jsonl: x/all.jsonl: 4 episodes; x/all.steps.jsonl: 1 steps\n  damaged: ")
    assert "steps.jsonl, line 1" in damaged.out


def test_the_tasks_intent_is_in_its_line(workdir: Path, invoke: Invoke) -> None:
    task = Task(
        task_set="mini", task_id=1, intent="Say two", sites=("reddit",), start_urls=(), login_sites=(), template_id=5,
        checks=(), raw={},
    )  # fmt: skip
    RunFolder.create(workdir / "results" / "r2", model_manifest("r2", task_ids=(1,)), [task]).close()
    assert invoke("export", "r2", "--to", "jsonl").code == 0
    (line,) = lines(workdir / "results" / "r2.jsonl")
    assert (line["intent"], line["template_id"], line["became"]) == ("Say two", 5, "not run")


def test_a_damaged_result_is_told_and_the_rest_exported(workdir: Path, invoke: Invoke) -> None:
    folder = small_run(workdir / "results")
    RunPaths(folder).episode(1, 0).result.write_text("{")
    done = invoke("export", "r1", "--to", "jsonl", "--to", "junit")
    assert done.code == 0
    assert "  damaged: " in done.out
    assert [line["became"] for line in lines(workdir / "results" / "r1.jsonl")] == [
        *("not run", "failed", "errored", "not run")
    ]
    suite = ET.parse(workdir / "results" / "r1.junit.xml").getroot()[0]
    assert suite.attrib["skipped"] == "2"
    assert "is damaged" in "".join(prop.attrib["value"] for prop in suite.iter("property"))


def test_parquet_has_the_rows_and_columns_of_the_frames(workdir: Path, invoke: Invoke) -> None:
    folder = small_run(workdir / "results")
    done = invoke("export", "r1", "--to", "parquet")
    rows = "tasks.parquet (4 rows), steps.parquet (3 rows), scores.parquet (2 rows)"
    assert done.out == f"parquet: results/parquet/r1: {rows}\n"
    frames = load(folder)
    for name, frame in (("tasks", frames.tasks), ("steps", frames.steps), ("scores", frames.scores)):
        read = pd.read_parquet(f"results/parquet/r1/{name}.parquet")
        pd.testing.assert_frame_equal(read.astype(frame.dtypes), frame)
    tasks = pd.read_parquet("results/parquet/r1/tasks.parquet")
    assert list(tasks["became"]) == ["passed", "failed", "errored", "not run"]
    assert str(tasks["started_at"].dtype) == "datetime64[us, UTC]"
    assert (tasks["task_id"].dtype.kind, tasks["value"].dtype.kind) == ("i", "f")

    steps_file = RunPaths(folder).episode(1, 0).steps
    steps_file.write_text(steps_file.read_text().replace('"index"', '"in', 1))
    again = invoke("export", "r1", "--to", "parquet")
    assert (again.code, "steps.parquet (1 rows)" in again.out, "steps.jsonl, line 1" in again.out) == (0, True, True)


def test_parquet_of_a_run_without_results_has_the_same_columns(workdir: Path, invoke: Invoke) -> None:
    write_run(workdir / "results" / "r0", [], manifest=model_manifest("r0", task_ids=()))
    small_run(workdir / "results")
    assert invoke("export", "r0", "--to", "parquet=t").code == invoke("export", "r1", "--to", "parquet=t").code == 0
    for name in ("tasks", "steps", "scores"):
        empty, filled = (parquet.read_schema(f"t/{run}/{name}.parquet") for run in ("r0", "r1"))
        assert empty == filled


def test_junit_has_a_case_for_each_task_with_what_came_of_it(workdir: Path, invoke: Invoke) -> None:
    small_run(workdir / "results")
    done = invoke("export", "r1", "--to", "junit=out/report.xml")
    assert done.out == "junit: out/report.xml: 4 test cases, 1 failures, 1 errors, 1 skipped\n"
    root = ET.parse("out/report.xml").getroot()
    suite = root[0]
    assert [child.tag for child in suite] == ["properties", *["testcase"] * 4, "system-out", "system-err"]
    counts = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped", "time", "timestamp")}
    assert counts == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
        "time": "30.000",
        "timestamp": "2026-01-01T00:00:00",
    }
    properties = {each.attrib["name"]: each.attrib["value"] for each in suite.iter("property")}
    assert (properties["run_id"], properties["model"], properties["success_rate"]) == ("r1", "llama3-vllm", "0.2500")
    case = cases(Path("out/report.xml"))
    assert [child.tag for child in case["task 1"]] == []
    (failure,), (error,), (skipped,) = case["task 2"], case["task 3"], case["task 4"]
    assert (failure.tag, failure.attrib["type"]) == ("failure", "string_match")
    assert failure.attrib["message"] == "string_match: expected 'two', got 'three'"
    assert "answer: three" in str(failure.text)
    assert (error.tag, error.attrib["type"]) == ("error", "error.site")
    assert error.attrib["message"] == "site: connection refused"
    assert (skipped.tag, skipped.attrib["message"]) == ("skipped", "not run")
    assert case["task 1"].attrib["classname"] == "mini.shopping"


def test_trials_are_cases_of_their_own(workdir: Path, invoke: Invoke) -> None:
    manifest = model_manifest("r1", planned=((1, 0), (1, 1)))
    write_run(workdir / "results" / "r1", [passed(1), failed(1, trial=1)], manifest=manifest)
    assert invoke("export", "r1", "--to", "junit").code == 0
    assert list(cases(workdir / "results" / "r1.junit.xml")) == ["task 1 trial 0", "task 1 trial 1"]


@pytest.mark.parametrize("text", [HOSTILE, HOSTILE * 300, "\x1b]8;;http://evil\x07", "<![CDATA[x]]>"])
def test_text_of_pages_and_models_leaves_the_xml_well_formed(workdir: Path, invoke: Invoke, text: str) -> None:
    failure = Failure(error_class="site", message=text, traceback="", may_retry=True)
    results = [failed(1, why=text, answer=text, final_url=text), errored(2, failure=failure)]
    write_run(workdir / "results" / "r1", results, manifest=model_manifest("r1", task_ids=(1, 2), caution=text))
    assert invoke("export", "r1", "--to", "junit", "--to", "jsonl").code == 0
    path = workdir / "results" / "r1.junit.xml"
    case = cases(path)
    assert case["task 1"][0].attrib["message"].startswith("string_match:")
    assert len(case["task 1"][0].attrib["message"]) <= 500
    assert not {"\x00", "\x1b", "\u202e", "\ufffe"} & set(path.read_text(encoding="utf-8"))
    first, _ = lines(path.with_name("r1.jsonl"))
    assert first["answer"] == text
    assert not {"\x1b", "\u202e"} & set(path.with_name("r1.jsonl").read_text(encoding="utf-8"))


def test_a_run_in_progress_and_one_that_planned_nothing_can_be_exported(workdir: Path, invoke: Invoke) -> None:
    run = RunFolder.create(workdir / "results" / "r1", model_manifest("r1", task_ids=(1, 2)), [])
    run.begin(1, 0).append(a_step(0))
    done = invoke("export", "r1", "--to", "junit", "--to", "jsonl", "-o", "steps=true")
    run.close()
    assert done.code == 0
    assert "2 test cases, 0 failures, 0 errors, 2 skipped" in done.out
    assert len(lines(workdir / "results" / "r1.steps.jsonl")) == 1
    write_run(workdir / "results" / "r0", [], manifest=model_manifest("r0", task_ids=()))
    assert "0 test cases" in invoke("export", "r0", "--to", "junit", "--to", "jsonl").out


@pytest.mark.parametrize("kind", ["jsonl", "junit"])
def test_a_folder_is_no_target_and_one_that_cannot_be_written_is_told(workdir: Path, invoke: Invoke, kind: str) -> None:
    small_run(workdir / "results")
    done = invoke("export", "r1", "--to", f"{kind}=results")
    assert (done.code, f"{kind}=results: is a folder; expected a file" in done.err) == (2, True)
    (workdir / "file").touch()
    done = invoke("export", "r1", "--to", f"{kind}=file/x")
    assert (done.code, "cannot write" in done.err) == (2, True)
