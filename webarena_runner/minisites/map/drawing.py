"""The map as an SVG picture, drawn from the region's own data."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape

from webarena_runner.minisites._region import Place, Point, Street, region
from webarena_runner.minisites.map.kinds import color_of
from webarena_runner.minisites.map.view import HEIGHT, WIDTH, View

_LAND, _SEA, _TOWN, _INK = "#f3f0e7", "#a9d0dd", "#e4dfd3", "#27323a"
# Kind of street: color, edge color, width in pixels at zoom 16, first zoom that shows it.
_ROADS: dict[str, tuple[str, str, float, int]] = {
    "path": ("#a5763f", "#f3f0e7", 2.2, 10),
    "pedestrian": ("#eadff0", "#b9a8c4", 7, 13),
    "residential": ("#ffffff", "#c9c3b6", 8, 12),
    "secondary": ("#fdf3c0", "#d2bd62", 10, 11),
    "primary": ("#fbd9a0", "#cf9a45", 11, 8),
    "trunk": ("#f6b6a0", "#cc6f50", 12, 8),
}
_OUTSKIRTS_M = 110
_FONT = 'font-family="system-ui,Segoe UI,Roboto,Noto Sans,Liberation Sans,Arial,sans-serif"'


@dataclass(frozen=True)
class Overlay:
    """What a page adds to the map: a way to follow, its two ends, and marked places."""

    route: tuple[Point, ...] = ()
    dashed: bool = False
    start: Point | None = None
    end: Point | None = None
    marks: tuple[Point, ...] = ()
    first_number: int = 1
    line: tuple[Point, ...] = ()


@dataclass
class _Canvas:
    """Collects shapes; `taken` are the boxes of labels that stand already."""

    view: View
    shapes: list[str] = field(default_factory=list)
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def line(self, points: Sequence[Point], style: str, *, closed: bool = False) -> None:
        path = "L".join(f"{x:.1f},{y:.1f}" for x, y in map(self.view.pixel, points))
        self.shapes.append(f'<path d="M{path}{"Z" if closed else ""}" {style}/>')

    def is_free(self, x: float, y: float, width: float, height: float) -> bool:
        box = (x, y, x + width, y + height)
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in self.taken):
            return False
        self.taken.append(box)
        return True

    def text(self, x: float, y: float, words: str, size: float, *, color: str = _INK, extra: str = "") -> None:
        self.shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{color}" stroke="#fff" stroke-width="3"'
            f' paint-order="stroke" text-anchor="middle" {extra}>{escape(words)}</text>'
        )


def draw(view: View, overlay: Overlay) -> str:
    canvas = _Canvas(view)
    _waters(canvas)
    _towns(canvas)
    _railways(canvas)
    _roads(canvas)
    _overlay(canvas, overlay)
    _town_names(canvas)
    _symbols(canvas)
    _street_names(canvas)
    _pins(canvas, overlay)
    _scale(canvas)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{_LAND}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {_FONT}>{ground}{"".join(canvas.shapes)}</svg>'


def _waters(canvas: _Canvas) -> None:
    for water in region().waters:
        if water.kind == "river":
            width = max(1.2, 2 ** (canvas.view.zoom - 12) * 1.6)
            style = f'fill="none" stroke="{_SEA}" stroke-width="{min(width, 26):.1f}" stroke-linejoin="round"'
            canvas.line(water.points, style)
        else:
            points = _beyond_the_edges(water.points) if water.kind == "sea" else water.points
            canvas.line(points, f'fill="{_SEA}" stroke="#86b9ca" stroke-width="1"', closed=True)
            if canvas.view.zoom >= 10 and water.kind == "lake":
                x, y = canvas.view.pixel(_middle(water.points))
                canvas.text(x, y, water.name, 12, color="#2c6a80", extra='font-style="italic"')


def _beyond_the_edges(points: Sequence[Point]) -> list[Point]:
    """The sea goes on where its outline ends."""
    latitudes, longitudes = [point[0] for point in points], [point[1] for point in points]
    ends = {min(latitudes): -8.0, max(latitudes): 8.0}
    west = min(longitudes)
    return [
        (latitude + ends.get(latitude, 0.0), longitude - 12.0 * (longitude == west)) for latitude, longitude in points
    ]


def _towns(canvas: _Canvas) -> None:
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


def _railways(canvas: _Canvas) -> None:
    for line in region().railways:
        canvas.line(line.points, 'fill="none" stroke="#7b7f86" stroke-width="2.4"')
        canvas.line(line.points, 'fill="none" stroke="#fff" stroke-width="1.2" stroke-dasharray="7 7"')


def _roads(canvas: _Canvas) -> None:
    """All edges first, so that crossings are open."""
    zoom = canvas.view.zoom
    scale = 2 ** ((min(zoom, 18) - 16) * 0.62)
    ordered = sorted(_visible_streets(canvas.view), key=lambda street: list(_ROADS).index(street.kind))
    for outline in (True, False):
        for street in ordered:
            color, edge, width, _ = _ROADS[street.kind]
            width = max(1.0, width * scale)
            points = [region().nodes[node] for node in street.nodes]
            if street.kind == "path":
                if not outline:
                    dash = 'stroke-dasharray="5 4"'
                    canvas.line(points, f'fill="none" stroke="{color}" stroke-width="{max(1.4, width):.1f}" {dash}')
            elif outline and width > 2:
                canvas.line(points, _stroke(edge, width + 2))
            elif not outline:
                canvas.line(points, _stroke(color if width > 2 else edge, width))


def _stroke(color: str, width: float) -> str:
    return f'fill="none" stroke="{color}" stroke-width="{width:.1f}" stroke-linecap="round" stroke-linejoin="round"'


def _visible_streets(view: View) -> Iterator[Street]:
    nodes = region().nodes
    for street in region().streets:
        if view.zoom < _ROADS[street.kind][3]:
            continue
        pixels = [view.pixel(nodes[node]) for node in street.nodes]
        xs, ys = [x for x, _ in pixels], [y for _, y in pixels]
        if max(xs) >= 0 and min(xs) <= WIDTH and max(ys) >= 0 and min(ys) <= HEIGHT:
            yield street


def _overlay(canvas: _Canvas, overlay: Overlay) -> None:
    if overlay.line:
        canvas.line(overlay.line, 'fill="none" stroke="#e0601f" stroke-opacity=".65" stroke-width="7"')
    if overlay.route:
        dash = 'stroke-dasharray="2 9"' if overlay.dashed else ""
        canvas.line(overlay.route, f'{_stroke("#ffffff", 9)} stroke-opacity=".8"')
        canvas.line(overlay.route, f"{_stroke('#1b5fd0', 5.5)} {dash}")


def _town_names(canvas: _Canvas) -> None:
    if canvas.view.zoom > 14:
        return
    for town in sorted(region().towns, key=lambda town: -town.population):
        x, y = canvas.view.pixel(town.at)
        size = {"city": 19, "town": 15, "village": 12.5}[town.kind]
        width = len(town.name) * size * 0.56
        if canvas.view.shows(town.at) and canvas.is_free(x - width / 2, y - size, width, size * 1.3):
            canvas.text(x, y, town.name, size, extra='font-weight="600"')


def _symbols(canvas: _Canvas) -> None:
    """Landmarks from zoom 13, all places from 15; their names two levels later, where there is room."""
    zoom = canvas.view.zoom
    if zoom < 13:
        return
    shown = [place for place in region().places if canvas.view.shows(place.at) and (zoom > 14 or _is_landmark(place))]
    shown.sort(key=lambda place: not _is_landmark(place))
    radius = 5 if zoom < 16 else 7
    for place in reversed(shown):
        x, y = canvas.view.pixel(place.at)
        look = f'fill="{color_of(place.kind)}" stroke="#fff" stroke-width="1.5"'
        canvas.shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" {look}/>')
    for place in shown:
        x, y = canvas.view.pixel(place.at)
        width = len(place.name) * 6.2
        if zoom >= (15 if _is_landmark(place) else 17) and canvas.is_free(x - width / 2, y + 8, width, 14):
            canvas.text(x, y + radius + 13, place.name, 11.5, color=color_of(place.kind))


def _is_landmark(place: Place) -> bool:
    return "opened" in place.facts or place.kind == "station"


def _street_names(canvas: _Canvas) -> None:
    if canvas.view.zoom < 15:
        return
    nodes = region().nodes
    for street in _visible_streets(canvas.view):
        spot = _label_spot(canvas.view, [nodes[node] for node in street.nodes], len(street.name) * 6)
        if spot is None:
            continue
        x, y, angle = spot
        if canvas.is_free(x - 24, y - 9, 48, 16):
            turn = f'transform="rotate({angle:.0f} {x:.1f} {y:.1f})" dy="3.5"'
            canvas.text(x, y, street.name, 10.5, color="#4c4a44", extra=turn)


def _label_spot(view: View, points: Sequence[Point], length: float) -> tuple[float, float, float] | None:
    """Middle and slope of the longest visible stretch, where the name fits on it."""
    best: tuple[float, float, float, float] | None = None
    for one, other in zip(map(view.pixel, points), map(view.pixel, points[1:]), strict=False):
        x, y = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
        size = math.dist(one, other)
        if 40 < x < WIDTH - 40 and 20 < y < HEIGHT - 20 and size > length * 0.8 and (best is None or size > best[0]):
            angle = math.degrees(math.atan2(other[1] - one[1], other[0] - one[0]))
            best = (size, x, y, (angle + 90) % 180 - 90)
    return best[1:] if best else None


def _pins(canvas: _Canvas, overlay: Overlay) -> None:
    for number, point in reversed(list(enumerate(overlay.marks, overlay.first_number))):
        _pin(canvas, point, "#d4472c", str(number) if len(overlay.marks) > 1 else "")
    if overlay.start:
        _pin(canvas, overlay.start, "#23823f", "A")
    if overlay.end:
        _pin(canvas, overlay.end, "#c0303c", "B")


def _pin(canvas: _Canvas, point: Point, color: str, letter: str) -> None:
    x, y = canvas.view.pixel(point)
    canvas.shapes.append(
        f'<g transform="translate({x:.1f} {y:.1f})"><path d="M0,0C-4,-9 -12,-13 -12,-22A12,12 0 1 1 12,-22C12,-13 4,-9'
        f' 0,0Z" fill="{color}" stroke="#fff" stroke-width="1.6"/><text y="-17.5" font-size="12.5" font-weight="700"'
        f' text-anchor="middle" fill="#fff">{escape(letter) or "•"}</text></g>'
    )


def _scale(canvas: _Canvas) -> None:
    meters = 110 * canvas.view.meters_per_pixel
    power = 10 ** math.floor(math.log10(meters))
    nice = max(step * power for step in (1, 2, 5) if step * power <= meters)
    width, y = nice / canvas.view.meters_per_pixel, HEIGHT - 16
    text = f"{nice / 1000:g} km" if nice >= 1000 else f"{nice:g} m"
    canvas.shapes.append(f'<path d="M70,{y - 7}v7h{width:.0f}v-7" fill="none" stroke="{_INK}" stroke-width="2"/>')
    canvas.text(70 + width / 2, y - 5, text, 11)


def _middle(points: Sequence[Point]) -> Point:
    return sum(point[0] for point in points) / len(points), sum(point[1] for point in points) / len(points)
