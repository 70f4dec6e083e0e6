"""The region's streets as a graph: who may use which edge in which direction, and how fast."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from webarena_mini.region import Point, Region, Street, region
from webarena_mini.region.model import distance_km

_ONE_WAY_TOWN_SIZE = 7
_ONE_WAY_SHARE = 0.45


@dataclass(frozen=True)
class Profile:
    """A routing engine: km/h by kind of street; `avoidance` makes a kind count as longer when routes are compared."""

    engine: str
    name: str
    label: str
    speeds_kmh: dict[str, float]
    avoidance: dict[str, float]
    obeys_one_way: bool


@dataclass(frozen=True)
class Edge:
    """A stretch of a street between two crossings."""

    street: Street
    start: int
    end: int
    length_m: float
    one_way: bool


@dataclass(frozen=True)
class Turn:
    """One way out of a node: along an edge, forwards or backwards."""

    edge: int
    to: int
    seconds: float
    cost: float
    forward: bool


@cache
def profiles() -> tuple[Profile, ...]:
    """In the order of the select on the page, whose selected index benchmark tasks look at."""
    bike = Profile(
        "fossgis_osrm_bike",
        "bike",
        "Bicycle",
        {"trunk": 17, "primary": 17, "secondary": 16, "residential": 15, "pedestrian": 6, "path": 14},
        {"trunk": 1.5, "primary": 1.2},
        obeys_one_way=True,
    )
    car = Profile(
        "fossgis_osrm_car",
        "car",
        "Car",
        {"trunk": 80, "primary": 65, "secondary": 40, "residential": 26},
        {},
        obeys_one_way=True,
    )
    foot = Profile(
        "fossgis_osrm_foot",
        "foot",
        "Foot",
        {"trunk": 5, "primary": 5, "secondary": 5, "residential": 5, "pedestrian": 5, "path": 4.6},
        {"trunk": 1.5, "primary": 1.2},
        obeys_one_way=False,
    )
    return bike, car, foot


def profile_of(engine: str) -> Profile:
    """By engine id or by the means of travel that it ends with; the car where neither is known."""
    bike, car, foot = profiles()
    ending = engine.rpartition("_")[2]
    return {"bike": bike, "bicycle": bike, "foot": foot, "walk": foot, "hike": foot}.get(ending, car)


@cache
def one_way_streets() -> frozenset[int]:
    """Ids of streets that may only be driven from their first node to their last.

    A street becomes one only where every stretch of it can still be driven back around it without leaving the town.
    """
    land = region()
    exits: dict[int, dict[int, int]] = {}
    for street in land.streets:
        if street.town and street.kind in profiles()[1].speeds_kmh:
            for one, other in _stretches(street):
                exits.setdefault(one, {})[other] = exits.setdefault(other, {})[one] = 1
    rng = Random("halvern:one-way")
    chosen = set()
    for street in land.streets:
        if not _may_be_one_way(land, street) or rng.random() > _ONE_WAY_SHARE:
            continue
        stretches = list(_stretches(street))
        for one, other in stretches:
            del exits[other][one]
        if all(_reaches(exits, other, one) for one, other in stretches):
            chosen.add(street.id)
        else:
            for one, other in stretches:
                exits[other][one] = 1
    return frozenset(chosen)


def _may_be_one_way(land: Region, street: Street) -> bool:
    if street.kind != "residential" or street.town is None or len(street.nodes) < 4:
        return False
    nodes = {node for other in land.streets if other.town == street.town for node in other.nodes}
    return len(nodes) >= _ONE_WAY_TOWN_SIZE**2


def _stretches(street: Street) -> Iterator[tuple[int, int]]:
    return zip(street.nodes, street.nodes[1:], strict=False)


def _reaches(exits: dict[int, dict[int, int]], start: int, end: int) -> bool:
    """Breadth first, so that the short way round that there nearly always is ends the search."""
    seen, queue = {start}, deque([start])
    while queue:
        node = queue.popleft()
        if node == end:
            return True
        fresh = [other for other in exits[node] if other not in seen]
        seen.update(fresh)
        queue.extend(fresh)
    return False


@cache
def edges() -> tuple[Edge, ...]:
    land = region()
    return tuple(
        Edge(street, one, other, distance_km(land.nodes[one], land.nodes[other]) * 1000, street.id in one_way_streets())
        for street in land.streets
        for one, other in _stretches(street)
    )


@cache
def turns(engine: str) -> dict[int, list[Turn]]:
    """The ways out of each node for an engine."""
    profile = profile_of(engine)
    found: dict[int, list[Turn]] = {}
    for number, edge in enumerate(edges()):
        speed_kmh = profile.speeds_kmh.get(edge.street.kind)
        if speed_kmh is None:
            continue
        seconds = edge.length_m / speed_kmh * 3.6
        cost = seconds * profile.avoidance.get(edge.street.kind, 1.0)
        found.setdefault(edge.start, []).append(Turn(number, edge.end, seconds, cost, forward=True))
        if not (edge.one_way and profile.obeys_one_way):
            found.setdefault(edge.end, []).append(Turn(number, edge.start, seconds, cost, forward=False))
    return found


def node_at(number: int) -> Point:
    return region().nodes[number]
