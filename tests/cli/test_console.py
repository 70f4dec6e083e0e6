"""What is printed: nothing of it is obeyed by a terminal."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tests.cli.conftest import WA_RUN
from webarena_runner.cli.console import SafeConsole, echo_json

HOSTILE = "down\x1b]0;owned\x07\x9b2J\u202e"


def in_table(cell: RenderableType) -> Table:
    table = Table("site", "problem")
    table.add_row("map", cell)
    return table


@pytest.mark.parametrize(
    "renderable",
    [HOSTILE, in_table(HOSTILE), Panel(HOSTILE), {"error": HOSTILE}],
    ids=["text", "table", "panel", "value"],
)
@pytest.mark.parametrize("terminal", [True, False])
def test_controls_are_shown_wherever_they_are(renderable: object, terminal: bool) -> None:  # noqa: FBT001
    drawn = io.StringIO()
    console = SafeConsole(file=drawn, force_terminal=terminal, color_system=None, width=80)
    console.print(renderable, markup=False)
    assert r"\x1b]0;owned" in drawn.getvalue()
    assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(drawn.getvalue())


def test_the_rest_of_a_text_keeps_its_style() -> None:
    drawn = io.StringIO()
    console = SafeConsole(file=drawn, force_terminal=True, color_system="standard", width=80)
    console.print(Text("error: ", style="bold red").append(Text("\x1b[2J", style="not bold default")).append("done"))
    assert drawn.getvalue() == "\x1b[1;31merror: \x1b[0m\x1b[39m\\x1b\x1b[0m\x1b[39m[2J\x1b[0m\x1b[1;31mdone\x1b[0m\n"


def test_json_is_the_same_value(capsys: pytest.CaptureFixture[str]) -> None:
    echo_json({"title": "\x1b\x9b\u202e"})
    assert capsys.readouterr().out == '{"title": "\\u001b\\u009b\\u202e"}\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("words", ["models list", "models list --json", "--help"])
def test_an_output_that_is_full_is_one_clear_error(words: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([WA_RUN, *words.split()], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: the output cannot be written: No space left on device\n"


def test_a_log_line_is_one_line_where_there_is_no_terminal() -> None:
    code = (
        "import logging; from webarena_runner.cli.console import start_logging, stderr\n"
        "start_logging(stderr(), verbose=False); logging.getLogger('webarena_runner.sites').warning('gone ' * 40)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert line.endswith("WARNING " + "gone " * 40)


def test_a_package_that_is_not_installed_is_one_message() -> None:
    code = (
        "import sys; sys.modules['psutil'] = None; sys.argv = ['wa-run', 'doctor']\n"
        "from webarena_runner.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: the Python package 'psutil' is not installed: ")
