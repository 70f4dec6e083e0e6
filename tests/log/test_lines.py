"""Text of strangers in a log: visible, one line a message, and whose episode it is of."""

import asyncio
import io
import json
import logging
from pathlib import Path

import pytest

from webarena_runner.log.lines import LineFormatter, RunLog, lines_of, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07 \x9b2J", r"\x1b]0;owned\x07 \u009b2J"),
        ("a\r\x08\x7f", r"a\x0d\x08\u007f"),
        ("gnp.\u202efdp \u2066x\u2069\u200f", r"gnp.\u202efdp \u2066x\u2069\u200f"),
        ("\u2028\u2029\ud800", r"\u2028\u2029\ud800"),
        ("line\n\tstück 日本 👩‍💻", "line\n\tstück 日本 👩‍💻"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_escaped_json_means_the_same() -> None:
    value = "".join(map(chr, [*range(0x300), *range(0x2000, 0x2100)]))
    assert json.loads(printable(json.dumps(value, ensure_ascii=False))) == value


@pytest.fixture
def logged() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(logged: io.StringIO) -> logging.Logger:
    handler = logging.StreamHandler(logged)
    handler.setFormatter(LineFormatter("%(levelname)s %(episode)s%(message)s"))
    logger = logging.Logger("lines")
    logger.addHandler(handler)
    return logger


def test_a_message_is_one_line(log: logging.Logger, logged: io.StringIO) -> None:
    log.warning("down:\n%s", "INFO task 1 trial 0: answered\x1b[2J")
    assert logged.getvalue() == "WARNING down:\\nINFO task 1 trial 0: answered\\x1b[2J\n"


async def test_lines_of_episodes_at_the_same_time_carry_their_own_task_and_trial(
    log: logging.Logger, logged: io.StringIO
) -> None:
    async def play(task_id: int | str, trial: int) -> None:
        with lines_of(task_id, trial):
            await asyncio.sleep(0)
            log.info("no screenshot")
            await asyncio.to_thread(log.info, "in a thread")

    async with asyncio.TaskGroup() as group:
        for task_id, trial in ((7, 0), ("cart", 1)):
            group.create_task(play(task_id, trial))
    log.info("between")
    lines = logged.getvalue().splitlines()
    assert sorted(lines[:-1]) == [
        "INFO task 7 trial 0: in a thread",
        "INFO task 7 trial 0: no screenshot",
        "INFO task cart trial 1: in a thread",
        "INFO task cart trial 1: no screenshot",
    ]
    assert lines[-1] == "INFO between"


def test_a_full_disk_costs_lines_and_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    handler = RunLog("/dev/full", encoding="utf-8")
    logger = logging.Logger("full")
    logger.addHandler(handler)
    logger.warning("written nowhere")
    handler.close()
    assert capfd.readouterr().err == ""
    with pytest.raises(OSError, match="No space left"):
        Path("/dev/full").write_text("as much as the handler had")
