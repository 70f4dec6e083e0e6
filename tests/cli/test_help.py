"""The help: complete, instant, and in step with the README."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from webarena_runner.tasksets.selection import SELECTION_HELP

README = Path(__file__).parents[2] / "README.md"
HEAVY = ("pydantic", "pandas", "playwright", "openai", "httpx", "starlette", "jinja2", "nltk", "tokenizers", "yaml")
COMMANDS = (
    (),
    ("tasks", "fetch"),
    ("tasks", "list"),
    ("tasks", "show"),
    ("models", "list"),
    ("models", "show"),
    ("models", "check"),
    ("models", "serve"),
    ("models", "merge"),
    ("profiles", "list"),
    ("profiles", "show"),
    ("sites", "serve"),
    ("sites", "status"),
    ("browser", "install"),
    ("doctor",),
    ("observe",),
    ("score",),
    ("resume",),
    ("report",),
    ("baseline",),
)


def test_the_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom webarena_runner.cli import main\nsys.argv = ['wa-run', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "--model" in done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_its_options_are_in_the_readme(invoke: Invoke, command: tuple[str, ...]) -> None:
    done = invoke(*command, "--help")
    assert done.code == 0
    readme = README.read_text()
    assert f"wa-run {' '.join(command)}".strip() in readme
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", done.out))
    assert options
    assert [option for option in sorted(options) if f"{option}" not in readme] == []


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
