"""Shortest paths between two points beside the streets."""

import heapq
import itertools
import math
from dataclasses import dataclass
from functools import lru_cache

from webarena_mini.region import Point
from webarena_mini.region.model import KM_PER_DEGREE
from webarena_mini.sites.map.domain.roads import Edge, Profile, Turn, edges, node_at, profile_of, turns

FARTHEST_ROAD_M = 4000


class NoRoute(Exception):
    """The message says what is wrong in words for the visitor."""


@dataclass(frozen=True)
class Snap:
    """The spot on the network nearest to a point; `part` is how far along the edge it is, from 0 to 1."""

    edge: int
    part: float
    at: Point
    distance_m: float


@dataclass(frozen=True)
class Stretch:
    """A piece of the way along one edge, in the direction of travel."""

    edge: Edge
    points: tuple[Point, Point]
    length_m: float
    seconds: float


@dataclass(frozen=True)
class Route:
    profile: Profile
    stretches: tuple[Stretch, ...]

    @property
    def distance_m(self) -> float:
        return sum(stretch.length_m for stretch in self.stretches)

    @property
    def duration_s(self) -> float:
        return sum(stretch.seconds for stretch in self.stretches)

    @property
    def points(self) -> tuple[Point, ...]:
        first = self.stretches[0].points[0]
        return (first, *(stretch.points[1] for stretch in self.stretches))


def snap(point: Point, profile: Profile) -> Snap:
    """Raises NoRoute where no road for this means of travel is near."""
    shrink = math.cos(math.radians(point[0]))
    best = (math.inf, 0, 0.0)
    for number, edge in enumerate(edges()):
        if edge.street.kind not in profile.speeds_kmh:
            continue
        one, other = node_at(edge.start), node_at(edge.end)
        east, north = (other[1] - one[1]) * shrink, other[0] - one[0]
        to_east, to_north = (point[1] - one[1]) * shrink, point[0] - one[0]
        part = max(0.0, min(1.0, (to_east * east + to_north * north) / (east * east + north * north)))
        away = (to_east - part * east) ** 2 + (to_north - part * north) ** 2
        if away < best[0]:
            best = (away, number, part)
    distance_m = math.sqrt(best[0]) * KM_PER_DEGREE * 1000
    if distance_m > FARTHEST_ROAD_M:
        raise NoRoute("There is no road near one of these places.")
    edge = edges()[best[1]]
    one, other = node_at(edge.start), node_at(edge.end)
    at = (one[0] + best[2] * (other[0] - one[0]), one[1] + best[2] * (other[1] - one[1]))
    return Snap(best[1], best[2], at, distance_m)


@lru_cache(maxsize=200)
def find_route(engine: str, start: Point, end: Point) -> Route:
    """The best way for an engine.

    Raises:
        NoRoute: nothing connects the two points.
    """
    profile = profile_of(engine)
    here, there = snap(start, profile), snap(end, profile)
    direct = _along_one_edge(profile, here, there)
    if direct is not None:
        return Route(profile, (direct,))
    steps = _search(profile, here, there)
    first, last = steps[0], steps[-1]
    stretches = [_stretch(step, 0.0, 1.0) for step in steps]
    stretches[0] = _stretch(first, here.part if first.forward else 1 - here.part, 1.0)
    stretches[-1] = _stretch(last, 0.0, there.part if last.forward else 1 - there.part)
    return Route(profile, tuple(stretch for stretch in stretches if stretch.length_m > 0.01) or (stretches[0],))


def _along_one_edge(profile: Profile, here: Snap, there: Snap) -> Stretch | None:
    """Both ends on one edge, in a direction that is allowed."""
    if here.edge != there.edge:
        return None
    edge = edges()[here.edge]
    forward = here.part <= there.part
    if not forward and edge.one_way and profile.obeys_one_way:
        return None
    (step,) = (
        turn
        for turn in turns(profile.engine)[edge.start if forward else edge.end]
        if turn.edge == here.edge and turn.forward is forward
    )
    parts = (here.part, there.part) if forward else (1 - here.part, 1 - there.part)
    return _stretch(step, *parts)


def _stretch(turn: Turn, begin: float, finish: float) -> Stretch:
    """The part of an edge from `begin` to `finish`, both counted in the direction of travel."""
    edge = edges()[turn.edge]
    one, other = node_at(edge.start), node_at(edge.end)
    if not turn.forward:
        one, other = other, one

    def at(part: float) -> Point:
        return one[0] + part * (other[0] - one[0]), one[1] + part * (other[1] - one[1])

    share = finish - begin
    return Stretch(edge, (at(begin), at(finish)), edge.length_m * share, turn.seconds * share)


def _search(profile: Profile, here: Snap, there: Snap) -> list[Turn]:
    """Dijkstra from one edge to another; the first and the last turn returned are those two edges."""
    exits = turns(profile.engine)
    arriving = {
        _origin(turn): (turn, turn.cost * (there.part if turn.forward else 1 - there.part))
        for turn in _both_ways(exits, there.edge)
    }
    came: dict[int, tuple[Turn, int | None]] = {}
    order = itertools.count()
    queue: list[tuple[float, int, Turn, int | None]] = []
    for turn in _both_ways(exits, here.edge):
        left = turn.cost * (1 - here.part if turn.forward else here.part)
        heapq.heappush(queue, (left, next(order), turn, None))
    best: tuple[float, int] = (math.inf, -1)
    while queue and queue[0][0] < best[0]:
        so_far, _, turn, previous = heapq.heappop(queue)
        node = turn.to
        if node in came:
            continue
        came[node] = (turn, previous)
        if node in arriving:
            best = min(best, (so_far + arriving[node][1], node))
        for onward in exits[node]:
            if onward.to not in came:
                heapq.heappush(queue, (so_far + onward.cost, next(order), onward, node))
    if best[1] < 0:
        raise NoRoute(f"There is no way from one place to the other by {profile.label.lower()}.")
    steps = [arriving[best[1]][0]]
    at: int | None = best[1]
    while at is not None:
        turn, at = came[at]
        steps.append(turn)
    return steps[::-1]


def _origin(turn: Turn) -> int:
    edge = edges()[turn.edge]
    return edge.start if turn.forward else edge.end


def _both_ways(exits: dict[int, list[Turn]], number: int) -> list[Turn]:
    """The directions in which an edge may be used."""
    edge = edges()[number]
    return [turn for node in (edge.start, edge.end) for turn in exits[node] if turn.edge == number]
