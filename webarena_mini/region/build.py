"""Puts the region together from `places.toml`; the same in every process."""

import tomllib
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from webarena_mini.region.geometry import Flat, to_point, winding
from webarena_mini.region.model import Place, Point, Railway, Region, Town, Water
from webarena_mini.region.places import make_places
from webarena_mini.region.streets import make_network


@cache
def build_region() -> Region:
    """The one region that there is; built in some tens of milliseconds, then kept."""
    data = tomllib.loads((Path(__file__).parent / "places.toml").read_text("utf-8"))
    origin = data["region"]["origin"]
    network = make_network(data)
    places = make_places(data, network)
    return Region(
        name=data["region"]["name"],
        nodes=network.points(origin),
        towns=tuple(
            Town(**{**town, "id": number, "at": to_point(town["at"], origin)})
            for number, town in enumerate(data["towns"], 1)
        ),
        streets=tuple(network.streets),
        places=places,
        waters=tuple(_water(water, origin) for water in data["waters"]),
        railways=tuple(_railway(line, data, places) for line in data["railways"]),
    )


def _water(water: dict[str, Any], origin: list[float]) -> Water:
    corners = [(x, y) for x, y in water["points"]]
    points = corners if water["kind"] == "sea" else _curve(corners, water["name"], closed=water["kind"] == "lake")
    return Water(water["name"], water["kind"], tuple(to_point(point, origin) for point in points))


def _curve(corners: list[Flat], name: str, *, closed: bool) -> list[Flat]:
    rng = Random(f"halvern:water:{name}")
    ends = [*corners[1:], corners[0]] if closed else corners[1:]
    points: list[Flat] = []
    for start, end in zip(corners, ends, strict=False):
        points += [start, *winding(start, end, rng, step_km=0.5, bend=0.05)]
    return points if closed else [*points, corners[-1]]


def _railway(line: dict[str, Any], data: dict[str, Any], places: tuple[Place, ...]) -> Railway:
    rng = Random(f"halvern:railway:{line['name']}")
    towns = {town["name"]: number for number, town in enumerate(data["towns"], 1)}
    at = {town["name"]: (town["at"][0], town["at"][1]) for town in data["towns"]}
    origin = data["region"]["origin"]
    station = {place.town: place for place in places if place.kind == "station"}
    points: list[Point] = []
    for start, end in zip(line["through"], line["through"][1:], strict=False):
        bends = winding(at[start], at[end], rng, step_km=1.2, bend=0.05)
        points += [station[towns[start]].at, *(to_point(bend, origin) for bend in bends)]
    stops = tuple(station[towns[name]] for name in line["through"])
    return Railway(line["name"], tuple(stop.id for stop in stops), (*points, stops[-1].at))
