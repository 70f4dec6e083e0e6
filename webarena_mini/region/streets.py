"""The street network: a bent grid in every town, and the roads between the towns."""

import math
from dataclasses import dataclass, field
from random import Random
from typing import Any

from webarena_mini.region.geometry import Flat, rotated, to_point, winding
from webarena_mini.region.model import Point, Street

BLOCK_KM = 0.115


@dataclass
class Network:
    """Grows town by town; `flat` has the nodes in kilometres, `edge` the outer nodes of each town."""

    flat: list[Flat] = field(default_factory=list)
    streets: list[Street] = field(default_factory=list)
    edge: dict[str, list[int]] = field(default_factory=dict)

    def node(self, at: Flat) -> int:
        self.flat.append(at)
        return len(self.flat) - 1

    def street(self, name: str, kind: str, nodes: list[int], town: int | None, ref: str = "") -> None:
        if len(nodes) > 1:
            self.streets.append(Street(len(self.streets) + 1, name, kind, tuple(nodes), town, ref))

    def points(self, origin: list[float]) -> tuple[Point, ...]:
        return tuple(to_point(at, origin) for at in self.flat)


def make_network(data: dict[str, Any]) -> Network:
    network = Network()
    for number, town in enumerate(data["towns"], 1):
        _add_town(network, town, number, data["streets"])
    for road in data["roads"]:
        for start, end in zip(road["through"], road["through"][1:], strict=False):
            _add_road(network, road, start, end, data["towns"])
    return network


def _add_town(network: Network, town: dict[str, Any], number: int, names: dict[str, list[str]]) -> None:
    rng = Random(f"halvern:streets:{town['name']}")
    grid = _grid(network, town, rng)
    size = town["size"]
    fresh = iter(rng.sample(names["names"], k=len(names["names"])))
    middle = size // 2
    for row in range(size):
        line = [grid[column, row] for column in range(size + 1) if (column, row) in grid]
        if row == middle:
            network.street(names["main"][0], "secondary", line, number)
        else:
            network.street(next(fresh), "residential", line, number)
    for column in range(size + 1):
        line = [grid[column, row] for row in range(size) if (column, row) in grid]
        if column == (size + 1) // 2 and size > 4:
            _add_mall(network, line, number, names, next(fresh))
        elif column == 1:
            network.street(names["main"][2], "secondary", line, number)
        else:
            network.street(next(fresh), "residential", line, number)
    inner = {node for (column, row), node in grid.items() if _surrounded(grid, column, row)}
    network.edge[town["name"]] = [node for node in grid.values() if node not in inner]


def _grid(network: Network, town: dict[str, Any], rng: Random) -> dict[tuple[int, int], int]:
    """Crossings by column and row, within an ellipse; the blocks are skewed and of uneven size."""
    size, angle, phase = town["size"], rng.uniform(-0.5, 0.5), rng.uniform(0, 6)
    grid = {}
    for column in range(size + 1):
        for row in range(size):
            x, y = column - size / 2, row - (size - 1) / 2
            if (x / (size / 2 + 0.35)) ** 2 + (y / (size / 2)) ** 2 > 1.25:
                continue
            x += 0.22 * math.sin(y * 0.9 + phase) + rng.uniform(-0.1, 0.1)
            y += 0.22 * math.sin(x * 0.8 - phase) + rng.uniform(-0.1, 0.1)
            east, north = rotated((x * BLOCK_KM, y * BLOCK_KM), angle)
            grid[column, row] = network.node((town["at"][0] + east, town["at"][1] + north))
    return grid


def _add_mall(network: Network, line: list[int], number: int, names: dict[str, list[str]], other: str) -> None:
    """The middle of this street has no cars; its two ends are ordinary."""
    start = len(line) // 2 - 1
    network.street(other, "residential", line[: start + 1], number)
    network.street(
        names["pedestrian"][number % len(names["pedestrian"])], "pedestrian", line[start : start + 3], number
    )
    network.street(other, "residential", line[start + 2 :], number)


def _surrounded(grid: dict[tuple[int, int], int], column: int, row: int) -> bool:
    around = ((column - 1, row), (column + 1, row), (column, row - 1), (column, row + 1))
    return all(place in grid for place in around)


def _add_road(network: Network, road: dict[str, Any], start: str, end: str, towns: list[dict[str, Any]]) -> None:
    rng = Random(f"halvern:road:{road['name']}:{start}:{end}")
    at = {town["name"]: (town["at"][0], town["at"][1]) for town in towns}
    first = min(network.edge[start], key=lambda node: math.dist(network.flat[node], at[end]))
    last = min(network.edge[end], key=lambda node: math.dist(network.flat[node], at[start]))
    bend = 0.11 if road["kind"] == "path" else 0.06
    between = winding(network.flat[first], network.flat[last], rng, step_km=0.9, bend=bend)
    nodes = [first, *(network.node(point) for point in between), last]
    network.street(road["name"], road["kind"], nodes, None, road["ref"])
