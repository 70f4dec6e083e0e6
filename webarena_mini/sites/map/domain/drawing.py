"""The map as an SVG picture, drawn from the region's own data."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from webarena_mini.region import Place, Point, Street, region
from webarena_mini.sites.map.domain.canvas import INK, Canvas
from webarena_mini.sites.map.domain.ground import draw_ground
from webarena_mini.sites.map.domain.kinds import color_of
from webarena_mini.sites.map.domain.roadstyle import ROADS
from webarena_mini.sites.map.domain.view import HEIGHT, WIDTH, View

_LAND = "#f3f0e7"
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
    lines: tuple[tuple[Point, ...], ...] = ()


def draw(view: View, overlay: Overlay) -> str:
    canvas = Canvas(view)
    draw_ground(canvas)
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


def _roads(canvas: Canvas) -> None:
    """All edges first, so that crossings are open."""
    zoom = canvas.view.zoom
    scale = 2 ** ((min(zoom, 18) - 16) * 0.62)
    ordered = sorted(_visible_streets(canvas.view), key=lambda street: list(ROADS).index(street.kind))
    for outline in (True, False):
        for street in ordered:
            style = ROADS[street.kind]
            width = max(1.0, style.width_px * scale)
            points = [region().nodes[node] for node in street.nodes]
            if style.dashed:
                if not outline:
                    canvas.line(points, f'{_stroke(style.color, max(1.4, width))} stroke-dasharray="5 4"')
            elif outline and width > 2:
                canvas.line(points, _stroke(style.edge, width + 2))
            elif not outline:
                canvas.line(points, _stroke(style.color if width > 2 else style.edge, width))


def _stroke(color: str, width: float) -> str:
    return f'fill="none" stroke="{color}" stroke-width="{width:.1f}" stroke-linecap="round" stroke-linejoin="round"'


def _visible_streets(view: View) -> Iterator[Street]:
    nodes = region().nodes
    for street in region().streets:
        if view.zoom < ROADS[street.kind].first_zoom:
            continue
        pixels = [view.pixel(nodes[node]) for node in street.nodes]
        xs, ys = [x for x, _ in pixels], [y for _, y in pixels]
        if max(xs) >= 0 and min(xs) <= WIDTH and max(ys) >= 0 and min(ys) <= HEIGHT:
            yield street


def _overlay(canvas: Canvas, overlay: Overlay) -> None:
    if overlay.lines:
        canvas.lines(overlay.lines, f'{_stroke("#e0601f", 7)} stroke-opacity=".65"')
    if overlay.route:
        dash = 'stroke-dasharray="2 9"' if overlay.dashed else ""
        canvas.line(overlay.route, f'{_stroke("#ffffff", 9)} stroke-opacity=".8"')
        canvas.line(overlay.route, f"{_stroke('#1b5fd0', 5.5)} {dash}")


def _town_names(canvas: Canvas) -> None:
    if canvas.view.zoom > 14:
        return
    for town in sorted(region().towns, key=lambda town: -town.population):
        x, y = canvas.view.pixel(town.at)
        size = {"city": 19, "town": 15, "village": 12.5}[town.kind]
        width = len(town.name) * size * 0.56
        if canvas.view.shows(town.at) and canvas.is_free(x - width / 2, y - size, width, size * 1.3):
            canvas.text(x, y, town.name, size, extra='font-weight="600"')


def _symbols(canvas: Canvas) -> None:
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


def _street_names(canvas: Canvas) -> None:
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


def _pins(canvas: Canvas, overlay: Overlay) -> None:
    for number, point in reversed(list(enumerate(overlay.marks, overlay.first_number))):
        _pin(canvas, point, "#d4472c", str(number) if len(overlay.marks) > 1 else "")
    if overlay.start:
        _pin(canvas, overlay.start, "#23823f", "A")
    if overlay.end:
        _pin(canvas, overlay.end, "#c0303c", "B")


def _pin(canvas: Canvas, point: Point, color: str, letter: str) -> None:
    x, y = canvas.view.pixel(point)
    canvas.shapes.append(
        f'<g transform="translate({x:.1f} {y:.1f})"><path d="M0,0C-4,-9 -12,-13 -12,-22A12,12 0 1 1 12,-22C12,-13 4,-9'
        f' 0,0Z" fill="{color}" stroke="#fff" stroke-width="1.6"/><text y="-17.5" font-size="12.5" font-weight="700"'
        f' text-anchor="middle" fill="#fff">{escape(letter) or "•"}</text></g>'
    )


def _scale(canvas: Canvas) -> None:
    meters = 110 * canvas.view.meters_per_pixel
    power = 10 ** math.floor(math.log10(meters))
    nice = max(step * power for step in (1, 2, 5) if step * power <= meters)
    width, y = nice / canvas.view.meters_per_pixel, HEIGHT - 16
    text = f"{nice / 1000:g} km" if nice >= 1000 else f"{nice:g} m"
    canvas.shapes.append(f'<path d="M70,{y - 7}v7h{width:.0f}v-7" fill="none" stroke="{INK}" stroke-width="2"/>')
    canvas.text(70 + width / 2, y - 5, text, 11)
