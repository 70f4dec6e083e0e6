"""Commands that README and docs show: each exists and takes what is written."""

import re

import pytest

from docs.generate.commands import walk
from tests.docs.pages import PAGES, ROOT, shell_commands

COMMANDS = dict(walk())
WRITTEN = sorted({(page.relative_to(ROOT).as_posix(), *words) for page in PAGES for words in shell_commands(page)})
OF_THE_RUNNER = [line for line in WRITTEN if line[1] == "wa-run"]
# What stands for a command, and what acts while the line is read.
_LEFT_OUT = ("COMMAND", "--help", "--install-completion")
OF_MAKE = [line for line in WRITTEN if line[1] == "make"]


@pytest.mark.parametrize("line", OF_THE_RUNNER, ids=" ".join)
def test_the_runner_takes_every_command_line_of_the_pages(line: tuple[str, ...]) -> None:
    parse(line[2:])


@pytest.mark.parametrize("line", OF_MAKE, ids=" ".join)
def test_the_makefile_has_every_target_of_the_pages(line: tuple[str, ...]) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [word for word in line[2:] if "=" not in word and word not in targets] == []


@pytest.mark.parametrize("line", [("report", "RUN", "--no-such-option"), ("repot", "RUN"), ("--tasks",)], ids=" ".join)
def test_a_command_line_that_the_runner_refuses_is_noticed(line: tuple[str, ...]) -> None:
    with pytest.raises(Exception, match="No such|requires an argument|unexpected extra argument"):
        parse(line)


def parse(arguments: tuple[str, ...]) -> None:
    """Reads a command line as far as the command's own code; a text may name a command without its arguments."""
    words = next((words for words in sorted(COMMANDS, key=len, reverse=True) if arguments[: len(words)] == words), ())
    rest = [word for word in arguments[len(words) :] if word not in _LEFT_OUT]
    if "--config" in rest:
        # It is read at once, and a page has no file.
        at = rest.index("--config")
        del rest[at : at + 2]
    if words and not rest:
        return
    context = COMMANDS[words].make_context("wa-run", rest or ["--verbose"])
    assert context.args == [], f"unexpected extra argument: {context.args}"
