"""Woods, greens and houses: drawn to make the map look inhabited, but no elements of it."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from random import Random

from webarena_mini.region import Place, Point, Street, region
from webarena_mini.region.model import KM_PER_DEGREE, distance_km
from webarena_mini.sites.map.domain.geo import bounds

Shape = tuple[Point, ...]


@dataclass(frozen=True)
class Patch:
    """An outline, and the south-west and north-east corner of the box that it fits into."""

    outline: Shape
    low: Point
    high: Point


_WOODS, _CLEARING_KM, _CORNERS = 110, 1.9, 26
_SOUTH, _NORTH, _WEST, _EAST = 46.80, 47.40, -129.40, -128.60
# Half the length of a green's side in meters.
_GREENS = {"park": 44, "garden": 36, "playground": 18, "stadium": 48, "swimming_pool": 22, "university": 40, "spa": 24}
_HOUSE_STEP_M, _HOUSE_GAP_SHARE = 19, 0.16


def _patches(shapes: Iterable[Shape]) -> tuple[Patch, ...]:
    return tuple(Patch(shape, *bounds(shape)) for shape in shapes)


def _moved(at: Point, east_m: float, north_m: float) -> Point:
    degree_m = KM_PER_DEGREE * 1000
    return at[0] + north_m / degree_m, at[1] + east_m / degree_m / math.cos(math.radians(at[0]))


def _box(at: Point, along: tuple[float, float], half_length_m: float, half_width_m: float) -> Shape:
    """A rectangle whose long side points east and north by `along`, of length 1."""
    east, north = along
    return tuple(
        _moved(
            at,
            east * half_length_m * a - north * half_width_m * b,
            north * half_length_m * a + east * half_width_m * b,
        )
        for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    )


@cache
def woods() -> tuple[Patch, ...]:
    """More of them in the hills of the east."""
    rng = Random("halvern:woods")
    towns, found = region().towns, []
    for _ in range(_WOODS):
        at = (rng.uniform(_SOUTH, _NORTH), _EAST - (_EAST - _WEST) * rng.random() ** 1.6)
        radius_m = rng.uniform(500, 2600)
        clear_m = min(distance_km(at, town.at) for town in towns) * 1000 - _CLEARING_KM * 500
        if clear_m > 700:
            found.append(_blob(at, min(radius_m, clear_m), rng))
    return _patches(found)


def _blob(at: Point, radius_m: float, rng: Random) -> Shape:
    """Round, with a few bays."""
    turns = [(waves, rng.uniform(0, math.tau), rng.uniform(0.06, 0.16)) for waves in (2, 3, 5)]
    stretch = rng.uniform(0.9, 1.6)
    points = []
    for angle in (math.tau * corner / _CORNERS for corner in range(_CORNERS)):
        far_m = radius_m * (0.7 + sum(share * math.sin(waves * angle + turn) for waves, turn, share in turns))
        points.append(_moved(at, math.cos(angle) * far_m * stretch, math.sin(angle) * far_m / stretch))
    return tuple(points)


@cache
def greens() -> tuple[Patch, ...]:
    """Parks and the like, each behind its address."""
    return _patches(_green(place, _GREENS[place.kind]) for place in region().places if place.kind in _GREENS)


def _green(place: Place, half_m: float) -> Shape:
    street = region().streets[place.street - 1]
    along = _direction(region().nodes[place.node], _next_node(street, place.node))
    away = _direction(region().nodes[place.node], place.at)
    side = 1 if along[0] * away[1] - along[1] * away[0] > 0 else -1
    shift_m = half_m * 0.75 - 6
    at = _moved(place.at, -along[1] * side * shift_m, along[0] * side * shift_m)
    return _box(at, along, half_m, half_m * 0.75)


def _next_node(street: Street, node: int) -> Point:
    """The one before it where the street ends."""
    index = street.nodes.index(node)
    return region().nodes[street.nodes[index + 1 if index + 1 < len(street.nodes) else index - 1]]


def _direction(one: Point, other: Point) -> tuple[float, float]:
    east = (other[1] - one[1]) * math.cos(math.radians(one[0]))
    north = other[0] - one[0]
    length = math.hypot(east, north) or 1.0
    return east / length, north / length


@cache
def houses(town: int) -> tuple[Patch, ...]:
    """Rows along both sides of the streets of a town."""
    return _patches(house for street in region().streets if street.town == town for house in _rows(street))


def _rows(street: Street) -> Iterator[Shape]:
    rng, nodes = Random(f"halvern:houses:{street.id}"), region().nodes
    for one, other in pairwise(nodes[node] for node in street.nodes):
        along, length_m = _direction(one, other), distance_km(one, other) * 1000
        for side in (-1, 1):
            for number in range(1, int(length_m / _HOUSE_STEP_M) - 1):
                if rng.random() < _HOUSE_GAP_SHARE:
                    continue
                depth_m, on_m = rng.uniform(4.5, 7), (number + 0.5) * _HOUSE_STEP_M
                off_m = side * (9 + depth_m)
                at = _moved(one, along[0] * on_m - along[1] * off_m, along[1] * on_m + along[0] * off_m)
                yield _box(at, along, rng.uniform(5.5, 9), depth_m)
