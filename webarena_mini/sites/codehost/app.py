"""The embedded code hosting site, with the URLs and page hooks of the official "gitlab" site."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.redirects import see_other
from webarena_mini.kit.sessions import LoginNeeded, open_session
from webarena_mini.kit.site import Instance, Site
from webarena_mini.sites.codehost.pages.frame import login_path, render
from webarena_mini.sites.codehost.routes import routes
from webarena_mini.sites.codehost.seed.build import build
from webarena_mini.sites.codehost.seed.people import ACCOUNT

_HEADINGS = {400: "Bad request", 403: "Not allowed", 404: "Page not found", 405: "Not allowed", 413: "Too large"}


def build_app(instance: Instance) -> Starlette:
    instance.database.run("pragma foreign_keys = on")
    app = Starlette(
        routes=routes(),
        exception_handlers={HTTPException: _http_error, LoginNeeded: _to_login, Exception: _server_error},
    )
    app.state.instance = instance
    return app


async def _http_error(request: Request, error: Exception) -> Response:
    status, detail = read_http_error(error)
    heading = _HEADINGS.get(status, "Something is wrong")
    return render(request, "error.html", status_code=status, heading=heading, detail=detail)


async def _to_login(request: Request, error: Exception) -> Response:
    return see_other(login_path(request))


async def _server_error(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    detail = "The server made a mistake. Try again, or go back to your projects."
    return render(request, "error.html", status_code=500, heading="Internal error", detail=detail)


def login(database: Database) -> str:
    """Opens a session of the official account and returns its token."""
    user_id = database.value("select id from users where username = ?", ACCOUNT)
    return open_session(database, user_id)[0]


SITE = Site(name="gitlab", snapshot=cache(build), app=build_app, login=login)
