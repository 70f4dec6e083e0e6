"""Tables of texts as CSV, with cells as a spreadsheet may have them: none that it would take for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from webarena_runner.log.lines import printable

# Also after what some importers take away, and after `;`, which starts a cell where commas are decimal points.
_FORMULA = re.compile(r"""(^|;)([\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_LONE_RETURN = re.compile(r"\r(?!\n)")
_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")


def safe_cell(text: str) -> str:
    """On one line, and with `'` before what would begin a formula; one that has it already, or a number, stays."""
    line = printable(_BREAKS.sub(" ", text))
    return line if _NUMBER.fullmatch(line) else _FORMULA.sub(r"\1'\2", line)


def read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    """The first line, and the rows below it, each as long.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no CSV, or a row is longer than the first line.
    """
    # Spreadsheets put a byte order mark before the first column's name.
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        try:
            rows: list[list[str]] = []
            for cells in filter(None, lines):
                if rows and len(cells) > len(rows[0]):
                    raise ValueError(f"line {lines.line_num} has {len(cells)} cells, the first line {len(rows[0])}")
                rows.append(cells + [""] * (len(rows[0]) - len(cells) if rows else 0))
        except csv.Error as error:
            raise ValueError(f"line {lines.line_num}: {error}") from error
    return (rows[0], rows[1:]) if rows else ([], [])


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """The head first."""
    text = io.StringIO()
    # A carriage return alone is not quoted, and is read as the end of a row.
    written = ([_LONE_RETURN.sub("\n", cell) for cell in row] for row in rows)
    csv.writer(text, lineterminator="\n").writerows(written)
    return text.getvalue()
