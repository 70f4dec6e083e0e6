"""Cells of a table as a spreadsheet may have them: none that it would take for a formula, each on one line."""

import re

from webarena_runner.log.lines import printable

# Also after what some importers take away, and after `;`, which starts a cell where commas are decimal points.
_FORMULA = re.compile(r"""(^|;)([\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")


def safe_cell(text: str) -> str:
    """With `'` before what would begin a formula; a cell that has it already stays as it is, and so does a number."""
    line = printable(_BREAKS.sub(" ", text))
    return line if _NUMBER.fullmatch(line) else _FORMULA.sub(r"\1'\2", line)
