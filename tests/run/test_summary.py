"""Counting a run, and its row in the leaderboard CSV."""

import csv
import io
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from rich.console import Console

from tests.run.conftest import MakeManifest, MakeResult
from webarena_runner.cli.results import print_report
from webarena_runner.export.leaderboard import COLUMNS, LeaderboardCsv, row_of
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.report.summary import Counts, RunReport, success_interval
from webarena_runner.running.plan import caution, scope
from webarena_runner.settings.records import SitesSpec
from webarena_runner.types import EpisodeResult, RunManifest

NOT = "it is not WebArena"


def report_of(manifest: RunManifest, *results: EpisodeResult, folder: Path | None = None) -> RunReport:
    return RunReport(
        folder or Path("results", manifest.run_id),
        manifest,
        {(result.task_id, result.trial): result for result in results},
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_errors_and_missing_episodes_stay_in_the_denominator(
    make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    report = report_of(make_manifest(task_ids=(1, 2, 3, 4)), make_result(1), make_result(2, 0.0), make_result(3, None))
    assert report.total == Counts(planned=4, passed=1, failed=1, errored=1)
    assert report.total.missing == 1
    assert report.total.success_rate == 0.25


def test_sites_add_up_to_the_total(make_manifest: MakeManifest, make_result: MakeResult) -> None:
    report = report_of(make_manifest(), make_result(1), make_result(2), make_result(3, 0.0))
    assert report.by_site["shopping"] == Counts(planned=2, passed=1, failed=1, errored=0)
    assert report.by_site["reddit"] == Counts(planned=1, passed=1, failed=0, errored=0)


def test_wall_time_leaves_out_the_pause_before_a_resume(make_manifest: MakeManifest, make_result: MakeResult) -> None:
    report = report_of(make_manifest(), make_result(1), make_result(2, start_s=5), make_result(3, start_s=1000))
    assert report.wall_s == pytest.approx(25.0)


def test_cached_tokens_are_a_share_of_the_prompt(make_manifest: MakeManifest, make_result: MakeResult) -> None:
    cached = make_result(1, prompt_tokens=900, cached_tokens=600)
    report = report_of(make_manifest(), cached, make_result(2, prompt_tokens=100))
    assert report.cached_share == pytest.approx(0.6)
    assert report_of(make_manifest(), make_result(1)).cached_share is None


def test_the_table_says_what_the_run_cost_and_what_was_cached(
    make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    console = Console(file=io.StringIO(), record=True, width=160)
    cached = make_result(1, prompt_tokens=1000, cached_tokens=630)
    print_report(replace(report_of(make_manifest(), cached), cost_usd=1.5), console)
    assert "1005 tokens, 10 s, $1.5000; prefix cache hits: 63 % of prompt tokens" in console.export_text()


@pytest.mark.parametrize(("cost_usd", "shown"), [(None, ""), (0.0, "0.0000"), (12.34567, "12.3457")])
def test_the_row_has_the_cost_when_there_are_prices(
    make_manifest: MakeManifest, cost_usd: float | None, shown: str
) -> None:
    report = replace(report_of(make_manifest()), cost_usd=cost_usd)
    assert row_of(report)["Cost (USD)"] == shown


@pytest.mark.parametrize(("passed", "planned", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634)])
def test_the_interval_is_wilsons(passed: int, planned: int, low: float, high: float) -> None:
    assert success_interval(passed, planned) == pytest.approx((low, high), abs=1e-4)


def test_an_interval_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        success_interval(0, 0)


def test_the_row_has_the_official_columns_first_and_says_what_it_is_not(
    tmp_path: Path, make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    path = tmp_path / "leaderboard.csv"
    LeaderboardCsv(path).add(report_of(make_manifest(), make_result(1), make_result(2), make_result(3, None)))
    (row,) = rows_of(path)
    assert tuple(row) == COLUMNS
    assert row["Success Rate (%)"] == "66.67"
    assert (row["N Planned"], row["N Passed"], row["N Errored"]) == ("3", "2", "1")
    assert row["Note"] == "mini: not WebArena; reference actions, no model; 1 errored"


@pytest.mark.parametrize(
    ("loaded", "sites", "note"),
    [
        (LoadedTasks("webarena", (), "", "", official=True, expected_count=812), "static", "subset: all"),
        (LoadedTasks("webarena", (), "", "", official=True, expected_count=3), "static", ""),
        (LoadedTasks("webarena", (), "", "", official=True), "embedded", "webarena on embedded sites: not WebArena"),
        (LoadedTasks("mini", (), "", "", served_by="embedded", caution=NOT), "embedded", "mini: not WebArena"),
        (LoadedTasks("mini", (), "", "", served_by="embedded", caution=NOT), "static", "mini: not WebArena"),
        (LoadedTasks("own", (), "", "", caution=NOT), "static", "own: not WebArena"),
    ],
)
def test_only_the_official_tasks_on_sites_that_are_not_ours_are_webarena(
    make_manifest: MakeManifest, make_result: MakeResult, loaded: LoadedTasks, sites: str, note: str
) -> None:
    config = {"settings": {"trials": 1}, "model": {"name": "m"}, "tasks": {"expression": "all"}}
    where = SitesSpec(provider=sites)
    said = {"scope": scope(loaded, where), "caution": caution(loaded, where), "expected_count": loaded.expected_count}
    report = report_of(make_manifest(config=config, **said), *(make_result(each) for each in (1, 2, 3)))
    assert row_of(report)["Note"].split("; ")[0] == note
    console = Console(record=True, file=io.StringIO(), width=200)
    print_report(report, console)
    assert ("is not WebArena" in console.export_text()) == ("not WebArena" in note)


def test_a_resumed_run_replaces_its_row_and_foreign_columns_stay(
    tmp_path: Path, make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    path = tmp_path / "leaderboard.csv"
    LeaderboardCsv(path).add(report_of(make_manifest("other")))
    LeaderboardCsv(path).add(report_of(make_manifest()))
    path.write_text(path.read_text().replace("Wall Time (s)\n", "Wall Time (s),Mine\n").replace(",0.0\n", ",0.0,x\n"))
    LeaderboardCsv(path).add(report_of(make_manifest(), make_result(1), make_result(2), make_result(3)))
    rows = rows_of(path)
    assert [row["Run ID"] for row in rows] == ["other", "r1"]
    assert rows[1]["Success Rate (%)"] == "100.00"
    assert [row["Mine"] for row in rows] == ["x", ""]


def _write(manifest: RunManifest, path: Path) -> None:
    LeaderboardCsv(path).add(report_of(manifest))


def test_runs_that_finish_together_each_get_a_row(tmp_path: Path, make_manifest: MakeManifest) -> None:
    path = tmp_path / "leaderboard.csv"
    manifests = [make_manifest(f"r{number}") for number in range(8)]
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(_write, manifests, [path] * len(manifests)))
    assert sorted(row["Run ID"] for row in rows_of(path)) == [manifest.run_id for manifest in manifests]
