"""The picture of the map."""

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.site import database_of
from webarena_mini.region import Point, region
from webarena_mini.sites.map.domain.drawing import Overlay, draw
from webarena_mini.sites.map.domain.elements import find_element, parts
from webarena_mini.sites.map.domain.geo import parse_point, whole_number
from webarena_mini.sites.map.domain.roads import profile_of
from webarena_mini.sites.map.domain.router import NoRoute, find_route
from webarena_mini.sites.map.domain.view import View, whole_region
from webarena_mini.sites.map.pages.frame import parameter

_MAX_MARKS = 20


async def picture(request: Request) -> Response:
    view = View.parse(parameter(request, "map")) or whole_region()
    overlay = _overlay(request, database_of(request))
    return Response(_draw(view, overlay), media_type="image/svg+xml", headers={"cache-control": "max-age=3600"})


# Of some 55 KB each.
@lru_cache(maxsize=48)
def _draw(view: View, overlay: Overlay) -> str:
    return draw(view, overlay)


def _overlay(request: Request, database: Database) -> Overlay:
    first = whole_number(parameter(request, "first", 6)) or 1
    marks = points_of(parameter(request, "marks", 600))[:_MAX_MARKS]
    ends = points_of(parameter(request, "route"))
    start, end = (ends[0], ends[1]) if len(ends) == 2 else (None, None)
    profile = profile_of(parameter(request, "engine"))
    route: tuple[Point, ...] = ()
    if start and end:
        try:
            route = find_route(profile.engine, start, end).points
        except NoRoute:
            route = ()
    lines = _lines_of(database, parameter(request, "element"))
    on_foot = profile.name == "foot"
    return Overlay(route, on_foot, start, end, marks, first, lines)


def points_of(text: str) -> tuple[Point, ...]:
    """ "lat,lon;lat,lon"; what is no pair of coordinates is left out."""
    found = (parse_point(part) for part in text.split(";"))
    return tuple(point for point in found if point is not None)


def _lines_of(database: Database, path: str) -> tuple[tuple[Point, ...], ...]:
    """The course of a way, or the courses of the streets of a relation, or of a river or railway by its name."""
    kind, _, number = path.partition("/")
    element = find_element(database, kind, number)
    if element is None:
        return ()
    found = parts(database, element["key"])
    streets = [part for part, _ in found if part.type == "way" and part.kind == "street"]
    if element["kind"] == "street" and found:
        return (tuple(part.at for part, _ in found),)
    if streets:
        return tuple(tuple(node.at for node, _ in parts(database, street.key)) for street in streets)
    courses = {water.name: water.points for water in region().waters}
    courses |= {line.name: line.points for line in region().railways}
    return (courses[element["name"]],) if element["name"] in courses else ()
