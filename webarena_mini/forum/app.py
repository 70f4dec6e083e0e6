"""The forum as an ASGI application on one instance's database."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_mini.forum.context import SKIN, login_path, render
from webarena_mini.forum.views import (
    about,
    account,
    comments,
    forums,
    lists,
    notifications,
    search,
    submissions,
    users,
    votes,
)
from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.media import nothing
from webarena_mini.kit.redirects import see_other
from webarena_mini.kit.sessions import LoginNeeded
from webarena_mini.kit.site import Instance

_HEADINGS = {400: "Bad request", 403: "Not allowed", 404: "Page not found", 405: "Not allowed", 413: "Too large"}


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
    views = (lists, forums, submissions, comments, votes, users, account, notifications, search, about)
    return (
        *(route for view in views for route in view.routes()),
        Route(SKIN.route, SKIN.serve),
        Route("/favicon.ico", nothing),
    )


async def _http_error(request: Request, error: Exception) -> Response:
    status, detail = read_http_error(error)
    heading = _HEADINGS.get(status, "Something is wrong")
    return render(request, "error.html", status_code=status, heading=heading, detail=detail)


async def _to_login(request: Request, error: Exception) -> Response:
    return see_other(login_path(request))


async def _server_error(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    detail = "The site made a mistake. Try again, or go back to the front page."
    return render(request, "error.html", status_code=500, heading="Internal error", detail=detail)
