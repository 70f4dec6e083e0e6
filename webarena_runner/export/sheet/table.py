"""A worksheet as a table: its header row, our columns in it by name, and the rows of a run. Pure; rows are texts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from webarena_runner.errors import StoreError
from webarena_runner.export.leaderboard import COLUMNS, MODEL, RUN_ID

Rows = Sequence[Sequence[str]]
Cell = str | int | float
NOTE, RATE = "Note", "Success Rate (%)"
# Stand as numbers in the sheet, so that it can sort by them.
NUMBERS = frozenset(
    (
        *("Model Size (billion)", RATE, "Trials", "Seed", "N Planned", "N Passed", "N Errored"),
        *("Steps", "Tokens", "Cost (USD)", "Wall Time (s)"),
    )
)
# Further names that people give these columns, without case, spaces at the ends and punctuation.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "Release Date": ("date", "released"),
    "Open?": ("open source", "open weights", "is open"),
    "Model Size (billion)": ("model size", "model size b", "size", "size b", "size billion", "parameters billion"),
    MODEL: ("model name", "llm"),
    RATE: ("success rate", "sr", "success"),
    "Result Source": ("source", "results source"),
    "Work": ("paper", "publication"),
    "Traj": ("trajectory", "trajectories", "trajs"),
    NOTE: ("notes", "comment", "comments", "remark", "remarks"),
    RUN_ID: ("run",),
    "Task Set": ("taskset", "benchmark"),
    "CI": ("95 ci", "ci 95", "confidence interval"),
    "Cost (USD)": ("cost",),
    "Wall Time (s)": ("wall time",),
}
# A note, a title or empty rows may stand above the header; further down it is none.
_LOOKED_AT = 50
_PUNCTUATION = re.compile(r"[^\w]+")
_FEWEST = 2
# Three digits behind it are thousands.
_DECIMAL_COMMA = re.compile(r"-?[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})")


@dataclass(frozen=True)
class Header:
    """`row` counts from 0; `columns` has the place of each of our columns that is there, also from 0.

    `twice` names those that are there more than once, of which the first is taken.
    """

    row: int
    columns: Mapping[str, int]
    twice: tuple[str, ...] = ()

    @property
    def absent(self) -> tuple[str, ...]:
        """Our columns that have no place here."""
        return tuple(name for name in COLUMNS if name not in self.columns)


def find_header(rows: Rows, *, where: str) -> Header:
    """The row with most of our columns' names in it, of several the first.

    Raises:
        StoreError: there is none, or none by which a run can be found again.
    """
    found = [_header(index, row) for index, row in enumerate(rows[:_LOOKED_AT])]
    best = max(found, key=lambda header: len(header.columns), default=None)
    if best is None or len(best.columns) < _FEWEST or not {MODEL, RUN_ID} & set(best.columns):
        first = next((", ".join(filter(None, map(str.strip, row)))[:80] for row in rows if any(row)), "nothing")
        raise StoreError(
            f"{where}: no header row among its first {_LOOKED_AT} rows (the first says: {first}); expected one with "
            f"'{MODEL}' and more of: {', '.join(COLUMNS)}; write one, or name another worksheet with --worksheet"
        )
    if not {RUN_ID, NOTE} & set(best.columns):
        raise StoreError(
            f"{where}: its header (row {best.row + 1}) has neither '{RUN_ID}' nor '{NOTE}', so that a run could not be "
            f"found again and would be there twice; add a column '{RUN_ID}'"
        )
    return best


def _header(index: int, row: Sequence[str]) -> Header:
    columns: dict[str, int] = {}
    twice = []
    for place, text in enumerate(row):
        name = _NAMES.get(_plain(text))
        if name in columns:
            twice.append(name)
        elif name:
            columns[name] = place
    return Header(index, columns, tuple(dict.fromkeys(twice)))


def _plain(text: str) -> str:
    return " ".join(_PUNCTUATION.sub(" ", text).casefold().replace("_", " ").split())


_NAMES = {_plain(each): name for name in COLUMNS for each in (name, *_SYNONYMS.get(name, ()))}


def mark(run_id: str) -> str:
    """What tells the run in a note, where the sheet has no column for its id."""
    return f"[run {run_id}]"


def rows_of_run(rows: Rows, header: Header, run_id: str) -> list[int]:
    """The rows below the header that are of this run, counted from 0."""
    by_id, note = header.columns.get(RUN_ID), header.columns.get(NOTE)
    found = []
    for index in range(header.row + 1, len(rows)):
        if by_id is not None:
            is_it = cell_at(rows[index], by_id).strip() == run_id
        else:
            is_it = note is not None and mark(run_id) in cell_at(rows[index], note)
        if is_it:
            found.append(index)
    return found


def cells_of(row: Mapping[str, str], header: Header, rows: Rows) -> dict[str, Cell]:
    """The cells that the sheet has a column for and we have something for, numbers as numbers."""
    given = dict(row)
    if RUN_ID not in header.columns:
        given[NOTE] = f"{given[NOTE]} {mark(row[RUN_ID])}".strip()
    cells: dict[str, Cell] = {}
    for name in header.columns:
        text = given.get(name, "")
        if text:
            cells[name] = _number(text) if name in NUMBERS else text
    if isinstance(rate := cells.get(RATE), int | float) and _holds_fractions(_column(rows, header, RATE)):
        cells[RATE] = round(rate / 100, 6)
    return cells


def last_data_row(rows: Rows, header: Header) -> int:
    """The last row that is of the table, which a line of text below it is not; the header's own where there is none."""
    for index in range(len(rows) - 1, header.row, -1):
        if sum(bool(cell_at(rows[index], place).strip()) for place in header.columns.values()) >= _FEWEST:
            return index
    return header.row


def anchor(rows: Rows, header: Header, row: int) -> int:
    """The column of a filled cell in a row of the table, by which the server finds the table."""
    places = [header.columns[name] for name in (MODEL, RUN_ID) if name in header.columns]
    return next(place for place in (*places, *header.columns.values()) if cell_at(rows[row], place).strip())


def first_column_of_block(rows: Rows, row: int, place: int) -> int:
    """Where the block of filled cells around a cell begins: there the server begins to write an appended row."""
    filled = {(r, c) for r, cells in enumerate(rows) for c, text in enumerate(cells) if text}
    todo, block = [(row, place)], {(row, place)}
    while todo:
        r, c = todo.pop()
        near = ({(r + down, c + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & filled) - block
        block |= near
        todo += near
    return min(c for _, c in block)


def as_row(cells: Mapping[str, Cell], header: Header, first: int) -> list[Cell | None]:
    """Values from the column `first` on; None leaves a cell as it is."""
    values: list[Cell | None] = [None] * (max(header.columns.values()) - first + 1)
    for name, cell in cells.items():
        values[header.columns[name] - first] = cell
    return values


def same(there: str, ours: Cell) -> bool:
    """Whether a cell, as the sheet shows it, says what we would write."""
    value = _shown_number(there)
    if value is None or isinstance(ours, str):
        return there.strip() == str(ours).strip()
    return abs(value - ours) < 1e-6


def cell_at(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def letter(place: int) -> str:
    """The column's name in the sheet: A for 0, AA for 26."""
    name, number = "", place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _number(text: str) -> Cell:
    """Raises ValueError: a number that our own row has is none."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _column(rows: Rows, header: Header, name: str) -> Iterable[str]:
    place = header.columns[name]
    return (text for row in rows[header.row + 1 :] if (text := cell_at(row, place).strip()))


def _holds_fractions(texts: Iterable[str]) -> bool:
    """Whether rates stand there as parts of one: shown with a percent sign, or none of them above 1."""
    found = list(texts)
    numbers = [number for text in found if (number := _shown_number(text)) is not None]
    if not numbers or len(numbers) < len(found):
        return False
    signed = [text.endswith("%") for text in found]
    return all(signed) or (not any(signed) and any(numbers) and max(numbers) <= 1)


def _shown_number(text: str) -> float | None:
    """A number as sheets show them, in German ones with a decimal comma; None when it is none."""
    plain = text.strip().lstrip("$€£").removesuffix("%").strip()
    plain = plain.replace(",", ".") if _DECIMAL_COMMA.fullmatch(plain) else plain.replace(",", "")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value / 100 if text.strip().endswith("%") else value
