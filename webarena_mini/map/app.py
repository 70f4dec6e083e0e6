"""The map as an ASGI application on one instance's database."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.media import nothing
from webarena_mini.kit.site import Instance
from webarena_mini.map.context import SKIN, render
from webarena_mini.map.views import api, browse, directions, history, info, picture, search

_HEADINGS = {404: "Page not found", 405: "Not allowed"}


def build_app(instance: Instance) -> Starlette:
    app = Starlette(routes=_routes(), exception_handlers={HTTPException: _http_error, Exception: _server_error})
    app.state.instance = instance
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    views = (search, directions, browse, history, info, picture, api)
    return (
        *(route for view in views for route in view.routes()),
        Route(SKIN.route, SKIN.serve),
        Route("/favicon.ico", nothing),
    )


async def _http_error(request: Request, error: Exception) -> Response:
    status, detail = read_http_error(error)
    heading = _HEADINGS.get(status, "Something is wrong")
    return render(request, "error.html", status_code=status, heading=heading, detail=detail)


async def _server_error(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    detail = "The map made a mistake. Try again, or go back to the start page."
    return render(request, "error.html", status_code=500, heading="Internal error", detail=detail)
