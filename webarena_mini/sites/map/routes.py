"""Addresses of the map."""

from functools import cache

from starlette.routing import BaseRoute

from webarena_mini.kit.routing import GET, Row, table
from webarena_mini.sites.map.pages import api, browse, directions, history, info, picture, search
from webarena_mini.sites.map.pages.frame import SKIN

ROWS: tuple[Row, ...] = (
    ("/", GET, search.home),
    ("/search", GET, search.search),
    ("/query", GET, search.what_is_here),
    ("/directions", GET, directions.directions),
    ("/node/{number}", GET, browse.element),
    ("/node/{number}/history", GET, browse.element_history),
    ("/way/{number}", GET, browse.element),
    ("/way/{number}/history", GET, browse.element_history),
    ("/relation/{number}", GET, browse.element),
    ("/relation/{number}/history", GET, browse.element_history),
    ("/history", GET, history.history),
    ("/changeset/{number}", GET, history.changeset),
    ("/user/{name}", GET, history.mapper),
    ("/places", GET, info.places),
    ("/towns", GET, info.towns),
    ("/text", GET, info.as_text),
    ("/about", GET, info.about),
    ("/help", GET, info.user_guide),
    ("/copyright", GET, info.rights),
    ("/map.svg", GET, picture.picture),
    ("/nominatim/search", GET, api.geocode),
    ("/nominatim/reverse", GET, api.reverse),
    ("/osrm/{profile}/route/v1/driving/{points}", GET, api.route),
    ("/routing/{profile}/route/v1/driving/{points}", GET, api.route),
    ("/api/0.6/{type}/{number}.json", GET, api.element),
)


@cache
def routes() -> tuple[BaseRoute, ...]:
    return table(ROWS, SKIN)
