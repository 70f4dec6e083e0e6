"""The embedded wiki, "Commonlore", with the path shapes of the official "wikipedia" site."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.site import Instance, Site
from webarena_mini.sites.wiki.domain.text import BOOK, LANDING
from webarena_mini.sites.wiki.pages.frame import render
from webarena_mini.sites.wiki.routes import routes
from webarena_mini.sites.wiki.seed.build import build


def build_app(instance: Instance) -> Starlette:
    app = Starlette(routes=routes(), exception_handlers={HTTPException: _http_error, Exception: _server_error})
    app.state.instance = instance
    return app


async def _http_error(request: Request, error: Exception) -> Response:
    status, detail = read_http_error(error)
    heading = "Not found" if status == 404 else "That did not work"
    wanted = request.path_params.get("path", "").replace("_", " ")[:100]
    return render(request, "error.html", status_code=status, heading=heading, detail=detail, wanted=wanted)


async def _server_error(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    detail = "The server made a mistake. Go back, or return to the main page."
    return render(request, "error.html", status_code=500, heading="Internal error", detail=detail, wanted="")


SITE = Site(name="wikipedia", snapshot=cache(build), app=build_app, path=f"/{BOOK}/A/{LANDING}")
