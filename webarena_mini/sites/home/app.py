"""The embedded home page, "Front Desk": links to the other sites, a calculator, a scratchpad and passwords."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.site import Instance, Site
from webarena_mini.sites.home.pages.frame import render
from webarena_mini.sites.home.routes import routes
from webarena_mini.sites.home.seed.build import build


def build_app(instance: Instance) -> Starlette:
    app = Starlette(routes=routes(), exception_handlers={HTTPException: _http_error, Exception: _server_error})
    app.state.instance = instance
    return app


async def _http_error(request: Request, error: Exception) -> Response:
    status, detail = read_http_error(error)
    heading = "Page not found" if status == 404 else "That did not work"
    return render(request, "error.html", status_code=status, heading=heading, detail=detail)


async def _server_error(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    detail = "The site made a mistake. Try again, or go back to the home page."
    return render(request, "error.html", status_code=500, heading="Internal error", detail=detail)


SITE = Site(name="homepage", snapshot=cache(build), app=build_app)
