"""The HTML report of a run: what its pages say, and what is on disk."""

from pathlib import Path

import pytest

from tests.log.records import make_result
from tests.report.html.runs import write_episodes
from webarena_runner.errors import UsageError
from webarena_runner.report.html.writing import write_report
from webarena_runner.report.summary import load_run


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
