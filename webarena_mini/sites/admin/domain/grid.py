"""Grids of the back office: which rows a URL asks for, filtered, searched, sorted and cut into pages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from sqlite3 import Row
from typing import Literal
from urllib.parse import urlencode

from webarena_mini.kit.database import Database
from webarena_mini.sites.admin.domain.money import money, parse_day, parse_money, short_day

LIMITS = (20, 30, 50, 100, 200)
RANGE_KINDS = ("number", "money", "moment")
_NUMBER = re.compile(r"-?\d{1,9}")
_CONTAINS, ESCAPE = "like", " escape '\\'"


@dataclass(frozen=True)
class Column:
    """One column; `sql` is its expression over the grid's source; a choice has keys in the data and shows its texts."""

    key: str
    title: str
    sql: str
    kind: Literal["text", "number", "money", "moment", "choice", "picture"] = "text"
    choices: Mapping[int, str] | Mapping[str, str] = field(default_factory=dict)
    filters: bool = True

    @property
    def is_range(self) -> bool:
        return self.kind in RANGE_KINDS


@dataclass(frozen=True)
class Grid:
    """A list of records. `row_path` holds {id}; `keywords` are the expressions that a keyword search looks into.

    `where` narrows the grid to a part of its source.
    """

    title: str
    path: str
    source: str
    id_sql: str
    columns: tuple[Column, ...]
    order: str
    where: str = "1"
    descending: bool = True
    keywords: tuple[str, ...] = ()
    row_path: str = ""
    row_text: str = "Edit"
    new: tuple[str, str] | None = None
    mass: Mapping[str, str] = field(default_factory=dict)
    mass_path: str = ""


@dataclass(frozen=True)
class Filter:
    """An active filter as it is shown, and the URL without it."""

    title: str
    text: str
    without: str


@dataclass(frozen=True)
class Shown:
    """One page of a grid and the controls around it; `errors` are about values that cannot be read."""

    grid: Grid
    rows: Sequence[Row]
    total: int
    page: int
    pages: int
    limit: int
    sort: str
    descending: bool
    params: Mapping[str, str]
    active: Sequence[Filter]
    errors: Mapping[str, str]

    def url(self, **changes: object) -> str:
        """This grid's URL with changes; None or "" drops one. All but a change of page go back to the first page."""
        merged = {**self.params, **({} if "p" in changes else {"p": ""}), **changes}
        text = urlencode({key: value for key, value in merged.items() if value not in (None, "")})
        return f"{self.grid.path}?{text}" if text else self.grid.path

    def sort_url(self, column: Column) -> str:
        is_current = column.key == self.sort
        return self.url(sort=column.key, dir="asc" if not is_current or self.descending else "desc")

    def shown(self, column: Column, row: Row) -> str:
        """A cell as text."""
        value = row[column.key]
        if value is None:
            return ""
        if column.kind == "money":
            return money(value)
        return {str(key): text for key, text in column.choices.items()}.get(str(value), str(value))


@dataclass
class _Wanted:
    """The SQL condition of a URL's filters, and their texts as (title, text, names of their parameters)."""

    clauses: list[str]
    values: list[object] = field(default_factory=list)
    chips: list[tuple[str, str, list[str]]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


def show(db: Database, grid: Grid, params: Mapping[str, str]) -> Shown:
    known = {key: text.strip() for key, text in params.items() if text.strip() and key in _names(grid)}
    wanted = _wanted(grid, known)
    clause = " and ".join(wanted.clauses)
    total = int(db.value(f"select count(*) from {grid.source} where {clause}", *wanted.values))
    limit = int(known["limit"]) if known.get("limit") in {str(size) for size in LIMITS} else LIMITS[0]
    pages = max(1, -(-total // limit))
    page = min(int(known["p"]) if re.fullmatch(r"[1-9]\d{0,4}", known.get("p", "")) else 1, pages)
    by_key = {column.key: column for column in grid.columns}
    sort = known["sort"] if known.get("sort") in by_key else grid.order
    descending = known.get("dir") == "desc" if "sort" in known else grid.descending
    direction = "desc" if descending else "asc"
    picked = ", ".join(f"{column.sql} as {column.key}" for column in grid.columns)
    rows = db.all(
        f"select {grid.id_sql} as row_id, {picked} from {grid.source} where {clause}"
        f" order by {by_key[sort].sql} {direction}, {grid.id_sql} {direction} limit ? offset ?",
        *wanted.values,
        limit,
        (page - 1) * limit,
    )
    shown = Shown(grid, rows, total, page, pages, limit, sort, descending, known, (), wanted.errors)
    active = [Filter(title, text, shown.url(**dict.fromkeys(names, ""))) for title, text, names in wanted.chips]
    return replace(shown, active=active)


def _wanted(grid: Grid, known: Mapping[str, str]) -> _Wanted:
    wanted = _Wanted([grid.where])
    if "search" in known:
        for word in known["search"].split()[:8]:
            wanted.clauses.append("(" + " or ".join(f"{sql} {_CONTAINS} ?{ESCAPE}" for sql in grid.keywords) + ")")
            wanted.values += [contains(word)] * len(grid.keywords)
        wanted.chips.append(("Keyword", known["search"], ["search"]))
    for column in grid.columns:
        for name, operator in _bounds(column):
            if name not in known:
                continue
            value = _value(column, known[name], is_end=operator == "<=")
            if value is None:
                wanted.errors[name] = _expectation(column)
                continue
            wanted.clauses.append(f"{column.sql} {operator} ?{ESCAPE if operator == _CONTAINS else ''}")
            wanted.values.append(value)
        if text := _chip(column, known, wanted.errors):
            wanted.chips.append((column.title, text, [name for name, _ in _bounds(column)]))
    return wanted


def _names(grid: Grid) -> set[str]:
    names = {"search", "sort", "dir", "limit", "p"}
    return names | {name for column in grid.columns for name, _ in _bounds(column)}


def _bounds(column: Column) -> tuple[tuple[str, str], ...]:
    """Names of the column's fields in a filter form, with the comparison of each."""
    if not column.filters or column.kind == "picture":
        return ()
    if column.is_range:
        return (f"{column.key}_from", ">="), (f"{column.key}_to", "<=")
    return ((column.key, "=" if column.kind == "choice" else _CONTAINS),)


def _value(column: Column, text: str, *, is_end: bool) -> object:
    """What SQL compares with; None where the text cannot be read."""
    match column.kind:
        case "money":
            return parse_money(text)
        case "number":
            return int(text) if _NUMBER.fullmatch(text) else None
        case "moment":
            day = parse_day(text)
            return None if day is None else f"{day} 23:59:59" if is_end else str(day)
        case "choice":
            return next((key for key in column.choices if str(key) == text), None)
    return contains(text)


def _expectation(column: Column) -> str:
    kinds = {"money": "an amount such as 49.50", "number": "a whole number", "moment": "a date such as 2/28/2023"}
    return f"Please enter {kinds.get(column.kind, 'one of the choices')}."


def _chip(column: Column, known: Mapping[str, str], errors: Mapping[str, str]) -> str:
    """The column's active filter in words; "" where there is none."""
    given = {name: known[name] for name, _ in _bounds(column) if name in known and name not in errors}
    if not given:
        return ""
    if not column.is_range:
        [text] = given.values()
        return {str(key): label for key, label in column.choices.items()}.get(text, text)
    low, high = (given.get(f"{column.key}_{side}", "...") for side in ("from", "to"))
    if column.kind == "moment":
        low, high = (short_day(day) if (day := parse_day(side)) else side for side in (low, high))
    return f"{low} - {high}"


def contains(word: str) -> str:
    """What `like` compares with, to be used with ESCAPE: percent signs mean themselves."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", word) + "%"
