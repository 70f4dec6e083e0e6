"""Directions between two places."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.site import database_of
from webarena_mini.region import region
from webarena_mini.region.model import distance_km
from webarena_mini.sites.map.domain.elements import Spot
from webarena_mini.sites.map.domain.geo import write_point
from webarena_mini.sites.map.domain.geocoder import geocode
from webarena_mini.sites.map.domain.guidance import steps_of
from webarena_mini.sites.map.domain.roads import profile_of, profiles
from webarena_mini.sites.map.domain.router import NoRoute, find_route
from webarena_mini.sites.map.domain.router import Route as Way
from webarena_mini.sites.map.domain.view import View, whole_region
from webarena_mini.sites.map.pages.frame import frame, link, parameter, render
from webarena_mini.sites.map.pages.picture import points_of


@dataclass(frozen=True)
class End:
    """One end of a way: the words in its field, and the place they were taken for."""

    text: str
    spot: Spot | None

    @property
    def shown(self) -> str:
        return self.spot.display_name if self.spot else self.text

    @property
    def is_lost(self) -> bool:
        return bool(self.text) and self.spot is None


async def directions(request: Request) -> Response:
    """Words in the form become coordinates in the address, so that a way can be shared and gone back to."""
    database = database_of(request)
    engine = profile_of(parameter(request, "engine")).engine
    start, end = _ends(request, database)
    if parameter(request, "reverse"):
        start, end = end, start
    if "route" not in request.query_params and start.spot and end.spot:
        route = f"{write_point(start.spot.at)};{write_point(end.spot.at)}"
        return redirect_to(link("/directions", engine=engine, route=route))
    return _page(request, engine, start, end)


def _ends(request: Request, database: Database) -> tuple[End, End]:
    points = points_of(parameter(request, "route"))
    if len(points) == 2:
        texts = [write_point(point) for point in points]
    else:
        texts = [parameter(request, f"route_{end}") or parameter(request, end) for end in ("from", "to")]
    first, last = (End(text, geocode(database, text) if text else None) for text in texts)
    return first, last


def _page(request: Request, engine: str, start: End, end: End) -> Response:
    way, problem = None, ""
    if start.spot and end.spot:
        try:
            way = find_route(engine, start.spot.at, end.spot.at)
        except NoRoute as error:
            problem = str(error)
    known = [known.spot.at for known in (start, end) if known.spot]
    page = render(
        request,
        "directions.html",
        frame=frame(request, _view(way, known), _shown(way), **_overlay(engine, known)),
        engines=profiles(),
        chosen=profile_of(engine),
        start=start,
        end=end,
        way=way,
        steps=steps_of(way) if way else [],
        problem=problem,
        others=_others(way, known) if way else [],
        offers=[] if known else _offers(),
    )
    # OpenStreetMap remembers the means of travel so.
    page.set_cookie("_osm_directions_engine", engine, path="/", samesite="lax")
    return page


def _view(way: Way | None, known: list[tuple[float, float]]) -> View:
    points = [*known, *(way.points if way else ())]
    return View.around(points) if points else whole_region()


def _shown(way: Way | None) -> str:
    return f"The way by {way.profile.label.lower()} is drawn from A to B." if way else ""


def _overlay(engine: str, known: list[tuple[float, float]]) -> dict[str, str]:
    points = ";".join(map(write_point, known))
    return {"engine": engine, "route": points} if len(known) == 2 else {"marks": points} if known else {}


def _others(way: Way, known: list[tuple[float, float]]) -> list[tuple[str, str]]:
    """Links to the same way by other means."""
    route = ";".join(map(write_point, known))
    return [
        (profile.label, link("/directions", engine=profile.engine, route=route))
        for profile in profiles()
        if profile != way.profile
    ]


def _offers() -> list[tuple[str, str, float, list[tuple[str, str]]]]:
    """Ways from each town to the one nearest to it: start, goal, distance in a straight line, links by engine."""
    towns, found = region().towns, []
    for start in towns:
        goal = min((town for town in towns if town != start), key=lambda town: distance_km(town.at, start.at))
        route = f"{write_point(start.at)};{write_point(goal.at)}"
        links = [(each.label, link("/directions", engine=each.engine, route=route)) for each in profiles()]
        found.append((start.name, goal.name, distance_km(start.at, goal.at) * 1000, links))
    return found
