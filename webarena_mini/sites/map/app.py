"""The embedded map, "Wayside Atlas": search, directions by three engines, and pages of the elements of the map."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.site import Instance, Site
from webarena_mini.sites.map.pages.frame import render
from webarena_mini.sites.map.routes import routes
from webarena_mini.sites.map.seed.build import build

_HEADINGS = {404: "Page not found", 405: "Not allowed"}


def build_app(instance: Instance) -> Starlette:
    app = Starlette(routes=routes(), exception_handlers={HTTPException: _http_error, Exception: _server_error})
    app.state.instance = instance
    return app


async def _http_error(request: Request, error: Exception) -> Response:
    status, detail = read_http_error(error)
    heading = _HEADINGS.get(status, "Something is wrong")
    return render(request, "error.html", status_code=status, heading=heading, detail=detail)


async def _server_error(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    detail = "The map made a mistake. Try again, or go back to the start page."
    return render(request, "error.html", status_code=500, heading="Internal error", detail=detail)


SITE = Site(name="map", snapshot=cache(build), app=build_app)
