"""Addresses of the map."""

from functools import cache

from starlette.routing import BaseRoute, Route

from webarena_mini.kit.media import nothing
from webarena_mini.sites.map.pages import api, browse, directions, history, info, picture, search
from webarena_mini.sites.map.pages.frame import SKIN


@cache
def routes() -> tuple[BaseRoute, ...]:
    views = (search, directions, browse, history, info, picture, api)
    return (
        *(route for view in views for route in view.routes()),
        Route(SKIN.route, SKIN.serve),
        Route("/favicon.ico", nothing),
    )
