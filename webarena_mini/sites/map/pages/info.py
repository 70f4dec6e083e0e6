"""Overviews and texts: places by kind, towns, the map as text, about, help, copyright."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.site import database_of
from webarena_mini.region import region
from webarena_mini.region.model import distance_km
from webarena_mini.sites.map.domain.elements import COLUMNS, Spot, by_distance
from webarena_mini.sites.map.domain.geo import bearing, compass
from webarena_mini.sites.map.domain.kinds import kinds
from webarena_mini.sites.map.domain.roadstyle import ROADS
from webarena_mini.sites.map.domain.view import View, whole_region
from webarena_mini.sites.map.pages.frame import parameter, render

_MOST_LISTED = 80


@dataclass(frozen=True)
class Seen:
    """Something in a view, and in which direction from its center."""

    spot: Spot
    direction: str


async def places(request: Request) -> Response:
    """How many places of each kind there are, by town."""
    rows = database_of(request).all(
        "select kind, town, count(*) as n from element where town != '' group by kind, town"
    )
    counts: dict[str, dict[str, int]] = {kind: {} for kind in kinds()}
    for row in rows:
        if row["kind"] in counts:
            counts[row["kind"]][row["town"]] = row["n"]
    return render(request, "places.html", counts=counts)


async def towns(request: Request) -> Response:
    rows = database_of(request).all(f"select {COLUMNS} from element e where e.kind = 'town' order by e.key")
    capital = region().towns[0]
    facts = [(row, town, distance_km(town.at, capital.at)) for row, town in zip(rows, region().towns, strict=True)]
    return render(request, "towns.html", facts=facts, capital=capital)


async def as_text(request: Request) -> Response:
    """What a view of the map shows, in words."""
    view = View.parse(parameter(request, "map")) or whole_region()
    wanted = "e.kind = 'town'"
    if view.zoom >= 12:
        wanted += " or e.kind = 'street'"
    if view.zoom >= 13:
        wanted += f" or e.kind in ({', '.join('?' * len(kinds()))})"
    values = tuple(kinds()) if view.zoom >= 13 else ()
    rows = database_of(request).all(
        f"select {COLUMNS} from element e where e.type != 'relation' and ({wanted})", *values
    )
    seen = [spot for spot in by_distance(rows, view.center) if view.shows(spot.at)][:_MOST_LISTED]
    listed = [Seen(spot, compass(bearing(view.center, spot.at))) for spot in seen]
    return render(request, "text.html", view=view, listed=listed)


async def about(request: Request) -> Response:
    example = database_of(request).one("select type, id from element where kind = 'lighthouse' order by key limit 1")
    return render(request, "about.html", example=example)


async def user_guide(request: Request) -> Response:
    return render(request, "help.html", roads=ROADS.values())


async def rights(request: Request) -> Response:
    return render(request, "copyright.html")
