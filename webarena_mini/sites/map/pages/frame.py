"""What every handler needs of a request: the database, its parameters, and the page with the map around the content."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import BEGIN
from webarena_mini.kit.media import Skin
from webarena_mini.kit.pages import Pages
from webarena_mini.region import region
from webarena_mini.region.model import distance_km
from webarena_mini.sites.map import FOLDER
from webarena_mini.sites.map.domain.geo import length_text, time_text, time_words, whole_number
from webarena_mini.sites.map.domain.kinds import groups, kinds
from webarena_mini.sites.map.domain.view import View

_UNITS = (("year", 365), ("month", 30), ("week", 7), ("day", 1))
_PAN = 0.35
SKIN = Skin(FOLDER, "map.css", "map.js")


@dataclass(frozen=True)
class Control:
    """A button of the map; pressing it asks for the same page with another view."""

    label: str
    symbol: str
    value: str


@dataclass(frozen=True)
class MapFrame:
    """The picture and its controls; `kept` are the page's own parameters, which the controls carry along."""

    view: View
    source: str
    alt: str
    kept: tuple[tuple[str, str], ...]

    @property
    def zoom_controls(self) -> tuple[Control, ...]:
        view = self.view
        return (
            Control("Zoom In", "+", str(view.zoomed(1))),
            Control("Zoom Out", "−", str(view.zoomed(-1))),
        )

    @property
    def pan_controls(self) -> tuple[Control, ...]:
        view = self.view
        return (
            Control("Move north", "↑", str(view.moved(0, -_PAN))),
            Control("Move west", "←", str(view.moved(-_PAN, 0))),
            Control("Move east", "→", str(view.moved(_PAN, 0))),
            Control("Move south", "↓", str(view.moved(0, _PAN))),
        )


def parameter(request: Request, name: str, limit: int = 200) -> str:
    return request.query_params.get(name, "").replace("\0", "").strip()[:limit]


def page_number(request: Request, *, count: int, per_page: int) -> int:
    """The page that was asked for; the last one where there are not so many."""
    last = max(1, math.ceil(count / per_page))
    return min(max(1, whole_number(parameter(request, "page")) or 1), last)


def frame(request: Request, default: View, shown: str, **overlay: str) -> MapFrame:
    """The map of a page. `shown` says for those who cannot see it what is drawn; `overlay` goes to the picture."""
    view = View.parse(parameter(request, "map")) or default
    town = min(region().towns, key=lambda town: distance_km(town.at, view.center))
    alt = f"Map of the area around {town.name}, zoom level {view.zoom}. {shown}".strip()
    kept = tuple((name, value) for name, value in request.query_params.multi_items() if name != "map")
    return MapFrame(view, f"/map.svg?{urlencode({'map': str(view), **overlay}, safe='/,;')}", alt, kept)


def ago(moment: str) -> str:
    """ "3 months ago", counted from the map's fixed present."""
    days = (BEGIN - datetime.fromisoformat(moment)).days
    for unit, length in _UNITS:
        count = days // length
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "today"


def day(moment: str) -> str:
    date = datetime.fromisoformat(moment)
    return f"{date:%B} {date.day}, {date.year}"


def link(path: str, **parameters: str) -> str:
    return f"{path}?{urlencode(parameters, quote_via=quote, safe=',;/')}"


@cache
def _pages() -> Pages:
    filters: dict[str, Callable[..., str]] = {
        "ago": ago,
        "day": day,
        "distance": length_text,
        "clock": time_text,
        "duration": time_words,
    }
    return Pages(FOLDER, filters)


def render(request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
    frame_values: Mapping[str, object] = {
        "stylesheet": SKIN.path("map.css"),
        "script": SKIN.path("map.js"),
        "towns": region().towns,
        "groups": groups().values(),
        "kinds": kinds(),
        "link": link,
        "query": "",
        "frame": None,
    }
    return _pages().render(request, template, status_code=status_code, **{**frame_values, **values})
