"""What every page has around it."""

from datetime import UTC, datetime
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.media import Skin
from webarena_mini.kit.pages import Pages
from webarena_mini.kit.site import instance_of
from webarena_mini.sites.home import FOLDER
from webarena_mini.sites.home.domain.cards import cards

SKIN = Skin(FOLDER, "home.css", "calculator.js")


@cache
def _pages() -> Pages:
    return Pages(FOLDER, {"moment": lambda seconds: f"{datetime.fromtimestamp(seconds, UTC):%B %-d, %Y, %H:%M}"})


def render(request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
    frame = {
        "cards": cards(instance_of(request).urls),
        "stylesheet": SKIN.path("home.css"),
        "script": SKIN.path("calculator.js"),
    }
    return _pages().render(request, template, status_code=status_code, **frame, **values)
