"""The help: complete and instant."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.generate.commands import walk
from docs.generate.markdown import plain
from tests.cli.conftest import WA_RUN, Invoke
from tests.log.records import make_manifest, make_result, write_run
from webarena_runner.cli.app import PARTS, RESULTS, RUN
from webarena_runner.tasksets.selection import SELECTION_HELP

HEAVY = ("pydantic", "pandas", "playwright", "openai", "httpx", "starlette", "jinja2", "nltk", "tokenizers", "yaml")


def imported_by(*words: str) -> tuple[set[str], str]:
    """Top-level modules that a command has imported in the end, and what it printed."""
    code = (
        f"import sys\nfrom webarena_runner.cli import main\nsys.argv = ['wa-run', *{words!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split()), done.stdout


def test_the_help_imports_nothing_heavy() -> None:
    modules, shown = imported_by("--help")
    assert modules.isdisjoint(HEAVY)
    assert "--model" in shown


def test_the_result_table_imports_nothing_heavy(tmp_path: Path) -> None:
    folder = write_run(tmp_path, make_manifest(), [make_result(1), make_result(2, 0.0)])
    modules, shown = imported_by("report", str(folder))
    assert modules.isdisjoint({*HEAVY, "scipy", "statsmodels", "numpy", "asyncio"} - {"pydantic"})
    assert "1 of 3 planned" in shown


def test_a_row_of_the_leaderboard_imports_no_tables_or_arrays(tmp_path: Path) -> None:
    folder, board = write_run(tmp_path, make_manifest(), [make_result(1)]), tmp_path / "leaderboard.csv"
    modules, _ = imported_by("report", str(folder), "--csv", str(board))
    assert modules.isdisjoint({"pandas", "numpy", "pyarrow", "scipy", "starlette"})
    assert board.exists()


def test_the_help_shows_the_grammar_and_examples(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = invoke("--help").out
    for line in SELECTION_HELP.strip().splitlines():
        assert line.strip() in shown
    assert "wa-run resume" in shown


def test_no_arguments_show_the_help(invoke: Invoke) -> None:
    done = invoke()
    assert "--model" in done.out + done.err


def test_version(invoke: Invoke) -> None:
    assert re.fullmatch(r"webarena-runner \d+\.\d+\.\d+\n", invoke("--version").out)


def test_the_shell_completes_commands_and_options() -> None:
    assert _completed("wa-run mod") == ["models"]
    assert "--workers" in _completed("wa-run --wor")
    assert _completed("wa-run sites serve --port") == ["--port-base"]


def _completed(line: str) -> list[str]:
    """What bash is offered at the end of a line."""
    asked = {"_WA_RUN_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    done = subprocess.run([WA_RUN], env={**os.environ, **asked}, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("words", list(dict(walk())), ids=" ".join)
def test_what_stands_below_a_help_fits_80_columns(words: tuple[str, ...]) -> None:
    paragraphs = [part.splitlines() for part in plain(dict(walk())[words].epilog or "").split("\n\n")]
    # A paragraph of one line is broken wherever it is too long.
    assert [line for lines in paragraphs if len(lines) > 1 for line in lines if len(line) > 78] == []


def test_the_commands_stand_in_groups(invoke: Invoke) -> None:
    shown = invoke("--help").out
    assert re.findall(r"─ (Run|Results of runs|Models, tasks and sites) ─", shown) == [RUN, RESULTS, PARTS]
    assert "─ Commands ─" not in shown
