"""The result table of a run folder as a picture: `python -m docs.generate.picture RUN docs/pictures/smoke-run.svg`."""

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from webarena_runner.cli.results import print_report
from webarena_runner.report.summary import load_run

_COLUMNS = 100
_DARK, _LIGHT = (24, 28, 36), (220, 224, 232)
_ANSI = [
    (60, 64, 72),
    (235, 110, 110),
    (130, 200, 130),
    (229, 192, 123),
    (110, 160, 235),
    (200, 130, 220),
    (90, 190, 200),
]


def draw(run: Path, target: Path) -> None:
    console = Console(record=True, width=_COLUMNS, highlight=False, file=io.StringIO(), force_terminal=True)
    console.print("[bold]$ wa-run --model oracle --tasks smoke --workers 2[/bold]")
    print_report(load_run(run), console)
    picture = console.export_svg(title="webarena-runner", theme=TerminalTheme(_DARK, _LIGHT, [*_ANSI, _LIGHT]))
    # Rich names a font on a CDN; pages must be whole without a network.
    target.write_text(re.sub(r"@font-face \{[^}]*\}\s*", "", picture), encoding="utf-8")


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
