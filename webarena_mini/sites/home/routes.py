"""Addresses of the home page."""

from functools import cache

from starlette.routing import BaseRoute, Route

from webarena_mini.kit.media import nothing
from webarena_mini.sites.home.pages.calculator import calculator
from webarena_mini.sites.home.pages.frame import SKIN
from webarena_mini.sites.home.pages.password import password
from webarena_mini.sites.home.pages.scratchpad import add_note, delete_note, scratchpad
from webarena_mini.sites.home.pages.start import start


@cache
def routes() -> tuple[BaseRoute, ...]:
    return (
        Route("/", start),
        Route("/index.html", start),
        Route("/calculator.html", calculator),
        Route("/scratchpad.html", scratchpad),
        Route("/scratchpad.html", add_note, methods=["POST"]),
        Route("/scratchpad/{note_id}/delete", delete_note, methods=["POST"]),
        Route("/password.html", password),
        Route(SKIN.route, SKIN.serve),
        Route("/favicon.ico", nothing),
    )
