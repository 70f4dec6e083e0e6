"""The geocoder, the router and the elements as JSON, in the shapes that such services usually have."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from webarena_mini.kit.site import database_of
from webarena_mini.region import Point
from webarena_mini.sites.map.domain import geocoder
from webarena_mini.sites.map.domain.elements import Spot, find_element, parts, spot, tags_of
from webarena_mini.sites.map.domain.geo import parse_point, whole_number
from webarena_mini.sites.map.domain.guidance import Step, steps_of
from webarena_mini.sites.map.domain.roads import profile_of
from webarena_mini.sites.map.domain.router import NoRoute, find_route
from webarena_mini.sites.map.domain.router import Route as Way
from webarena_mini.sites.map.pages.frame import parameter

_USUAL_HITS, _MOST_HITS = 10, 50


async def geocode(request: Request) -> Response:
    """`q` and `limit`."""
    limit = whole_number(parameter(request, "limit"))
    count = _USUAL_HITS if limit is None else min(limit, _MOST_HITS)
    query = parameter(request, "q") or parameter(request, "query")
    found = geocoder.search(database_of(request), query).spots if query else []
    return JSONResponse([_hit(one) for one in found[:count]])


async def reverse(request: Request) -> Response:
    """`lat` and `lon`."""
    point = parse_point(f"{parameter(request, 'lat', 20)},{parameter(request, 'lon', 20)}")
    if point is None:
        return JSONResponse({"error": "lat and lon must be numbers in degrees"}, 400)
    found = geocoder.reverse(database_of(request), point)
    return JSONResponse(_hit(found[0]) if found else {"error": "There is nothing near this point"})


def _hit(one: Spot) -> dict[str, Any]:
    return {
        "place_id": one.key,
        "osm_type": one.type,
        "osm_id": one.id,
        "lat": f"{one.at[0]:.7f}",
        "lon": f"{one.at[1]:.7f}",
        "name": one.name,
        "display_name": one.display_name,
        "type": one.kind,
        "importance": one.importance / 1000,
    }


async def route(request: Request) -> Response:
    """Two points as `lon,lat;lon,lat` in the path; `overview=false` drops the geometry, `steps=true` adds steps."""
    points = _lon_lat(request.path_params["points"])
    if len(points) != 2:
        message = "give two points as lon,lat;lon,lat"
        return JSONResponse({"code": "InvalidQuery", "message": message}, 400)
    try:
        way = find_route(profile_of(request.path_params["profile"]).engine, points[0], points[1])
    except NoRoute as error:
        return JSONResponse({"code": "NoRoute", "message": str(error)}, 400)
    geometry = parameter(request, "overview") != "false"
    with_steps = parameter(request, "steps") == "true"
    waypoints = [{"location": _position(at), "name": piece.edge.street.name} for at, piece in _ends(way)]
    found = _route(way, geometry=geometry, with_steps=with_steps)
    return JSONResponse({"code": "Ok", "routes": [found], "waypoints": waypoints})


def _lon_lat(text: str) -> list[Point]:
    found = [parse_point(part) for part in (",".join(reversed(pair.split(","))) for pair in text.split(";"))]
    return [point for point in found if point is not None]


def _ends(way: Way) -> tuple[tuple[Point, Any], tuple[Point, Any]]:
    first, last = way.stretches[0], way.stretches[-1]
    return (first.points[0], first), (last.points[1], last)


def _route(way: Way, *, geometry: bool, with_steps: bool) -> dict[str, Any]:
    total = {"distance": round(way.distance_m, 1), "duration": round(way.duration_s, 1)}
    leg = {**total, "steps": [_step(step) for step in steps_of(way)] if with_steps else []}
    drawn = {"geometry": {"type": "LineString", "coordinates": [_position(at) for at in way.points]}}
    return {**total, **(drawn if geometry else {}), "legs": [leg]}


def _step(step: Step) -> dict[str, Any]:
    return {
        "maneuver": {"type": step.kind, "location": _position(step.at), "instruction": step.text},
        "name": step.street,
        "distance": round(step.length_m, 1),
        "duration": round(step.seconds, 1),
    }


def _position(at: Point) -> Sequence[float]:
    return [round(at[1], 6), round(at[0], 6)]


async def element(request: Request) -> Response:
    kind, number = request.path_params["type"], request.path_params["number"]
    database = database_of(request)
    row = find_element(database, kind, number)
    if row is None:
        return JSONResponse({"error": f"no {kind[:40]} has the number {number[:40]}"}, 404)
    shown = spot(row)
    members = [{"type": one.type, "ref": one.id, "role": role} for one, role in parts(database, shown.key)]
    facts = {
        "type": shown.type,
        "id": shown.id,
        "lat": shown.at[0],
        "lon": shown.at[1],
        "version": row["version"],
        "changeset": row["changeset"],
        "tags": tags_of(row["tags"]),
    }
    return JSONResponse({"elements": [{**facts, "members": members} if members else facts]})
