"""The embedded shop admin, "Solbrook Backstage", with the storefront of the same store on the same origin."""

import functools
from collections.abc import Callable
from itertools import chain

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_runner.minisites._kit import Database, Instance, Pages, Site, new_token
from webarena_runner.minisites._skin import read_http_error
from webarena_runner.minisites.admin.media import product_image, static_file
from webarena_runner.minisites.admin.money import decimal, long_day, long_moment, money, short_day
from webarena_runner.minisites.admin.routing import endpoint, table
from webarena_runner.minisites.admin.seed import build
from webarena_runner.minisites.admin.views import (
    configurations,
    customers,
    entry,
    lists,
    orders,
    pages,
    papers,
    products,
    reports,
    reviews,
    rules,
    store,
)
from webarena_runner.minisites.admin.visit import Store, Visit


@functools.cache
def _pages() -> Pages:
    """One set of compiled templates for all instances of the process."""
    filters: dict[str, Callable[..., str]] = {
        "money": money,
        "decimal": decimal,
        "day": long_day,
        "moment": long_moment,
        "short_day": short_day,
    }
    return Pages("admin", filters)


@functools.cache
def _routes() -> tuple[BaseRoute, ...]:
    """Routes hold no state, so all instances share them."""
    office = (entry, lists, orders, papers, products, configurations, customers, reviews, pages, rules, reports)
    anyone = {**store.routes(), **entry.open_routes()}
    inside = dict(chain.from_iterable(views.routes().items() for views in office))
    return (
        *table(anyone, signed_in=False),
        *table(inside, signed_in=True),
        Route("/media/{slug}.svg", product_image),
        Route("/static/admin/{name}", static_file),
        Route("/admin/{path:path}", endpoint(lambda visit: visit.not_found(), None, signed_in=True)),
        Route("/{path:path}.html", endpoint(store.by_path, None, signed_in=False)),
        Route("/{path:path}", endpoint(store.own_page, None, signed_in=False)),
    )


async def _refused(request: Request, error: Exception) -> Response:
    """No such address, or a request that cannot be read."""
    code, text = read_http_error(error)
    visit = Visit(request, request.app.state.store, FormData())
    return visit.close(visit.not_found() if code == 404 else visit.refusal(code, "Sorry, that did not work", text))


async def _failed(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    return _pages().render(request, "failed.html", status_code=500)


def app(instance: Instance) -> Starlette:
    application = Starlette(routes=_routes(), exception_handlers={HTTPException: _refused, 500: _failed})
    application.state.store = Store(instance=instance, pages=_pages())
    return application


def login(database: Database) -> str:
    token = new_token()
    database.run("insert into session (token, admin_user) values (?, 1)", token)
    return token


@functools.cache
def snapshot() -> bytes:
    return build()


SITE = Site(name="shopping_admin", snapshot=snapshot, app=app, login=login, path="/admin")
