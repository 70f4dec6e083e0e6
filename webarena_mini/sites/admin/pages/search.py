"""The search over everything in the back office: what a keyword search finds in each of its main grids."""

from starlette.responses import Response

from webarena_mini.sites.admin.domain import grids
from webarena_mini.sites.admin.domain.grid import show
from webarena_mini.sites.admin.pages.visit import Visit

_PLACES = (grids.PRODUCTS, grids.CUSTOMERS, grids.ORDERS, grids.REVIEWS, grids.PAGES)


def search(visit: Visit) -> Response:
    text = visit.query("q")[:200]
    shown = [show(visit.db, grid, {"search": text}) for grid in _PLACES if text]
    return visit.page("search.html", title="Search", text=text, results=[found for found in shown if found.total])
