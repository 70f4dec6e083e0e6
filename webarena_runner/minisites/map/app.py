"""The map as an ASGI application on one instance's database."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_runner.minisites._kit import Instance
from webarena_runner.minisites.map.assets import TYPES, asset
from webarena_runner.minisites.map.context import render
from webarena_runner.minisites.map.views import api, browse, directions, history, info, picture, search

_HEADINGS = {404: "Page not found", 405: "Not allowed"}
_DETAILS = {404: "There is nothing at this address.", 405: "This address does not take that kind of request."}


def build_app(instance: Instance) -> Starlette:
    app = Starlette(routes=_routes(), exception_handlers={HTTPException: _http_error, Exception: _server_error})
    app.state.instance = instance
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    views = (search, directions, browse, history, info, picture, api)
    return (
        *(route for view in views for route in view.routes()),
        Route("/assets/{version}/{name}", _asset),
        Route("/favicon.ico", _favicon),
    )


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in TYPES:
        raise HTTPException(404)
    headers = {"cache-control": "max-age=31536000, immutable"}
    return Response(asset(name), media_type=TYPES[name], headers=headers)


async def _favicon(request: Request) -> Response:
    return Response(status_code=204)


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    standard = error.detail in ("Not Found", "Method Not Allowed")
    detail = _DETAILS.get(status, "") if standard else error.detail
    heading = _HEADINGS.get(status, "Something is wrong")
    return render(request, "error.html", status_code=status, heading=heading, detail=detail)


async def _server_error(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    detail = "The map made a mistake. Try again, or go back to the start page."
    return render(request, "error.html", status_code=500, heading="Internal error", detail=detail)
