"""The shipped errata: they fit the official tasks, and results show both scores."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke
from tests.rescoring.runs import Played, write_played
from webarena_runner.errors import ConfigError
from webarena_runner.evaluators.combine import evaluator_of, load_evaluators
from webarena_runner.log.files import sha256_of_json
from webarena_runner.rescoring.errata import Errata, corrections, load_errata
from webarena_runner.rescoring.past import load_past
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.tasksets.records import read_tasks
from webarena_runner.types import Task, TaskId

SOURCE = re.compile(r"https://github\.com/web-arena-x/webarena/(pull|issues)/[0-9]+|WebArena-Verified 1\.2\.3|official")


@pytest.fixture(scope="module")
def official(shared: Path) -> dict[TaskId, Task]:
    read = read_tasks(shared / "data" / "webarena" / "test.raw.json", "webarena")
    assert len(read.tasks) == 812
    return {task.task_id: task for task in read.tasks}


@pytest.fixture(scope="module")
def errata() -> Errata:
    found = load_errata("webarena")
    assert found is not None
    return found


def test_every_entry_fits_an_official_task_and_its_correction_is_one_that_evaluators_read(
    official: dict[TaskId, Task], errata: Errata
) -> None:
    assert errata.by_task.keys() <= official.keys()
    found = corrections(errata, official, ScoringSettings())
    assert found.unlike == []
    assert found.tasks.keys() == {task_id for task_id, entry in errata.by_task.items() if entry.corrects}
    evaluators = load_evaluators(ScoringSettings())
    for task_id, task in found.tasks.items():
        before = official[task_id]
        assert [check.kind for check in task.checks] == [check.kind for check in before.checks]
        assert (task.checks != before.checks) == bool(errata.by_task[task_id].replace)
        assert task.model_copy(update={"checks": before.checks}) == before
        for check in task.checks:
            evaluator_of(task, check, evaluators)


def test_every_entry_has_its_source_and_says_it_in_our_words(official: dict[TaskId, Task], errata: Errata) -> None:
    for entry in errata.entries:
        assert SOURCE.search(entry.source), entry
        for task_id in entry.tasks:
            words = official[task_id].raw["intent"].split()
            fives = {" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))}
            assert not any(five in entry.fault for five in fives), entry


def run_of(official: dict[TaskId, Task], out: Path, *episodes: Played, **changes: Any) -> Path:
    played = [
        Played(each.task_id, (), each.answer, each.url, each.selected, each.judge, task=official[each.task_id])
        for each in episodes
    ]
    return write_played(out, played, **{"task_set": "webarena", "caution": ""} | changes)


ORDERS = "http://localhost:7780/admin/sales/order/"
RUN = (
    Played(679, url=ORDERS, selected=["Status: Complete"]),
    Played(144, answer="$0.00"),
    Played(386, answer="65"),
    Played(43, answer="hollister, Joust Bag, Antonia Racer Tank"),
    Played(108, answer="x", judge=["correct", "incorrect"]),
    Played(584, selected=["", ""]),
    Played(505, selected=["0"]),
    Played(7, answer="nothing", judge=["incorrect"]),
)


def test_results_show_the_official_score_and_the_corrected_one_beside_it(
    official: dict[TaskId, Task], workdir: Path, invoke: Invoke
) -> None:
    run_of(official, workdir / "results", *RUN)
    found = json.loads(invoke("report", "r1", "--json").out)
    corrected = found["corrected"]
    assert found["total"]["passed"] == corrected["passed_officially"] == 2
    assert (corrected["tasks"], corrected["passed"], corrected["planned"]) == (7, 4, 8)
    changed = {each["task_id"]: (each["official"], each["corrected"]) for each in corrected["changed"]}
    assert changed == {679: (0.0, 1.0), 144: (0.0, 1.0), 386: (0.0, 1.0), 43: (1.0, 0.0)}
    assert {each["task_id"]: each["standing"] for each in corrected["open"]} == {
        108: "needs_judge",
        584: "needs_live_check",
    }
    assert corrected["suspect"] == [505]
    for form in ("table", "markdown"):
        told = invoke("report", "r1", "--format", form).out.replace("\\", "")
        assert "corrected, 4 of 8 pass = 50.0 % (officially 2 = 25.0 %), 2 of them undecided" in told
        assert "corrected task 679 trial 0: 0 -> 1: The check wants a word" in told
        assert "suspect, without a correction: task 505" in told


def test_the_corrections_can_be_scored_by_themselves(
    official: dict[TaskId, Task], workdir: Path, invoke: Invoke
) -> None:
    folder = run_of(official, workdir / "results", *RUN)
    done = invoke("rescore", "r1", "--errata")
    assert done.code == 1
    assert "0 -> 1 task 679 trial 0" in done.out
    assert "need a judge's verdict that was not recorded (--judge NAME): task 108" in done.out
    assert json.loads((folder / "rescored" / "errata" / "rescoring.json").read_text())["errata"] is True


def test_only_the_official_set_has_them(official: dict[TaskId, Task], workdir: Path, invoke: Invoke) -> None:
    run_of(official, workdir / "results", *RUN, task_set="mine")
    assert json.loads(invoke("report", "r1", "--json").out)["corrected"] is None
    assert "errata" not in invoke("report", "r1").out


def test_a_task_that_is_not_as_the_errata_have_it_is_left_alone(
    official: dict[TaskId, Task], workdir: Path, invoke: Invoke
) -> None:
    other = official[7].model_copy(update={"task_id": 124})
    run_of({**official, 124: other}, workdir / "results", Played(124, answer="0.01 to 298"))
    corrected = json.loads(invoke("report", "r1", "--json").out)["corrected"]
    assert (corrected["unlike"], corrected["changed"]) == ([124], [])


def test_a_broken_overlay_in_the_working_directory_is_told_and_the_report_is_printed(
    official: dict[TaskId, Task], workdir: Path, invoke: Invoke
) -> None:
    run_of(official, workdir / "results", *RUN)
    folder = workdir / "configs" / "errata"
    folder.mkdir(parents=True)
    (folder / "webarena.yaml").write_text("task_set: webarena\nentries:\n  - {tasks: [7], fault: x, sourc: y}\n")
    done = invoke("report", "r1")
    assert done.code == 0
    assert "the errata cannot be applied: " in done.out
    assert "unknown key 'sourc'" in done.out or "sourc" in done.out
    assert "2 of 8 planned" in done.out
    (folder / "webarena.yaml").write_text(
        "task_set: webarena\nentries:\n"
        "  - {tasks: [7], fault: x, source: y}\n  - {tasks: [7, 8], fault: x, source: y}\n"
    )
    with pytest.raises(ConfigError, match="task 7 has more than one entry"):
        load_errata("webarena")


def test_settings_of_a_newer_version_are_told(official: dict[TaskId, Task], workdir: Path, invoke: Invoke) -> None:
    folder = run_of(official, workdir / "results", *RUN[:1])
    path = folder / "manifest.json"
    raw = json.loads(path.read_text())
    raw["config"]["settings"]["scoring"]["by_magic"] = True
    raw["config_sha256"] = sha256_of_json(raw["config"])
    path.write_text(json.dumps(raw))
    with pytest.raises(ConfigError, match="settings.scoring: this version does not know them"):
        _ = load_past(folder).scoring
    assert "the errata cannot be applied" in invoke("report", "r1").out
