"""Text of strangers as it may be shown, and lines of a log that say whose episode they are of."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from webarena_runner.types import TaskId

# All that a terminal may obey or be deceived by: controls but for line end and tab, marks that turn the direction of
# writing, line and paragraph separators, and halves of surrogate pairs, which cannot be written as UTF-8.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_PLAIN = bytes(code for code in range(128) if not UNPRINTABLE.match(chr(code)))
# Each episode is a task of its own on the event loop, so that the lines of one do not get the name of another.
_episode: ContextVar[str] = ContextVar("episode", default="")


def printable(text: str) -> str:
    r"""The text with `\x1b` or `\u009b` for each character that is not to be printed; in JSON it means the same."""
    # A page's text is long, and hardly ever has such a character: what is plain ASCII is taken away first.
    rest = text.encode("utf-8", "surrogatepass").translate(None, _PLAIN)
    if not rest or not UNPRINTABLE.search(rest.decode("utf-8", "surrogatepass")):
        return text
    return UNPRINTABLE.sub(_escape, text)


@contextmanager
def lines_of(task_id: TaskId, trial: int) -> Iterator[None]:
    """What is logged meanwhile is of this episode."""
    token = _episode.set(f"task {task_id} trial {trial}: ")
    try:
        yield
    finally:
        _episode.reset(token)


class LineFormatter(logging.Formatter):
    """One line a message, whatever is in it; `%(episode)s` in the format is whose it is, or nothing."""

    def format(self, record: logging.LogRecord) -> str:
        record.episode = _episode.get()
        return printable(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name that logging calls
        return super().formatMessage(record).replace("\n", "\\n")


class RunLog(logging.FileHandler):
    """A full disk costs lines, without a word from logging: what the run itself cannot write says so, and ends it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that logging calls
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        # It tries once more to write what it could not.
        with suppress(OSError):
            super().close()


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    # JSON has these escaped already, and as \u001b.
    return f"\\x{code:02x}" if code < 0x20 else f"\\u{code:04x}"
