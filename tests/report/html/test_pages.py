"""The HTML report of a run: what its pages say, and what is on disk."""

import importlib
import os
import shutil
import webbrowser
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from tests.log.records import make_manifest, make_result, make_task
from tests.report.html.runs import make_step, write_episodes
from webarena_runner.errors import UsageError
from webarena_runner.report.html.pages import Pages
from webarena_runner.report.html.single import write_single
from webarena_runner.report.html.writing import write_report
from webarena_runner.report.summary import load_run
from webarena_runner.rescoring.errata import load_errata
from webarena_runner.types import Check, Score


def test_the_report_has_a_page_for_everything_that_was_planned(tmp_path: Path) -> None:
    run = write_episodes(tmp_path / "r1", [make_result(1), make_result(2, None), make_result(2, 0.0)])
    written = write_report(load_run(run), tmp_path / "report")
    assert "of 3 planned passed" in written.index.read_text()
    names = sorted(path.name for path in (tmp_path / "report/tasks").iterdir())
    assert names == ["1.0.html", "2.0.1.html", "2.0.html", "3.0.html"]


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path) -> None:
    run, other = write_episodes(tmp_path / "r1", [make_result(1)]), tmp_path / "other"
    other.mkdir()
    (other / "index.html").write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        write_report(load_run(run), other)
    assert [path.read_text() for path in other.iterdir()] == ["mine"]


def test_what_a_killed_process_left_does_not_stand_in_the_way(tmp_path: Path) -> None:
    run = write_episodes(tmp_path / "r1", [make_result(1)])
    (tmp_path / "report/.new-abc/tasks").mkdir(parents=True)
    assert write_report(load_run(run), tmp_path / "report").index.is_file()


def test_a_place_where_no_file_can_be_is_told(tmp_path: Path) -> None:
    run = write_episodes(tmp_path / "r1", [make_result(1)])
    for write in (write_single, write_report):
        with pytest.raises(UsageError, match="cannot write the report to"):
            write(load_run(run), run / "manifest.json" / "report.html")


def pages_of(run: Path) -> Pages:
    return Pages(load_run(run))


def test_a_failed_check_shows_what_was_expected_beside_what_was_found(tmp_path: Path) -> None:
    check = Check(kind="string_match", spec={"reference_answers": {"must_include": ["__SHOPPING__/a", "380"]}})
    score = Score(
        evaluator="string_match", value=0, explanation="the answer lacks '380'", evidence={"answer": "12", "urls": {}}
    )
    result = make_result(1, 0.0, scores=(score,), site_urls={"shopping": "http://127.0.0.1:7"})
    task = make_task(1).model_copy(update={"checks": (check,)})
    page = pages_of(write_episodes(tmp_path / "r1", [result], tasks=[task])).episode((1, 0))
    assert "http://127.0.0.1:7/a\n380</pre>" in page
    assert ">12</pre>" in page
    assert "the answer lacks &#39;380&#39;" in page


def test_the_evidence_of_other_evaluators_is_shown_as_it_is(tmp_path: Path) -> None:
    score = Score(evaluator="own", value=0.5, evidence={"seen": ["x", 1]})
    task = make_task(1).model_copy(update={"checks": (Check(kind="own", spec={"wanted": "y"}),)})
    page = pages_of(write_episodes(tmp_path / "r1", [make_result(1, 0.5, scores=(score,))], tasks=[task])).episode(
        (1, 0)
    )
    assert "&#34;wanted&#34;: &#34;y&#34;" in page
    assert "&#34;seen&#34;: [" in page


def test_a_prompt_shows_once_what_every_step_sends(tmp_path: Path) -> None:
    steps = [make_step(index, f"page {index} " * 60) for index in range(3)]
    page = pages_of(write_episodes(tmp_path / "r1", [make_result(1)], steps=steps)).episode((1, 0))
    assert page.count("Name one action. " * 20) == 1
    assert page.count("1 message as in") == 2
    assert page.count("page 1 " * 60) == 1
    assert page.count("[the observation]") == 3


def test_earlier_attempts_have_pages_and_are_told_of(tmp_path: Path) -> None:
    pages = pages_of(write_episodes(tmp_path / "r1", [make_result(1, None), make_result(1)]))
    assert "site, connection refused" in pages.episode((1, 0))
    assert "Ended in an error of class site" in pages.named("1.0.1")
    with pytest.raises(KeyError):
        pages.named("1.0.7")
    with pytest.raises(KeyError):
        pages.named("99.0")


def test_a_server_is_given_pictures_of_the_run_and_no_other_files(tmp_path: Path) -> None:
    pages = pages_of(write_episodes(tmp_path / "r1", [make_result(1)]))
    assert pages.picture("1.0", "step-000.jpeg").media_type == "image/jpeg"
    for name, file in (("1.0", "result.json"), ("1.0", "../../manifest.json"), ("..", "x"), ("1.0", "step-009.jpeg")):
        with pytest.raises(KeyError):
            pages.picture(name, file)


@pytest.mark.parametrize(
    ("how", "value", "said"),
    [
        ("every", 1.0, "no screenshot was taken"),
        ("none", 1.0, "this run keeps none (--screenshots none)"),
        (False, 0.0, "this run keeps none (--screenshots none)"),
        ("failed", 1.0, "the episode passed, and only those of others are kept (--screenshots failed)"),
        ("failed", 0.0, "had passed when it was played, and only those of others are kept (--screenshots failed)"),
        ("failed", None, "no screenshot was taken"),
    ],
)
def test_a_page_without_a_picture_says_why(tmp_path: Path, how: object, value: float | None, said: str) -> None:
    manifest = make_manifest("r1")
    manifest.config["settings"]["browser"] = {"screenshots": how}
    steps = [make_step(0, screenshot_file=None)]
    run = write_episodes(tmp_path / "r1", [make_result(1, value)], manifest=manifest, steps=steps)
    assert f"{said}</p>" in pages_of(run).episode((1, 0))


def test_no_picture_is_what_is_no_file_of_the_run(tmp_path: Path) -> None:
    folder = write_episodes(tmp_path / "r1", [make_result(1)], steps=[make_step(number) for number in range(3)])
    first, second, third = (folder / f"episodes/1.0/step-00{number}.jpeg" for number in range(3))
    first.unlink()
    os.mkfifo(first)
    second.rename(tmp_path / "private.jpeg")
    second.symlink_to(tmp_path / "private.jpeg")
    third.rename(folder / "kept.jpeg")
    third.symlink_to(folder / "kept.jpeg")
    page = pages_of(folder).episode((1, 0))
    assert "step-000.jpeg is no file" in page
    assert "step-001.jpeg is a link that leads out of the run folder" in page
    assert page.count("<img") == 1
    second.unlink()
    second.symlink_to(second.name)
    assert "step-001.jpeg is no picture that can be read" in pages_of(folder).episode((1, 0))
    assert write_single(load_run(folder), tmp_path / "again.html").episodes == 3
    assert write_single(load_run(folder), tmp_path / "all.html").episodes == 3


def test_what_is_damaged_is_told_and_the_rest_is_shown(tmp_path: Path) -> None:
    run = write_episodes(tmp_path / "r1", [make_result(1), make_result(2, 0.0), make_result(3)])
    first, second, third = (run / f"episodes/{number}.0" for number in (1, 2, 3))
    lines = (first / "steps.jsonl").read_text().splitlines()
    (first / "steps.jsonl").write_text("\n".join(["{", *lines, lines[1][:80]]))
    (first / "step-000.jpeg").unlink()
    (first / "step-001.jpeg").write_text("no picture")
    (second / "result.json").write_text("{")
    (third / "last.json").write_text('{"format": 99}')
    (run / "tasks.jsonl").write_text("")
    pages = pages_of(run)
    page = pages.episode((1, 0))
    assert "line 1: is damaged" in page
    assert "its last line is cut off" in page
    assert page.count('<article class="step"') == 2
    assert "step-000.jpeg is missing from the run folder" in page
    assert "step-001.jpeg is no picture that can be read" in page
    assert '<article class="step"' in pages.episode((2, 0))
    assert "written by a newer version" in pages.episode((3, 0))
    overview = pages.overview()
    assert "result.json: is damaged" in overview
    assert "tasks.jsonl: has changed since the run began" in overview


def test_a_task_of_the_errata_whose_evidence_lacks_a_site_is_left_as_it_is(tmp_path: Path) -> None:
    errata = load_errata("webarena")
    assert errata
    task_id = next(task_id for task_id, entry in errata.by_task.items() if entry.scoring and isinstance(task_id, int))
    check = Check(kind="url_match", spec={"reference_url": "__SHOPPING__/a"})
    task = make_task(task_id, task_set="webarena").model_copy(update={"checks": (check,)})
    score = Score(evaluator="url_match", value=0, evidence={"final_url": "http://127.0.0.1:7/b", "urls": {}})
    manifest = make_manifest("r1", (task_id,), task_set="webarena")
    run = write_episodes(tmp_path / "r1", [make_result(task_id, 0.0, scores=(score,))], manifest=manifest, tasks=[task])
    pages = pages_of(run)
    assert "0 of 1" in pages.overview().replace("<b>", "").replace("</b>", "")
    assert "The official reference of this task" in pages.episode((task_id, 0))


def test_a_step_of_a_newer_format_is_told(tmp_path: Path) -> None:
    run = write_episodes(tmp_path / "r1", [make_result(1)])
    (run / "episodes/1.0/steps.jsonl").write_text('{"format": 99}\n')
    assert "written by a newer version of webarena-runner (format 99" in pages_of(run).episode((1, 0))


@pytest.mark.parametrize("became", ["errored", "not run"])
def test_a_run_with_nothing_but_errors_or_nothing_at_all_is_a_report_too(tmp_path: Path, became: str) -> None:
    results = [make_result(number, None) for number in (1, 2, 3)] if became == "errored" else []
    written = write_report(load_run(write_episodes(tmp_path / "r1", results)), tmp_path / "report")
    text = written.index.read_text()
    assert '<p class="rate">0.0 %</p>' in text
    assert f"{became}</span> <b>3</b>" in text


def test_a_run_that_planned_nothing_is_a_report_too(tmp_path: Path) -> None:
    run = write_episodes(tmp_path / "r1", [], manifest=make_manifest("r1", ()))
    assert '<p class="rate">0.0 %</p>' in pages_of(run).overview()


def test_an_episode_that_is_running_shows_the_steps_so_far(tmp_path: Path) -> None:
    run = write_episodes(tmp_path / "r1", [make_result(1)])
    (run / "episodes/1.0/result.json").unlink()
    page = pages_of(run).episode((1, 0))
    assert "There is no result: the episode is running now, or was interrupted" in page
    assert page.count('<article class="step"') == 2


def test_folders_of_the_first_format_have_reports(tmp_path: Path) -> None:
    folders = Path(__file__).parents[2] / "log/folders"
    for name in ("format-0/oracle", "format-0/replay", "format-1"):
        written = write_report(load_run(folders / name), tmp_path / name)
        assert all(
            '<article class="step"' in path.read_text() for path in (tmp_path / name / "tasks").glob("60.0.html")
        )
        assert written.episodes


def test_a_report_replaces_an_earlier_one_and_leaves_what_else_is_there(tmp_path: Path) -> None:
    run, folder = write_episodes(tmp_path / "r1", [make_result(1)]), tmp_path / "report"
    write_report(load_run(run), folder)
    (folder / "tasks/old.html").write_text("old")
    (folder / "notes.txt").write_text("mine")
    write_report(load_run(run), folder)
    assert not (folder / "tasks/old.html").exists()
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "notes.txt", "pictures", "static", "tasks"]


def test_the_report_stands_alone_when_the_run_is_gone(tmp_path: Path) -> None:
    run = write_episodes(tmp_path / "r1", [make_result(1)])
    written = write_report(load_run(run), tmp_path / "report")
    shutil.rmtree(run)
    pictures = list((tmp_path / "report/pictures").rglob("*.jpeg"))
    assert len(pictures) == 2
    assert all(picture.stat().st_size for picture in pictures)
    assert written.size.pictures == sum(picture.stat().st_size for picture in pictures)


def test_several_processes_write_the_same_as_one(tmp_path: Path) -> None:
    ids = tuple(range(130))
    run = write_episodes(
        tmp_path / "r1",
        [make_result(number) for number in ids],
        manifest=make_manifest("r1", ids),
        steps=[make_step(0)],
    )
    told: list[tuple[int, int]] = []
    one = write_report(load_run(run), tmp_path / "one")
    two = write_report(load_run(run), tmp_path / "two", processes=2, on_episodes=lambda *done: told.append(done))
    assert one.size == two.size
    assert told[-1] == (130, 130)
    assert (tmp_path / "one/tasks/77.0.html").read_text() == (tmp_path / "two/tasks/77.0.html").read_text()


def test_the_report_inside_a_run_is_no_part_of_the_run(tmp_path: Path, invoke: Invoke) -> None:
    run = write_episodes(tmp_path / "r1", [make_result(1), make_result(2, 0.0)])
    before = invoke("report", str(run))
    done = invoke("report", str(run), "--html")
    assert (done.code, done.out.startswith(f"report: {run}/report/index.html (3 episodes, ")) == (0, True)
    assert invoke("report", str(run)).out == before.out


def test_a_place_for_the_report_may_be_given_and_is_opened(
    tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, opened = write_episodes(tmp_path / "r1", [make_result(1), make_result(2, 0.0)]), tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    importlib.reload(webbrowser)
    assert invoke("report", str(run), "--html", str(tmp_path / "a b"), "--open").code == 0
    assert opened.read_text().strip() == (tmp_path / "a b/index.html").as_uri()
    file = tmp_path / "one.html"
    assert invoke("report", str(run), "--html", str(file), "--single-file", "--failed-only").code == 0
    assert 'id="2.0"' in file.read_text()
    assert 'id="1.0"' not in file.read_text()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--open"], "--open is of the HTML report; give --html too"),
        (["--single-file"], "--single-file is of the HTML report; give --html too"),
        (["--html", "."], "holds other files, and no report"),
        (["--html", "taken.txt"], "is a file; give a folder"),
        (["--html", "taken.txt", "--single-file"], "is there, and no report"),
    ],
)
def test_wrong_wishes_are_told_and_nothing_is_written(
    tmp_path: Path, workdir: Path, invoke: Invoke, options: list[str], told: str
) -> None:
    run = write_episodes(tmp_path / "r1", [make_result(1)])
    (workdir / "taken.txt").write_text("mine")
    done = invoke("report", str(run), *options)
    assert (done.code, told in done.err) == (2, True)
    assert [path.name for path in workdir.iterdir()] == ["taken.txt"]
    assert (workdir / "taken.txt").read_text() == "mine"
