"""The two consoles: results on stdout, everything for the person watching on stderr.

All that is printed goes through here, where control characters of pages, servers and task files become visible.
"""

import json
import logging
import time
from collections.abc import Iterable
from typing import Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from webarena_runner.log.lines import UNPRINTABLE, LineFormatter, printable

# Wide enough for a table when the output is a pipe or a file.
_PIPE_COLUMNS = 160


class SafeConsole(Console):
    """Shows what a terminal would obey."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)

    def out(self, *objects: Any, **options: Any) -> None:
        super().out(*(printable(str(each)) for each in objects), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        if isinstance(renderable, Text) and UNPRINTABLE.search(renderable.plain):
            renderable = _shown(renderable, self)
        return super().render(renderable, options)


def stdout() -> Console:
    console = SafeConsole(highlight=False)
    return console if console.is_terminal else SafeConsole(highlight=False, width=_PIPE_COLUMNS)


def stderr() -> Console:
    console = SafeConsole(stderr=True, highlight=False)
    return console if console.is_terminal else SafeConsole(stderr=True, highlight=False, soft_wrap=True)


def echo(text: str, *, err: bool = False) -> None:
    """Prints as it is: not wrapped, not coloured."""
    typer.echo(printable(text), err=err)


def echo_json(value: Any, *, indent: int | None = None) -> None:
    """One JSON value on stdout, for programs."""
    echo(json.dumps(value, ensure_ascii=False, indent=indent))


def print_error(error: BaseException, *, verbose: bool) -> None:
    """One message; with `verbose` the traceback before it."""
    console = stderr()
    if verbose:
        import traceback

        console.out("".join(traceback.format_exception(error)), end="")
    console.print(Text("error: ", style="bold red").append(Text(str(error), style="not bold default")), soft_wrap=True)


def start_logging(console: Console, *, verbose: bool) -> None:
    """Log lines go above the live display; without `verbose` only warnings do."""
    from rich.logging import RichHandler

    handler: logging.Handler
    if console.is_terminal:
        handler = RichHandler(console=console, show_path=False, rich_tracebacks=False, log_time_format="%H:%M:%S")
    else:
        handler = _Lines(console)
    # A run lets its own log file have INFO lines; the terminal shows them only when asked.
    handler.setLevel(logging.INFO if verbose else logging.WARNING)
    # Which module says it is for who looks into the runner.
    handler.setFormatter(LineFormatter(("%(name)s: " if verbose else "") + "%(episode)s%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    if verbose:
        logging.getLogger("webarena_runner").setLevel(logging.INFO)


class _Lines(logging.Handler):
    """One line for each record, however long, as beside it for each episode."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        stamp = time.strftime("%H:%M:%S", time.localtime(record.created))
        self._console.out(f"{stamp} {record.levelname} {self.format(record)}", highlight=False)


def _shown(text: Text, console: Console) -> Text:
    """In pieces, so that the rest keeps its styles."""
    pieces = text.divide(sorted({at for match in UNPRINTABLE.finditer(text.plain) for at in match.span()}))
    return text.blank_copy().join(
        Text(printable(piece.plain), style=piece.get_style_at_offset(console, 0))
        if UNPRINTABLE.search(piece.plain)
        else piece
        for piece in pieces
    )
