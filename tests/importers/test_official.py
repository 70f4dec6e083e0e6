"""`wa-run import --from official`: the official harness's own files become a run that everything else reads."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, Invoke
from tests.importers.results import LOG, SETTINGS, SEVEN, result_folder, task_file
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_manifest, read_result, read_steps, read_tasks
from webarena_runner.types import EpisodeResult, Step

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def take(invoke: Invoke, workdir: Path) -> Any:
    """Imports a folder as the run `r`, with the tasks of a file."""
    tasks = task_file(workdir / "tasks.json")

    def take(folder: Path, *more: str) -> Done:
        run_id = () if "--run-id" in more else ("--run-id", "r")
        return invoke("import", "--from", "official", str(folder), *run_id, "--task-set", str(tasks), *more)

    return take


def steps_of(task_id: int) -> list[Step]:
    return list(read_steps(RunPaths(Path("results/r")).episode(task_id, 0).folder))


def result_of(task_id: int) -> EpisodeResult:
    return read_result(RunPaths(Path("results/r")).episode(task_id, 0))


def test_steps_have_what_the_harness_rendered(take: Any, workdir: Path) -> None:
    assert take(result_folder(workdir / "gpt4")).code == 0
    steps = steps_of(7)
    assert [step.decision.action.model_dump(exclude={"reason"}) for step in steps] == [
        {"kind": "click", "element_id": "12"},
        {"kind": "type", "element_id": "13", "text": "blue shoes", "press_enter": True},
        {"kind": "type", "element_id": "13", "text": "no enter", "press_enter": False},
        {"kind": "type", "element_id": "13", "text": "trailing blank ", "press_enter": False},
        {"kind": "hover", "element_id": "99"},
        {"kind": "invalid", "raw": "no action here at all"},
        {"kind": "scroll", "direction": "down"},
        {"kind": "press", "key_comb": "Ctrl+v"},
        {"kind": "goto", "url": "http://localhost:7770/x"},
        {"kind": "new_tab"},
        {"kind": "tab_focus", "page_number": 1},
        {"kind": "go_back"},
        {"kind": "stop", "answer": "the answer [1"},
        {"kind": "stop", "answer": "N/A"},
    ]
    first = steps[0]
    assert first.observation.url == "http://localhost:7770/catalogsearch/result/?q=a&b=c"
    assert first.observation.tabs == ("One Stop Market", "Other")
    assert first.action_text == "click [12] where [12] is link 'See <!-- and <script> </pre>'"
    assert first.acted_on
    assert first.acted_on.line == "link 'See <!-- and <script> </pre>'"
    assert first.decision.completion
    assert first.decision.completion.text.startswith("Let's think step-by-step.")
    assert steps[4].action_text.startswith('Attempt to perfom "hover" on element "[99]"')


def test_page_text_that_html_would_swallow_is_there_whole(take: Any, workdir: Path) -> None:
    take(result_folder(workdir / "gpt4"))
    lines = steps_of(7)[-1].observation.text.splitlines()
    assert lines[-2:] == ["\t[12] link 'See <!-- and <script> </pre>'", "\t[13] textbox 'Search' required: False"]


def test_pictures_are_files_of_the_steps(take: Any, workdir: Path) -> None:
    take(result_folder(workdir / "gpt4"))
    folder = RunPaths(Path("results/r")).episode(7, 0).folder
    assert (folder / "step-013.png").read_bytes().startswith(PNG)
    assert [step.screenshot_file for step in steps_of(8)] == [None] * 4


def test_scores_and_errors_are_those_of_the_log(take: Any, workdir: Path) -> None:
    done = take(result_folder(workdir / "gpt4"))
    assert "1 of 4 planned = 25.0 %" in done.out
    assert [(result_of(task).value, result_of(task).ending) for task in (7, 8, 9)] == [
        (1.0, "answered"),
        (0.0, "repeated_action"),
        (None, "error"),
    ]
    assert result_of(7).answer == "N/A"
    failure = result_of(9).failure
    assert failure
    assert (failure.error_class, failure.message) == ("internal", "TimeoutError('Timeout 30000ms exceeded.')")
    assert result_of(7).scores[0].evidence == {}
    assert result_of(7).wall_s == pytest.approx(24.556)


def test_the_manifest_says_where_it_is_from_and_what_is_not_known(take: Any, workdir: Path) -> None:
    take(result_folder(workdir / "gpt4"))
    manifest = read_manifest(Path("results/r"))
    assert manifest.imported
    assert (manifest.imported.kind, manifest.imported.source) == ("official", str(workdir / "gpt4"))
    assert "tokens and cost" in manifest.imported.unknown
    assert (manifest.model, manifest.agent) == ("gpt-4-0613", "prompted")
    assert manifest.config["settings"]["prompt"] == "p_cot_id_actree_2s"
    assert manifest.config["settings"]["limits"] == {"max_steps": 30}
    assert str(manifest.finished_at) == "2023-09-24 16:36:08.165000+00:00"
    assert "hunter2" not in Path("results/r/manifest.json").read_text()


def test_tasks_are_those_of_the_task_file_where_it_says_the_same(take: Any, workdir: Path) -> None:
    take(result_folder(workdir / "gpt4"))
    tasks = {task.task_id: task for task in read_tasks(Path("results/r")) or ()}
    assert [tasks[task].intent for task in (7, 8)] == [SEVEN, "Say hello, the eighth time"]
    assert [bool(tasks[task].checks) for task in (7, 8)] == [True, False]
    assert tasks[8].sites == ("reddit",)
    assert "tasks 8 are not those of" in read_manifest(Path("results/r")).caution


def test_what_its_settings_planned_and_nothing_is_of_has_not_run(take: Any, workdir: Path) -> None:
    done = take(result_folder(workdir / "gpt4"))
    assert [task for task, _ in read_manifest(Path("results/r")).planned] == [7, 8, 9, 10]
    assert "3 of 4" not in done.err
    shutil.rmtree("results")
    take(result_folder(workdir / "other", settings=None), "--tasks", "7-8")
    assert [task for task, _ in read_manifest(Path("results/r")).planned] == [7, 8, 9]


def test_report_leaderboard_and_trajectories_read_it(take: Any, invoke: Invoke, workdir: Path) -> None:
    take(result_folder(workdir / "gpt4"))
    read = json.loads(invoke("report", "r", "--json").out)
    assert (read["total"]["passed"], read["total"]["errored"], read["total"]["missing"]) == (1, 1, 1)
    assert invoke("export", "r", "--to", "leaderboard", "--to", "atif").code == 0
    row = Path("results/leaderboard.csv").read_text().splitlines()[1]
    assert "official (imported by webarena-runner" in row
    assert json.loads(Path("results/atif/r/7.0/trajectory.json").read_text())["extra"]["reward"] == 1.0


def test_comparing_exporting_and_scoring_again_take_it_for_what_it_is(take: Any, invoke: Invoke, workdir: Path) -> None:
    folder = result_folder(workdir / "gpt4")
    take(folder)
    (folder / "merged_log.txt").write_text(LOG.replace("(FAIL)", "(PASS)"))
    take(folder, "--run-id", "s")
    compared = invoke("compare", "r", "s")
    assert (compared.code, "only B passes (steps in brackets):\n  task 8" in compared.out) == (0, True)
    done = invoke("export", "r", "--to", "jsonl", "--to", "junit")
    assert (done.code, "r.jsonl: 4 episodes" in done.out, "1 failures, 1 errors" in done.out) == (0, True, True)
    assert invoke("report", "r", "--html", "html").code == 0
    assert "See &lt;!-- and &lt;script&gt;" in Path("html/tasks/7.0.html").read_text()
    again = invoke("rescore", "r")
    assert (again.code, "need a live check" in again.out) == (1, True)


def test_an_import_of_the_same_files_changes_nothing(take: Any, workdir: Path) -> None:
    folder = result_folder(workdir / "gpt4")
    take(folder)
    before = {path: path.stat().st_mtime_ns for path in Path("results/r").rglob("*")}
    again = take(folder)
    assert (again.code, "is imported already" in again.err) == (0, True)
    assert {path: path.stat().st_mtime_ns for path in Path("results/r").rglob("*")} == before


def test_another_import_and_a_folder_of_something_else_are_not_overwritten(take: Any, workdir: Path) -> None:
    folder = result_folder(workdir / "gpt4")
    take(folder)
    (folder / "merged_log.txt").write_text(LOG.replace("(FAIL)", "(PASS)"))
    done = take(folder)
    assert (done.code, "is not overwritten" in done.err) == (2, True)
    assert result_of(8).value == 0.0
    shutil.rmtree("results/r")
    Path("results/r").mkdir()
    Path("results/r/mine.txt").write_text("mine")
    done = take(folder)
    assert (done.code, "is no run folder, and not empty" in done.err) == (2, True)
    assert sorted(path.name for path in Path("results").iterdir()) == ["r"]


def test_a_run_that_was_imported_cannot_be_resumed(take: Any, invoke: Invoke, workdir: Path) -> None:
    take(result_folder(workdir / "gpt4"))
    done = invoke("resume", "r")
    assert (done.code, "was imported from" in done.err) == (2, True)


def test_logs_are_found_beside_the_folder_or_given(take: Any, workdir: Path) -> None:
    folder = result_folder(workdir / "gpt4", log=None)
    (folder / "log_files.txt").write_text("log_files/log_1.log\nlog_files/log_2.log\n")
    (workdir / "log_files").mkdir()
    (workdir / "log_files" / "log_1.log").write_text(LOG)
    assert "1 logs that log_files.txt names are not there, such as 'log_files/log_2.log'" in take(folder).err
    assert result_of(7).value == 1.0
    shutil.rmtree("results")
    shutil.rmtree(workdir / "log_files")
    (workdir / "elsewhere.log").write_text(LOG)
    take(folder, "--log", str(workdir / "elsewhere.log"))
    assert result_of(7).value == 1.0


def test_without_any_log_nothing_has_a_score_and_that_is_no_failure(take: Any, workdir: Path) -> None:
    done = take(result_folder(workdir / "gpt4", log=None))
    assert "no score in the logs for task 7-9" in done.err
    failure = result_of(7).failure
    assert failure
    assert (result_of(7).value, failure.error_class, len(steps_of(7))) == (None, "unscored", 14)


def test_of_a_task_that_ran_again_the_last_word_counts(take: Any, workdir: Path) -> None:
    again = "2023-09-25 10:00:00,000 - INFO - [Config file]: /tmp/x/{0}.json\n2023-09-25 10:01:00,000 - INFO - {1}\n"
    log = LOG + again.format(7, "[Result] (FAIL) /tmp/x/7.json") + again.format(8, "[OpenAI Error] RateLimitError('x')")
    take(result_folder(workdir / "gpt4", log=log))
    failure = result_of(8).failure
    assert failure
    assert (result_of(7).value, result_of(8).value, failure.error_class) == (0.0, None, "model")


def test_a_traceback_comes_from_the_error_file_and_what_looks_like_a_key_does_not(take: Any, workdir: Path) -> None:
    folder = result_folder(workdir / "gpt4")
    error = "[Config file]: /tmp/tmpq2/9.json\n[Unhandled Error] TimeoutError('Timeout 30000ms exceeded.')\n"
    (folder / "error.txt").write_text(error + "Traceback (most recent call last):\n  line 1\n")
    take(folder)
    failure = result_of(9).failure
    assert failure
    assert failure.traceback == "Traceback (most recent call last):\n  line 1\n"
    shutil.rmtree("results")
    key = "sk-proj-" + "a1B2c3D4" * 4
    (folder / "merged_log.txt").write_text(LOG.replace("Timeout 30000ms exceeded.", key))
    take(folder)
    assert not any(key in path.read_text() for path in Path("results/r").rglob("*.json"))


def test_what_is_damaged_is_named_and_the_rest_is_read(take: Any, workdir: Path) -> None:
    folder = result_folder(workdir / "gpt4")
    whole = (folder / "render_7.html").read_text()
    (folder / "render_7.html").write_text(whole[: whole.rindex("<div class='action_object'")])
    (folder / "render_8.html").write_text("<html>something else</html>")
    (folder / "config.json").write_text("{")
    done = take(folder)
    assert (done.code, "config.json is damaged" in done.err) == (0, True)
    assert len(steps_of(7)) == 14
    assert result_of(7).deviations == ("step 13: the action cannot be read in its render file",)
    assert result_of(7).ending == "unknown"
    assert result_of(8).deviations == ("render_8.html is no page of the official harness",)
    assert result_of(8).value == 0.0


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda folder: None, "is no folder"),
        (lambda folder: folder.mkdir(), "is no result folder of the official harness"),
        (lambda folder: (folder.mkdir(), (folder / "notes.txt").write_text("x")), "is no result folder"),
    ],
)
def test_what_is_no_result_folder_is_told(take: Any, workdir: Path, prepare: Any, said: str) -> None:
    prepare(workdir / "it")
    done = take(workdir / "it")
    assert (done.code, said in done.err) == (2, True)
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "agentlab", "x"], "expected one of official, playwright"),
        (["--from", "official", "x", "y"], "expected one result folder, got 2"),
        (["--from", "official", "x", "--map", "a=1"], "--map is for --from playwright"),
        (["--from", "playwright", "x", "--log", "a"], "--log is for --from official"),
        (["--from", "official", "x", "--run-id", "../y"], "--run-id"),
    ],
)
def test_options_that_do_not_fit_are_told(invoke: Invoke, arguments: list[str], said: str) -> None:
    done = invoke("import", *arguments)
    assert (done.code, said in done.err) == (2, True)


def test_the_official_tasks_need_not_be_there(invoke: Invoke, workdir: Path) -> None:
    done = invoke("import", "--from", "official", str(result_folder(workdir / "gpt4", settings=SETTINGS)))
    assert (done.code, "what the tasks' checks are is not known" in done.err) == (0, True)
    assert [task.sites for task in read_tasks(Path("results/official-gpt4")) or ()] == [("reddit",)] * 3
