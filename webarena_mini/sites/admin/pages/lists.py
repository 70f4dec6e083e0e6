"""Grids that are only looked at, search terms, and the themes of the store."""

from starlette.responses import Response

from webarena_mini.sites.admin.domain import grids
from webarena_mini.sites.admin.domain.grid import LIMITS, Grid, show
from webarena_mini.sites.admin.pages.visit import Visit


def grid_page(visit: Visit, grid: Grid) -> Response:
    shown = show(visit.db, grid, visit.request.query_params)
    return visit.page("grid.html", shown=shown, limits=LIMITS, title=grid.title)


def chosen(visit: Visit) -> list[int]:
    """Ids of the rows that were ticked in a grid; the user reads so when there are none."""
    numbers = visit.numbers("selected")
    if not numbers:
        visit.error("You haven't selected any items!")
    return numbers


def delete_terms(visit: Visit) -> Response:
    numbers = chosen(visit)
    for number in numbers:
        visit.db.run("delete from search_term where id = ?", number)
    if numbers:
        visit.notice(f"Total of {len(numbers)} record(s) were deleted.")
    return visit.redirect(grids.SEARCH_TERMS.path)


def theme(visit: Visit) -> Response:
    row = visit.db.one("select * from theme where id = ?", visit.path_id())
    if row is None:
        return visit.not_found("There is no such theme.")
    others = visit.db.all("select * from theme where id != ? order by id", row["id"])
    return visit.page("theme.html", title=row["title"], theme=row, others=others)
