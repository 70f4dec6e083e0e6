"""Pictures of the articles: maps from the region's own geography, and simple drawings in a color of the title."""

import functools
from random import Random
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.site import database_of
from webarena_mini.region import Point, region
from webarena_mini.sites.wiki.domain.drawings import DRAWINGS, shirt

WIDTH, HEIGHT = 280, 200
_SOUTH, _NORTH, _WEST, _EAST = 46.835, 47.335, -129.5, -128.6
_MAPS = ("locator", "region", "line")
_ARTICLE = """select title, (select value from fact where article_id = id and label = 'Colors') as colors
    from article where path = ?"""
_KEEP = {"cache-control": "public, max-age=86400"}


async def picture(request: Request) -> Response:
    kind, path = request.path_params["kind"], unquote(request.path_params["path"])
    article = database_of(request).one(_ARTICLE, path)
    known = article and (kind in {*DRAWINGS, *_MAPS} or (kind == "colors" and article["colors"]))
    if article is None or not known:
        raise HTTPException(404)
    return Response(_draw(kind, article["title"], article["colors"]), media_type="image/svg+xml", headers=_KEEP)


@functools.lru_cache(maxsize=64)
def _draw(kind: str, title: str, colors: str | None) -> str:
    if kind in _MAPS:
        body = _map() + {"locator": _mark, "region": _towns, "line": _line}[kind](title)
    elif kind == "colors" and colors:
        body = shirt(colors)
    else:
        rng = Random(f"wiki:picture:{title}")
        body = DRAWINGS[kind](rng, title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="Georgia, serif">{body}</svg>'
    )


def _spot(at: Point) -> tuple[float, float]:
    x = (at[1] - _WEST) / (_EAST - _WEST) * WIDTH
    return round(x, 1), round((_NORTH - at[0]) / (_NORTH - _SOUTH) * HEIGHT, 1)


def _points(points: tuple[Point, ...]) -> str:
    return " ".join(f"{x},{y}" for x, y in map(_spot, points))


@functools.cache
def _map() -> str:
    """Land, water, main roads and railways."""
    land = region()
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#eef0e2"/>']
    for water in land.waters:
        if water.kind == "river":
            parts.append(
                f'<polyline points="{_points(water.points)}" fill="none" stroke="#8fbdd3" stroke-width="1.6"/>'
            )
        else:
            parts.append(f'<polygon points="{_points(water.points)}" fill="#b9d8e6"/>')
    for street in land.streets:
        if street.ref:
            nodes = tuple(land.nodes[node] for node in street.nodes)
            parts.append(f'<polyline points="{_points(nodes)}" fill="none" stroke="#e3c98f" stroke-width="1.3"/>')
    for line in land.railways:
        parts.append(f'<polyline points="{_points(line.points)}" fill="none" stroke="#7b7f7d" stroke-dasharray="3 2"/>')
    for town in land.towns:
        x, y = _spot(town.at)
        parts.append(f'<circle cx="{x}" cy="{y}" r="{1.5 + town.size / 5:.1f}" fill="#6a6f66"/>')
    return "".join(parts)


def _label(at: Point, name: str, size: int = 11) -> str:
    x, y = _spot(at)
    anchor, shift = ("end", -7) if x > WIDTH * 0.6 else ("start", 7)
    return (
        f'<text x="{x + shift}" y="{y - 5}" font-size="{size}" text-anchor="{anchor}" fill="#1d2629" '
        f'stroke="#fff" stroke-width="2.5" paint-order="stroke">{name}</text>'
    )


def _mark(title: str) -> str:
    """A pin on the town, since streets are too small for this map."""
    land = region()
    town = next((town for town in land.towns if town.name == title), None)
    if town is None:
        place = next((place for place in land.places if place.name == title), None)
        if place is None:
            return ""
        town = land.towns[place.town - 1]
    x, y = _spot(town.at)
    pin = f'<path d="M{x} {y} l-6 -13 a6.6 6.6 0 1 1 12 0 z" fill="#b8392b" stroke="#fff"/>'
    return (
        f'{pin}<circle cx="{x}" cy="{y - 16}" r="2.2" fill="#fff"/>{_label((town.at[0] - 0.03, town.at[1]), town.name)}'
    )


def _towns(_: str) -> str:
    return "".join(_label(town.at, town.name, 9) for town in region().towns if town.size > 6)


def _line(title: str) -> str:
    land = region()
    track = next((line for line in land.railways if line.name == title), None)
    if track is None:
        return ""
    stops = [land.places[stop - 1] for stop in track.stations]
    dots = "".join(
        '<circle cx="{}" cy="{}" r="3.4" fill="#fff" stroke="#b8392b"/>'.format(*_spot(stop.at)) for stop in stops
    )
    ends = "".join(_label(stop.at, land.towns[stop.town - 1].name, 10) for stop in (stops[0], stops[-1]))
    return f'<polyline points="{_points(track.points)}" fill="none" stroke="#b8392b" stroke-width="2.6"/>{dots}{ends}'
