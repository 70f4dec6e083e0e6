"""The forum as an ASGI application on one instance's database."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_runner.minisites._kit import Instance
from webarena_runner.minisites._sessions import LoginNeeded, see_other
from webarena_runner.minisites.forum.assets import stylesheet
from webarena_runner.minisites.forum.context import login_path, render
from webarena_runner.minisites.forum.views import account, comments, forums, lists, search, submissions, users, votes

_HEADINGS = {400: "Bad request", 403: "Not allowed", 404: "Page not found", 405: "Not allowed", 413: "Too large"}
_DETAILS = {404: "There is nothing at this address.", 405: "This address does not take that kind of request."}


def build_app(instance: Instance) -> Starlette:
    instance.database.run("pragma foreign_keys = on")
    app = Starlette(
        routes=_routes(),
        exception_handlers={HTTPException: _http_error, LoginNeeded: _to_login, Exception: _server_error},
    )
    app.state.instance = instance
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    views = (lists, forums, submissions, comments, votes, users, account, search)
    return (
        *(route for view in views for route in view.routes()),
        Route("/assets/{version}/forum.css", _stylesheet),
        Route("/favicon.ico", _favicon),
    )


async def _stylesheet(request: Request) -> Response:
    return Response(stylesheet(), media_type="text/css", headers={"cache-control": "max-age=31536000, immutable"})


async def _favicon(request: Request) -> Response:
    return Response(status_code=204)


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    standard = error.detail in ("Not Found", "Method Not Allowed")
    return render(
        request,
        "error.html",
        status_code=status,
        heading=_HEADINGS.get(status, "Something is wrong"),
        detail=_DETAILS.get(status, "") if standard else error.detail,
    )


async def _to_login(request: Request, error: Exception) -> Response:
    return see_other(login_path(request))


async def _server_error(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    detail = "The site made a mistake. Try again, or go back to the front page."
    return render(request, "error.html", status_code=500, heading="Internal error", detail=detail)
