"""From a table of addresses to routes."""

from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_mini.kit.media import Skin, nothing

Methods = tuple[str, ...]
Row = tuple[str, Methods, Callable[[Request], Awaitable[Response]]]
GET: Methods = ("GET",)
POST: Methods = ("POST",)
BOTH: Methods = ("GET", "POST")


def table(rows: Iterable[Row], skin: Skin) -> tuple[BaseRoute, ...]:
    """Routes of the rows, the first that fits answers, and of style sheets and scripts before them."""
    return (
        Route(skin.route, skin.serve),
        Route("/favicon.ico", nothing),
        *(Route(path, handler, methods=methods) for path, methods, handler in rows),
    )
