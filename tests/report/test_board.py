"""All runs in one table, and rows of any leaderboard that a spreadsheet can open without harm."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke, invoke, workdir
from tests.log.records import make_manifest, make_result, make_task, write_run
from tests.report.test_comparison import manifest_of, run_of
from webarena_runner.errors import UsageError
from webarena_runner.export.board import Wanted, load_board
from webarena_runner.export.board_texts import group_texts
from webarena_runner.export.cells import safe_cell
from webarena_runner.export.leaderboard import COLUMNS, LeaderboardCsv
from webarena_runner.log.paths import RunPaths
from webarena_runner.report.summary import load_run

__all__ = ["invoke", "workdir"]


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-x",
        "-1-1",
        "@SUM(A1)",
        " =1",
        "\u00a0=1",
        '"=1',
        ' "=1',
        "\t=1",
        "\r=1",
        "\n=1",
        "text;=1",
        "\uff1d1",
    ],
)
def test_no_cell_begins_a_formula_and_what_is_safe_stays_so(cell: str) -> None:
    safe = safe_cell(cell)
    for piece in safe.split(";"):
        assert piece.lstrip(' \t\r\n\u00a0"')[:1] not in set("=+-@\uff1d\uff0b\uff0d\uff20")
    assert safe_cell(safe) == safe
    assert not set("\r\n\t") & set(safe)


@pytest.mark.parametrize("cell", ["-5", "-5.10", "5", "75.8-100.0", "a-b", "subset: all; 3 not run", "'=1", "x=1", ""])
def test_numbers_and_plain_texts_stay_as_they_are(cell: str) -> None:
    assert safe_cell(cell) == cell


def test_a_row_with_formulas_is_neutral_and_still_replaced_by_its_run_id(tmp_path: Path) -> None:
    board, work = tmp_path / "leaderboard.csv", '=HYPERLINK("http://127.0.0.1","open")'
    model = {"name": "m", "model": "@org/m", "leaderboard": {"work": work}}
    folder = run_of(tmp_path, "run", {1: 1.0}, config={"model": model}, judge="a\rb").rename(tmp_path / "=run")
    for _ in range(2):
        LeaderboardCsv(board).add(load_run(folder))
    with board.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["Run ID"], row["Work"], row["Model"], row["Judge"]) == ("'=run", f"'{work}", "'@org/m", "a b")


def test_foreign_rows_stay_also_with_a_carriage_return_in_a_cell(tmp_path: Path) -> None:
    board = tmp_path / "leaderboard.csv"
    board.write_bytes(b'Run ID,Mine\nother,"a\rb"\nthird,007\n')
    folder = run_of(tmp_path, "run", {1: 1.0})
    for _ in range(2):
        LeaderboardCsv(board).add(load_run(folder))
    with board.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["Run ID"], row["Mine"]) for row in rows] == [("other", "a\nb"), ("third", "007"), ("run", "")]


@pytest.fixture
def runs(workdir: Path) -> Path:
    """Three runs below `results`: two of the same three tasks, one of them unfinished, and one of another set."""
    out = workdir / "results"
    run_of(out, "good", {1: 1.0, 2: 1.0, 3: 0.0}, model="llama")
    write_run(out, make_manifest("unfinished", model="qwen"), [make_result(1), make_result(2, None)])
    manifest = manifest_of("other", (1,), task_set="own", task_set_sha256="o", caution="", model="<b>|=x")
    write_run(out, manifest, [make_result(1)], [make_task(1, task_set="own")])
    return out


def test_the_best_come_first_and_only_runs_of_one_group_can_be_set_side_by_side(runs: Path) -> None:
    board = load_board(runs)
    assert [entry.run_id for entry in board.entries] == ["other", "good", "unfinished"]
    assert board.groups == (1, 2, 2)
    assert [entry.marks for entry in board.entries] == ["", "", "1 not run, 1 errored"]


@pytest.mark.parametrize(
    ("changes", "together"),
    [({"profile": "strict"}, True), ({"judge": "gpt"}, False), ({"sites_data": "2"}, False)],
)
def test_runs_are_in_one_group_when_their_rates_mean_the_same(
    tmp_path: Path, changes: dict[str, str], *, together: bool
) -> None:
    run_of(tmp_path, "a", {1: 1.0})
    run_of(tmp_path, "b", {1: 1.0}, **changes)
    assert (len(set(load_board(tmp_path).groups)) == 1) == together


def test_groups_say_what_tells_them_apart(tmp_path: Path) -> None:
    run_of(tmp_path, "a", {1: 1.0}, sites_data="a" * 64)
    run_of(tmp_path, "b", {1: 1.0}, sites_data="b" * 64, judge="")
    run_of(tmp_path, "c", dict.fromkeys(range(0, 60, 2), 1.0))
    run_of(tmp_path, "d", dict.fromkeys([*range(0, 58, 2), 99], 1.0))
    texts = group_texts(load_board(tmp_path, sort="run"))
    assert [text.partition(" (")[0] for text in texts.values()] == [
        "mini, 1 task, embedded sites, no judge; data of the sites aaaaaaaaaaaa",
        "mini, 1 task, embedded sites, no judge; data of the sites bbbbbbbbbbbb",
        "mini, 30 tasks, embedded sites, no judge; tasks 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22 and 18 more",
        "mini, 30 tasks, embedded sites, no judge; tasks 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22 and 18 more",
    ]
    assert len(set(texts.values())) == 4


def test_runs_are_sorted_and_chosen(runs: Path) -> None:
    def ids(**how: str | Wanted) -> list[str]:
        return [entry.run_id for entry in load_board(runs, **how).entries]  # type: ignore[arg-type]

    assert ids(sort="model") == ["other", "good", "unfinished"]
    assert ids(sort="-model") == ["unfinished", "good", "other"]
    assert ids(sort="task-set,-rate") == ["unfinished", "good", "other"]
    assert ids(sort="cost,run") == ["good", "other", "unfinished"]
    assert ids(wanted=Wanted(task_set="mini", model="LL*")) == ["good"]
    with pytest.raises(UsageError, match="--sort rates: 'rates' is no key; expected rate, passed"):
        load_board(runs, sort="rates")
    with pytest.raises(UsageError, match="none of the 3 runs in .*; there are task sets mini, own; models <b>"):
        load_board(runs, wanted=Wanted(profile="x"))
    with pytest.raises(UsageError, match="there are no runs; give the folder"):
        load_board(runs / "good")


def test_the_command_prints_every_form_and_tells_of_folders_that_cannot_be_read(invoke: Invoke, runs: Path) -> None:
    shown = invoke("leaderboard")
    assert shown.code == 0
    assert "1 not run, 1 errored" in shown.out
    assert "only within a group" in shown.out
    rows = list(csv.DictReader(io.StringIO(invoke("leaderboard", "--csv").out)))
    assert list(rows[0]) == [*COLUMNS, "Group"]
    assert [row["Model"] for row in rows] == ["<b>|=x", "llama", "qwen"]
    markdown = invoke("leaderboard", "--markdown").out
    assert r"\<b\>\|=x" in markdown
    (runs / "torn").mkdir()
    RunPaths(runs / "torn").manifest.write_text("{")
    found = invoke("leaderboard", "--json", "--sort", "run")
    assert found.code == 1
    assert "not shown: " in found.err
    assert "torn/manifest.json: is damaged" in found.err
    board = json.loads(found.out)
    assert [(each["run_id"], each["group"], each["unfinished"]) for each in board["runs"]] == [
        ("good", 1, False),
        ("other", 2, False),
        ("unfinished", 1, True),
    ]
    assert len(board["unreadable"]) == 1


def test_forms_exclude_each_other(invoke: Invoke, runs: Path) -> None:
    done = invoke("leaderboard", "--out", str(runs), "--csv", "--json")
    assert done.code == 2
    assert "exclude each other" in done.err


def test_models_behind_one_model_file_are_told_apart_and_changes_of_the_profile_shown(
    tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    for name, changes in (("a", ()), ("b", ("limits.max_steps=3",))):
        run_of(
            tmp_path,
            name,
            {1: 1.0},
            model="openai-compatible",
            config={"model": {"name": "openai-compatible", "model": f"org/{name}"}},
            profile_overrides=changes,
        )
    board = invoke("leaderboard", "--out", str(tmp_path)).out
    assert ("org/a  webarena           a" in board, "org/b  webarena, changed  b" in board) == (True, True)
    for form in ((), ("--format", "markdown"), ("--markdown",)):
        assert "openai-compatible (org/a" in invoke("report", "a", "--out", str(tmp_path), *form).out
