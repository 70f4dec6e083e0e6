"""The embedded shop admin, "Solbrook Backstage", with the storefront of the same store on the same origin."""

import functools
from collections.abc import Callable
from functools import cache

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.pages import Pages
from webarena_mini.kit.site import Instance, Site
from webarena_mini.kit.tokens import new_token
from webarena_mini.sites.admin import FOLDER
from webarena_mini.sites.admin.domain.money import decimal, long_day, long_moment, money, short_day, us_day
from webarena_mini.sites.admin.pages.visit import Store, Visit
from webarena_mini.sites.admin.routes import routes
from webarena_mini.sites.admin.seed.build import build


@functools.cache
def _pages() -> Pages:
    """One set of compiled templates for all instances of the process."""
    filters: dict[str, Callable[..., str]] = {
        "money": money,
        "decimal": decimal,
        "day": long_day,
        "moment": long_moment,
        "short_day": short_day,
        "us_day": us_day,
    }
    return Pages(FOLDER, filters)


async def _refused(request: Request, error: Exception) -> Response:
    """No such address, or a request that cannot be read."""
    code, text = read_http_error(error)
    visit = Visit(request, request.app.state.store, FormData())
    return visit.close(visit.not_found() if code == 404 else visit.refusal(code, "Sorry, that did not work", text))


async def _failed(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    return _pages().render(request, "failed.html", status_code=500)


def app(instance: Instance) -> Starlette:
    application = Starlette(routes=routes(), exception_handlers={HTTPException: _refused, 500: _failed})
    application.state.store = Store(instance=instance, pages=_pages())
    return application


def login(database: Database) -> str:
    token = new_token()
    database.run("insert into session (token, admin_user) values (?, 1)", token)
    return token


SITE = Site(name="shopping_admin", snapshot=cache(build), app=app, login=login, path="/admin")
