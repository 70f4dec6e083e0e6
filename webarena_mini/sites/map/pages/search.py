"""The start page and the search."""

import re

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.site import database_of
from webarena_mini.sites.map.domain import geocoder
from webarena_mini.sites.map.domain.elements import COLUMNS, Spot, places_around, spots
from webarena_mini.sites.map.domain.geo import parse_point, write_point
from webarena_mini.sites.map.domain.kinds import kinds
from webarena_mini.sites.map.domain.view import View, whole_region
from webarena_mini.sites.map.pages.frame import frame, link, page_number, parameter, render

_PER_PAGE = 20
_WAY = re.compile(r"(?:.*\b(?:directions|route|way) )?from (.+?) to (.+)", re.IGNORECASE)
_SIGHTS = (
    "museum",
    "castle",
    "theatre",
    "garden",
    "lighthouse",
    "viewpoint",
    "observatory",
    "cave",
    "dam",
    "university",
)


async def home(request: Request) -> Response:
    database = database_of(request)
    marks = ", ".join("?" * len(_SIGHTS))
    sights = database.all(
        f"select {COLUMNS} from element e where e.kind in ({marks}) order by e.importance desc, e.key limit 18",
        *_SIGHTS,
    )
    counts = {row["kind"]: row["n"] for row in database.all("select kind, count(*) as n from element group by kind")}
    changesets = database.all(
        "select c.*, m.name as mapper_name from changeset c join mapper m on m.id = c.mapper order by c.id desc limit 6"
    )
    shown = frame(request, whole_region(), "The towns of the region and the roads between them.")
    return render(request, "home.html", frame=shown, sights=spots(sights), counts=counts, changesets=changesets)


async def search(request: Request) -> Response:
    query = parameter(request, "query")
    database = database_of(request)
    found = geocoder.search(database, query) if query else geocoder.Found([])
    ends = None if found.spots else _WAY.fullmatch(query)
    if ends:
        return redirect_to(link("/directions", **{"from": ends[1], "to": ends[2]}))
    number = page_number(request, count=len(found.spots), per_page=_PER_PAGE)
    listed = found.spots[(number - 1) * _PER_PAGE : number * _PER_PAGE]
    marked = [spot.at for spot in listed]
    around = [*marked, found.origin.at] if found.origin else marked
    first = (number - 1) * _PER_PAGE
    overlay = {"marks": ";".join(map(write_point, marked)), "first": str(first + 1)} if marked else {}
    shown = f"{len(marked)} results are marked with numbers." if marked else ""
    return render(
        request,
        "search.html",
        frame=frame(request, View.around(around) if around else whole_region(), shown, **overlay),
        query=query,
        found=found,
        kind=kinds().get(found.kind),
        listed=listed,
        first=first,
        page=number,
        more=len(found.spots) > number * _PER_PAGE,
        nearby=_nearby(request, listed),
    )


def _nearby(request: Request, listed: list[Spot]) -> list[Spot]:
    """Where a search has few results, what is around the first of them."""
    if not listed or len(listed) > 5:
        return []
    return places_around(database_of(request), listed[0].at, 15, besides=listed[0].key)


async def what_is_here(request: Request) -> Response:
    """Elements around a point: places near it, and what it lies in."""
    point = parse_point(f"{parameter(request, 'lat', 20)},{parameter(request, 'lon', 20)}")
    database = database_of(request)
    middle = point or whole_region().center
    here = geocoder.reverse(database, middle)
    return render(
        request,
        "query.html",
        frame=frame(request, View(16, middle), "The point is marked.", marks=write_point(middle)),
        point=middle,
        here=here,
        near=places_around(database, middle, 25) if here else [],
    )
