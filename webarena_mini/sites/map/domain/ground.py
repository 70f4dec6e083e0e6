"""What lies beneath the streets: woods, waters, towns with their greens and houses, railways."""

from collections.abc import Iterable, Sequence
from functools import cache

from webarena_mini.region import Point, region
from webarena_mini.sites.map.domain import cover
from webarena_mini.sites.map.domain.canvas import Canvas, middle

_SEA, _TOWN, _WOOD, _GREEN, _HOUSE = "#a9d0dd", "#e4dfd3", "#d3e2c2", "#c4deb0", "#cfc6b8"
_OUTSKIRTS_M = 110
_FIRST_ZOOM_OF_GREENS, _FIRST_ZOOM_OF_HOUSES = 14, 16


def draw_ground(canvas: Canvas) -> None:
    _fill(canvas, cover.woods(), _WOOD)
    _waters(canvas)
    _towns(canvas)
    if canvas.view.zoom >= _FIRST_ZOOM_OF_HOUSES:
        for town in region().towns:
            if canvas.view.shows(town.at, margin=3000):
                _fill(canvas, cover.houses(town.id), _HOUSE)
    if canvas.view.zoom >= _FIRST_ZOOM_OF_GREENS:
        _fill(canvas, cover.greens(), _GREEN)
    _rivers(canvas)
    _railways(canvas)


def _fill(canvas: Canvas, patches: Iterable[cover.Patch], color: str) -> None:
    (south, west), (north, east) = canvas.view.bounds(margin=4)
    seen = [
        patch.outline
        for patch in patches
        if patch.high[0] > south and patch.low[0] < north and patch.high[1] > west and patch.low[1] < east
    ]
    if seen:
        canvas.lines(seen, f'fill="{color}" stroke="{color}" stroke-width="3" stroke-linejoin="round"', closed=True)


def _waters(canvas: Canvas) -> None:
    for water in region().waters:
        if water.kind == "river":
            continue
        points = _beyond_the_edges(water.points) if water.kind == "sea" else water.points
        canvas.line(points, f'fill="{_SEA}" stroke="#86b9ca" stroke-width="1"', closed=True)
        if canvas.view.zoom >= 10 and water.kind == "lake":
            x, y = canvas.view.pixel(middle(water.points))
            canvas.text(x, y, water.name, 12, color="#2c6a80", extra='font-style="italic"')


def _rivers(canvas: Canvas) -> None:
    """Over the towns, since most of them lie on one."""
    width = min(26.0, max(1.2, 2 ** (canvas.view.zoom - 12) * 1.6))
    for water in region().waters:
        if water.kind == "river":
            style = f'fill="none" stroke="{_SEA}" stroke-width="{width:.1f}" stroke-linejoin="round"'
            canvas.line(water.points, style)


def _beyond_the_edges(points: Sequence[Point]) -> list[Point]:
    """The sea goes on where its outline ends."""
    latitudes, longitudes = [point[0] for point in points], [point[1] for point in points]
    ends = {min(latitudes): -8.0, max(latitudes): 8.0}
    west = min(longitudes)
    return [
        (latitude + ends.get(latitude, 0.0), longitude - 12.0 * (longitude == west)) for latitude, longitude in points
    ]


def _towns(canvas: Canvas) -> None:
    """The built-up area: what the streets enclose, and a little around it."""
    margin = max(5.0, 2 * _OUTSKIRTS_M / canvas.view.meters_per_pixel)
    for outline in _outlines():
        style = f'fill="{_TOWN}" stroke="{_TOWN}" stroke-width="{margin:.0f}" stroke-linejoin="round"'
        canvas.line(outline, style, closed=True)


@cache
def _outlines() -> tuple[tuple[Point, ...], ...]:
    land = region()
    nodes: dict[int, set[Point]] = {}
    for street in land.streets:
        if street.town:
            nodes.setdefault(street.town, set()).update(land.nodes[node] for node in street.nodes)
    return tuple(_hull(sorted(points)) for points in nodes.values())


def _hull(points: Sequence[Point]) -> tuple[Point, ...]:
    """Convex hull of sorted points, by monotone chains."""

    def chain(ordered: Sequence[Point]) -> list[Point]:
        kept: list[Point] = []
        for point in ordered:
            while len(kept) > 1 and not _turns_left(kept[-2], kept[-1], point):
                kept.pop()
            kept.append(point)
        return kept[:-1]

    return (*chain(points), *chain(points[::-1]))


def _turns_left(one: Point, other: Point, third: Point) -> bool:
    return (other[0] - one[0]) * (third[1] - one[1]) > (other[1] - one[1]) * (third[0] - one[0])


def _railways(canvas: Canvas) -> None:
    for line in region().railways:
        canvas.line(line.points, 'fill="none" stroke="#7b7f86" stroke-width="2.4"')
        canvas.line(line.points, 'fill="none" stroke="#fff" stroke-width="1.2" stroke-dasharray="7 7"')
