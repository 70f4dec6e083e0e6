"""`wa-run compare`: what people, programs and CI jobs see of two runs."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke, invoke, workdir
from tests.log.records import make_manifest, make_result, make_task, write_run
from tests.report.test_comparison import manifest_of, run_of
from webarena_runner.log.paths import RunPaths
from webarena_runner.types import Ending, Score

__all__ = ["invoke", "workdir"]


@pytest.fixture
def runs(workdir: Path) -> Path:
    """`main` passes 24 of 30 tasks, `worse` 6 of them; `alike` differs from `main` in two tasks, one each way."""
    out = workdir / "results"
    good = {task_id: float(task_id < 24) for task_id in range(30)}
    run_of(out, "main", good)
    run_of(out, "worse", {task_id: float(task_id < 6) for task_id in good})
    run_of(out, "alike", good | {23: 0.0, 24: 1.0})
    return out


def test_the_table_says_what_flipped_and_by_how_much(invoke: Invoke, runs: Path) -> None:
    done = invoke("compare", "main", str(runs / "worse"))
    assert done.code == 0
    assert "B against A: 30 of 30 pairs of task and trial" in done.out
    assert done.out.count("A answered (3), B answered (3): ended by answered") == 18
    assert re.search(r"^all +30 +6 +18 +0 +6 +80.0 +20.0 +-60.0$", done.out, re.MULTILINE)
    assert re.search(
        r"^B - A = -60.0 points \(95 % interval -7\d.\d to -4\d.\d by 30 tasks\): B passes less", done.out, re.MULTILINE
    )
    assert "exact McNemar: p = 7.6e-06 (18 tasks for A, 0 for B" in done.out
    assert "The manifests say the same" in done.out


def test_ci_fails_when_a_run_is_worse_and_not_when_it_is_alike(invoke: Invoke, runs: Path) -> None:
    worse = invoke("compare", "main", "worse", "--fail-if-worse")
    assert (worse.code, "B passes less than A" in worse.err) == (1, True)
    alike = invoke("compare", "main", "alike", "--fail-if-worse")
    assert (alike.code, alike.err) == (0, "")
    assert "no difference is shown" in alike.out
    assert invoke("compare", "worse", "main", "--fail-if-worse").code == 0
    third = invoke("compare", "main", "alike", "worse", "--fail-if-worse", "--json")
    assert (third.code, json.loads(third.out)["exit_code"], "C passes less" in third.err) == (1, 1, True)


def test_a_run_without_a_score_to_hold_against_is_no_pass(invoke: Invoke, runs: Path) -> None:
    write_run(runs, make_manifest("begun", tuple(range(30))))
    done = invoke("compare", "main", "begun", "--fail-if-worse")
    assert done.code == 1
    assert "B has no score that can be held against one of A" in done.err
    assert "pairs left out: 30 scored in A, not run in B" in done.out
    assert "no pair has a score in both runs yet" in done.out
    assert invoke("compare", "main", "begun").code == 0


def test_json_has_all_numbers_and_three_runs_each_pair(invoke: Invoke, runs: Path) -> None:
    found = json.loads(invoke("compare", "main", "worse", "alike", "--json").out)
    assert [(run["label"], run["run_id"]) for run in found["runs"]] == [("A", "main"), ("B", "worse"), ("C", "alike")]
    worse = found["comparisons"][0]
    assert (worse["first"], worse["second"], worse["pairs"], worse["difference"]) == ("A", "B", 30, -0.6)
    assert worse["interval"]["high"] < 0
    assert len(worse["flipped"]) == 18
    assert worse["flipped"][0]["second"] == {
        "ending": "answered",
        "answer": "",
        "value": 0.0,
        "steps": 3,
        "why": "ended by answered",
    }
    assert [(each["first"], each["second"], round(each["difference"], 3)) for each in found["matrix"]] == [
        ("A", "B", -0.6),
        ("A", "C", 0.0),
        ("B", "C", 0.6),
    ]


def test_three_runs_have_a_matrix(invoke: Invoke, runs: Path) -> None:
    shown = invoke("compare", "main", "worse", "alike").out
    assert re.search(r"^B +-60.0\* *$", shown, re.MULTILINE)
    assert re.search(r"^C +\+0.0 +\+60.0\*$", shown, re.MULTILINE)


def test_what_makes_runs_incomparable_comes_before_the_numbers(invoke: Invoke, runs: Path) -> None:
    run_of(runs, "elsewhere", {1: 1.0}, sites="static", config={"settings": {"seed": 5}})
    shown = invoke("compare", "main", "elsewhere").out
    assert re.search(r"^seed +0 +5 *$", shown, re.MULTILINE)
    assert shown.index("what differs") < shown.index("not comparable: the sites are") < shown.index("B - A = ")


def test_texts_of_pages_and_models_cannot_act_on_the_terminal(invoke: Invoke, runs: Path) -> None:
    hostile = "\x1b[2J[red]x[/red]\u202e"
    failed = make_result(
        1, 0.0, ending=Ending.ANSWERED, scores=(Score(evaluator="string_match", value=0.0, explanation=hostile),)
    )
    write_run(runs, manifest_of("hostile", (1,), model=hostile), [failed], [make_task(1)])
    shown = invoke("compare", "main", "hostile").out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.count(r"\x1b[2J[red]x[/red]\u202e") >= 2


def test_bad_input_is_one_error_each(invoke: Invoke, runs: Path) -> None:
    run_of(runs, "apart", {100: 1.0})
    for arguments, said in (
        (("main",), "1 run(s) given: expected 2 to 26"),
        (("main", "main"), "is given twice"),
        (("main", "nowhere"), "nowhere: no run folder"),
        (("main", "apart"), "have no task in common"),
    ):
        done = invoke("compare", *arguments)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
    RunPaths(runs / "worse").manifest.write_text('{"format": 99}')
    done = invoke("compare", "main", "worse")
    assert (done.code, "newer" in done.err) == (2, True)


def test_markdown_has_the_numbers_and_what_flipped_and_no_markup_of_strangers(invoke: Invoke, runs: Path) -> None:
    failed = make_result(1, 0.0, scores=(Score(evaluator="string_match", value=0.0, explanation="| <img src=x> |"),))
    write_run(runs, manifest_of("hostile", (1,), model="**m**"), [failed], [make_task(1)])
    shown = invoke("compare", "main", "hostile", "--markdown").out
    assert "### B against A: -100.0 points over 1 pairs" in shown
    assert "| **all** | 1 | 0 | 1 | 0 | 0 | -100.0 |" in shown
    assert r"| 1 | 0 | answered, 3 steps | answered, 3 steps: string\_match: \| \<img src=x\> \| |" in shown
    assert r"\*\*m\*\*" in shown
    assert "| model | oracle | " in shown
    both = invoke("compare", "main", "hostile", "--markdown", "--json")
    assert (both.code, "exclude each other" in both.err) == (2, True)
