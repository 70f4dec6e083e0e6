"""Somebody else's kind of check: used by its entry point alone, in a run, by `wa-run score` and on a run folder."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke, own_task, start
from tests.support.third_party import install
from webarena_runner.errors import TaskFileError
from webarena_runner.tasksets.file import load_task_file

EVALUATOR = """
from typing import Any

from pydantic import BaseModel, PositiveInt

from webarena_runner.interfaces import Question
from webarena_runner.types import Score


class Words(BaseModel, extra="forbid"):
    at_most: PositiveInt
    judged: bool = False


class Said(BaseModel):
    said: str


class WordCount:
    Spec = Words
    Outcome = Said

    @classmethod
    def build(cls, setup):
        return cls()

    @classmethod
    def read(cls, evaluation):
        return evaluation.key("word_count").record(Words)

    @classmethod
    def writes(cls, spec):
        return True

    @classmethod
    def needs_judge(cls, spec):
        return spec.judged

    @classmethod
    def needs_trace(cls, spec):
        return True

    async def collect(self, spec, end):
        title = await end.page.evaluate("document.title")
        asked = [[each.method, each.status] for each in end.trace if each.resource == "document"]
        return {"words": len(end.answer.split()), "answer": end.answer, "page": title, "asked": asked}

    @classmethod
    def evidence_of(cls, spec, outcome, urls):
        return {"words": len(outcome.said.split()), "answer": outcome.said}

    def score(self, spec, evidence, verdicts):
        few = evidence["words"] <= spec.at_most
        if spec.judged and few and not verdicts:
            return Question("fuzzy", "polite", evidence["answer"])
        value = few and all("correct" == verdict.reply for verdict in verdicts)
        return Score(evaluator="word_count", value=float(value), evidence=dict(evidence), verdicts=tuple(verdicts))
"""
ENTRY_POINTS = "[webarena_runner.evaluators]\nword_count = counting:WordCount\n"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the package, on the path of this process and of those that it starts."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    install(folder, "counting", EVALUATOR, ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def counted(task_id: int | str, at_most: int, *, said: str = "two words", **spec: Any) -> dict[str, Any]:
    evaluation = {"eval_types": ["word_count"], "word_count": {"at_most": at_most, **spec}}
    return own_task(0, expected="", said=said) | {"task_id": task_id, "eval": evaluation}


def write(folder: Path, *records: dict[str, Any]) -> Path:
    path = folder / "own.json"
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


@pytest.mark.usefixtures("installed")
def test_its_tasks_are_read_with_what_it_says_of_them(workdir: Path) -> None:
    plain, judged = load_task_file(write(workdir, counted(1, 2), counted("say:2", 1, judged=True))).tasks
    assert [check.model_dump() for check in plain.checks] == [
        {"kind": "word_count", "spec": {"at_most": 2, "judged": False}}
    ]
    assert (plain.writes, plain.judge, judged.judge) == (True, False, True)


@pytest.mark.usefixtures("installed")
def test_what_is_wrong_in_its_part_of_a_record_is_told_with_the_place(workdir: Path) -> None:
    with pytest.raises(
        TaskFileError, match=r"own.json: record 0 \(task 1\): eval.word_count.at_most: .* greater than 0"
    ):
        load_task_file(write(workdir, counted(1, 0)))
    with pytest.raises(TaskFileError, match=r"record 0 \(task 1\): eval.word_count.less: Extra inputs"):
        load_task_file(write(workdir, counted(1, 1, less=2)))


def test_a_kind_that_is_not_installed_is_told_with_the_way_to_it(workdir: Path) -> None:
    with pytest.raises(TaskFileError, match=r"eval_types\[0\]: expected one of .*string_match.* install its package"):
        load_task_file(write(workdir, counted(1, 2)))


@pytest.mark.usefixtures("installed")
def test_wa_run_score_asks_it_with_its_own_keys(workdir: Path, invoke: Invoke) -> None:
    write(workdir, counted(1, 2), counted("say:2", 2, judged=True))
    lines = [
        {"task_id": 1, "type": "word_count", "said": "one two"},
        {"task_id": 1, "type": "word_count", "said": "one two three"},
        {"task_id": "say:2", "type": "word_count", "said": "one two", "judge_reply": "correct"},
        {"task_id": "say:2", "type": "word_count", "said": "one two", "judge_reply": "rude"},
        {"task_id": "say:2", "type": "word_count", "said": "one two"},
        {"task_id": 1, "type": "word_count", "answer": "one"},
    ]
    (workdir / "outcomes.jsonl").write_text("\n".join(map(json.dumps, lines)))
    done = invoke("score", "outcomes.jsonl", "--tasks-file", "own.json", "--only", "word_count")
    records = [json.loads(line) for line in done.out.splitlines()]
    assert [record.get("score") for record in records] == [1.0, 0.0, 1.0, 0.0, None]
    assert "only a run with a judge" in records[-1]["error"]
    assert "line 6: key 'said' is missing" in done.err


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.usefixtures("installed")
def test_a_run_scores_with_it_and_its_folder_is_scored_again(workdir: Path) -> None:
    tasks = write(workdir, counted("say:1", 2), counted(7, 1))
    chosen = ("--task-set", "own.json", "--tasks", 'all & ("say:1", 7)')
    running = start("--model", "oracle", *chosen, "--sites", "embedded", "--run-id", "r")
    told = running.communicate(timeout=120)
    assert running.returncode == 0, told
    tasks.unlink()
    rescored = subprocess.run([sys.executable, "-c", RESCORE, "results/r"], capture_output=True, text=True, check=False)
    assert rescored.returncode == 0, rescored.stderr
    asked = [["GET", 200]]
    assert json.loads(rescored.stdout) == {"7": [0.0, 0.0, asked], "say:1": [1.0, 1.0, asked]}


RESCORE = """
import json, sys
from pathlib import Path

from webarena_runner.evaluators import load_evaluators, rescore
from webarena_runner.log.reading import read_tasks
from webarena_runner.report.summary import load_run
from webarena_runner.settings.records import ScoringSettings

tasks = {task.task_id: task for task in read_tasks(Path(sys.argv[1]))}
evaluators = load_evaluators(ScoringSettings())
print(json.dumps({
    str(key[0]): [result.value, rescore(tasks[key[0]], result.scores, evaluators)[0],
                  result.scores[0].evidence["asked"]]
    for key, result in load_run(Path(sys.argv[1])).results.items()
}))
"""


ODD_TASKS = """
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.types import Check, Task


class Odd:
    name, served_by = "odd", "embedded"

    def load(self, *, allow_modified=False):
        checks = (Check(kind="word_cuont", spec={}),)
        task = Task(
            task_set="odd", task_id=1, intent="Say it", sites=(), start_urls=(), login_sites=(), template_id=0,
            checks=checks, raw={},
        )
        return LoadedTasks("odd", (task,), "0" * 64, "memory")
"""


@pytest.mark.usefixtures("installed")
def test_a_kind_that_only_a_task_set_plug_in_names_is_told_before_there_is_a_run_folder(
    tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    install(folder, "odd_tasks", ODD_TASKS, "[webarena_runner.tasksets]\nodd = odd_tasks:Odd\n")
    monkeypatch.syspath_prepend(str(folder))
    done = invoke("--agent", "do-nothing", "--task-set", "odd", "--tasks", "all")
    assert done.code == 2
    assert "task 1 of odd is scored by 'word_cuont', for which no evaluator is installed" in done.err
    assert not Path("results").exists()
