"""Where the row of a run goes in a worksheet, and putting it there once, whatever the server answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from webarena_runner.errors import StoreError
from webarena_runner.export.leaderboard import COLUMNS, RUN_ID
from webarena_runner.export.sheet.client import Page
from webarena_runner.export.sheet.faults import FAILURES, may_pass
from webarena_runner.export.sheet.table import (
    Cell,
    Header,
    anchor,
    as_row,
    cell_at,
    cells_of,
    find_header,
    first_column_of_block,
    last_data_row,
    letter,
    rows_of_run,
    same,
)

_STARTED = "Started"
# What people write better than we do, so that it is filled in and never renewed.
_BY_HAND = frozenset(("Release Date", "Open?", "Model Size (billion)", "Model", "Result Source", "Work", "Traj"))


@dataclass(frozen=True)
class Plan:
    """What is to be done, by what the worksheet holds now; `found` is the row, from 0, where the run is already.

    Without `rows` the worksheet is empty, and gets the header too.
    """

    page: Page
    row: Mapping[str, str]
    rows: list[list[str]]
    header: Header
    cells: Mapping[str, Cell]
    found: int | None
    others: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """The run's row for people, and what is wrong with its being there."""
        row = 0 if self.found is None else self.found
        more = f"; and once more in row {', '.join(str(each + 1) for each in self.others)}: delete what is too much"
        return f"row {row + 1} of '{self.page.title}' ({self.page.url})" + (more if self.others else "")

    @property
    def told(self) -> str:
        """That the run is there already, and whether an update would change anything."""
        renewed = (
            f"{len(self.changes)} of its cells would be renewed by -o update=true" if self.changes else "up to date"
        )
        return f"already there, {self.place}; {renewed}"

    @property
    def changes(self) -> dict[str, Cell]:
        """What an update would write: measured cells that say something else, and others that are empty."""
        there = {name: cell_at(self.rows[self.found or 0], place) for name, place in self.header.columns.items()}
        return {
            name: cell
            for name, cell in self.cells.items()
            if not same(there[name], cell) and not (name in _BY_HAND and there[name].strip())
        }

    def carry_out(self) -> str:
        """Adds or renews the row, and says where it is.

        Raises:
            StoreError: the row is not where it was written.
        """
        fresh: list[Plan] = [self]

        def attempt() -> None:
            now = fresh.pop() if fresh else plan(self.page, self.row)
            if self.found is not None:
                now.renew()
            elif now.found is None:
                now.append()

        try:
            self.page.patience.call(attempt, subject="writing the row")
        except FAILURES as error:
            if may_pass(error):
                error.add_note("whether the row was written is not known: export again, which finds it if it was")
            raise
        done = plan(self.page, self.row)
        if done.found is None or (self.found is not None and done.changes):
            raise StoreError(
                f"'{self.page.title}' ({self.page.url}): the row of run {self.row[RUN_ID]} is not there as it was "
                f"written: somebody changed the sheet meanwhile; look at it, and export again"
            )
        header = done.header
        left_out = f", {len(header.absent)} of ours have no column there" if header.absent else ""
        return f"{done.place}: {len(done.cells)} cells{left_out}"

    def append(self) -> None:
        """Adds the row, in its own columns also where the server sees the table begin elsewhere."""
        if not self.rows:
            self.page.append([list(COLUMNS), as_row(self.cells, self.header, 0)], row=0, place=0)
            return
        after = last_data_row(self.rows, self.header)
        place = anchor(self.rows, self.header, after)
        first = min(first_column_of_block(self.rows, after, place), min(self.header.columns.values()))
        row, began = self.page.append([as_row(self.cells, self.header, first)], row=after, place=place)
        if began != first:
            strayed = {self.header.columns[name] - first + began: "" for name in self.cells}
            self.page.write(row, strayed | self._by_place(self.cells))

    def renew(self) -> None:
        if self.found is not None and self.changes:
            self.page.write(self.found, self._by_place(self.changes))

    def _by_place(self, cells: Mapping[str, Cell]) -> dict[int, Cell]:
        return {self.header.columns[name]: cell for name, cell in cells.items()}


def plan(page: Page, row: Mapping[str, str]) -> Plan:
    """Reads the worksheet.

    Raises:
        StoreError: it has no header, or another run of the same id.
    """
    rows = page.read()
    where = f"'{page.title}' ({page.url})"
    if not rows:
        header = Header(0, {name: place for place, name in enumerate(COLUMNS)})
        return Plan(page, row, rows, header, cells_of(row, header, rows), None)
    header = find_header(rows, where=where)
    found = rows_of_run(rows, header, row[RUN_ID])
    if found and _STARTED in header.columns:
        began = cell_at(rows[found[0]], header.columns[_STARTED]).strip()
        if began not in ("", row[_STARTED]):
            raise StoreError(
                f"{where}: row {found[0] + 1} is of another run '{row[RUN_ID]}', which began {began} and not "
                f"{row[_STARTED]}; rename the folder of one of them"
            )
    cells = cells_of(row, header, rows)
    return Plan(page, row, rows, header, cells, found[0] if found else None, tuple(found[1:]))


def shown(plan: Plan) -> str:
    """What would be done, for people."""
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    header = plan.header
    if plan.found is not None:
        changes = plan.changes
        if not changes:
            yield f"{plan.place}: nothing to renew"
            return
        yield f"dry run, nothing was written; --write renews {len(changes)} cells of {plan.place}"
        for name, cell in changes.items():
            place = header.columns[name]
            yield f"  {letter(place)}{plan.found + 1}  {name}: {cell_at(plan.rows[plan.found], place)} -> {cell}"
        return
    yield f"dry run, nothing was written; --write appends this row to '{plan.page.title}' ({plan.page.url})"
    if plan.rows:
        after = last_data_row(plan.rows, header)
        below = "the header" if after == header.row else f"row {after + 1}"
        yield f"  header in row {header.row + 1}; the row goes below {below}"
    else:
        yield "  the worksheet is empty: the header is written first"
    width = max(len(name) for name in header.columns)
    for name, place in sorted(header.columns.items(), key=lambda column: column[1]):
        yield f"  {letter(place):>2}  {name:<{width}}  {plan.cells.get(name, '')}".rstrip()
    if header.absent:
        yield f"  left out, as there is no such column: {', '.join(header.absent)}"
    if header.twice:
        yield f"  more than one column is called {', '.join(header.twice)}: the first is taken"
