"""The two consoles: results on stdout, everything for the person watching on stderr."""

import logging

from rich.console import Console
from rich.text import Text

# Wide enough for a table when the output is a pipe or a file.
_PIPE_COLUMNS = 160


def stdout() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_COLUMNS)


def stderr() -> Console:
    console = Console(stderr=True, highlight=False)
    return console if console.is_terminal else Console(stderr=True, highlight=False, soft_wrap=True)


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

    handler = RichHandler(console=console, show_path=False, rich_tracebacks=False, log_time_format="%H:%M:%S")
    # A run lets its own log file have INFO lines; the terminal shows them only when asked.
    handler.setLevel(logging.INFO if verbose else logging.WARNING)
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    if verbose:
        logging.getLogger("webarena_runner").setLevel(logging.INFO)
