"""The wiki as an ASGI application on one instance's database."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.media import nothing
from webarena_mini.kit.site import Instance
from webarena_mini.wiki import pictures, views
from webarena_mini.wiki.page import SKIN, render
from webarena_mini.wiki.text import BOOK, LANDING


def build_app(instance: Instance) -> Starlette:
    app = Starlette(routes=_routes(), exception_handlers={HTTPException: _http_error, Exception: _server_error})
    app.state.instance = instance
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    return (
        Route("/", views.library),
        Route("/search", views.search),
        Route("/suggest", views.suggest),
        Route("/random", views.random_article),
        Route(SKIN.route, SKIN.serve),
        Route("/favicon.ico", nothing),
        Route(f"/{BOOK}", _home),
        Route(f"/{BOOK}/", _home),
        Route(f"/{BOOK}/A/", _home),
        Route(f"/{BOOK}/A/Main_Page", _home),
        Route(f"/{BOOK}/A/{LANDING}", views.landing),
        Route(f"/{BOOK}/I/{{kind}}/{{path:path}}.svg", pictures.picture),
        Route(f"/{BOOK}/A/{{path:path}}", views.article),
    )


async def _home(request: Request) -> Response:
    return RedirectResponse(f"/{BOOK}/A/{LANDING}", status_code=302)


async def _http_error(request: Request, error: Exception) -> Response:
    status, detail = read_http_error(error)
    heading = "Not found" if status == 404 else "That did not work"
    wanted = request.path_params.get("path", "").replace("_", " ")[:100]
    return render(request, "error.html", status_code=status, heading=heading, detail=detail, wanted=wanted)


async def _server_error(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    detail = "The server made a mistake. Go back, or return to the main page."
    return render(request, "error.html", status_code=500, heading="Internal error", detail=detail, wanted="")
