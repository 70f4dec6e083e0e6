"""The HTML report of a run: what its pages say, and what is on disk."""

from pathlib import Path

import pytest

from tests.log.records import make_manifest, make_result
from webarena_runner.errors import UsageError
from webarena_runner.log.writing import RunFolder
from webarena_runner.report.html.writing import write_report
from webarena_runner.report.summary import load_run
from webarena_runner.types import EpisodeResult


def run_of(folder: Path, *results: EpisodeResult) -> Path:
    run = RunFolder.create(folder, make_manifest(), ())
    for result in results:
        run.begin(result.task_id, result.trial)
        run.put(result)
    run.close()
    return folder


def test_the_report_has_a_page_for_every_episode_that_was_begun(tmp_path: Path) -> None:
    run = run_of(tmp_path / "r1", make_result(1), make_result(2, 0.0))
    written = write_report(load_run(run), tmp_path / "report")
    assert "1 of 3 planned passed" in written.index.read_text()
    assert sorted(path.name for path in (tmp_path / "report/tasks").iterdir()) == ["1.0.html", "2.0.html"]


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path) -> None:
    run, other = run_of(tmp_path / "r1", make_result(1)), tmp_path / "other"
    other.mkdir()
    (other / "index.html").write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        write_report(load_run(run), other)
    assert [path.read_text() for path in other.iterdir()] == ["mine"]
