"""The embedded shop, "Larkfield Market": catalogue, cart, checkout, accounts, and the order and review interface."""

import functools
from datetime import datetime
from functools import cache

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.pages import Pages
from webarena_mini.kit.site import Instance, Site
from webarena_mini.kit.tokens import new_token
from webarena_mini.sites.shop import FOLDER
from webarena_mini.sites.shop.pages import rest
from webarena_mini.sites.shop.pages.visit import Shop, Visit
from webarena_mini.sites.shop.routes import routes
from webarena_mini.sites.shop.seed.build import build
from webarena_mini.sites.shop.seed.customers import OFFICIAL_ID

REST_FAILURES = {404: "Request does not match any route.", 405: "This route does not take that method."}


def _is_rest(request: Request) -> bool:
    return request.url.path.startswith("/rest/")


def money(cents: int) -> str:
    return f"${cents / 100:,.2f}"


def day(moment: str) -> str:
    date = datetime.fromisoformat(moment)
    return f"{date:%b} {date.day}, {date.year}"


def anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


@functools.cache
def _pages() -> Pages:
    """One set of compiled templates for all instances of the process."""
    return Pages(FOLDER, {"money": money, "day": day, "anchor": anchor})


async def _refused(request: Request, error: Exception) -> Response:
    """No such address, or a request that cannot be read: a page in the shop's frame."""
    code = error.status_code if isinstance(error, HTTPException) else 400
    if _is_rest(request):
        return rest.failure(code, REST_FAILURES.get(code, "The request cannot be read."))
    visit = Visit(request, request.app.state.shop, FormData())
    if code == 404:
        return visit.close(visit.not_found())
    text = "We could not read this request."
    return visit.close(visit.page("error.html", status_code=code, title="Sorry, that did not work", text=text))


async def _failed(request: Request, error: Exception) -> Response:
    if _is_rest(request):
        return rest.failure(500, "Something went wrong on our side.")
    text = "Something went wrong on our side."
    return _pages().render(request, "error_bare.html", status_code=500, title="Sorry, that did not work", text=text)


def app(instance: Instance) -> Starlette:
    application = Starlette(routes=routes(), exception_handlers={HTTPException: _refused, 500: _failed})
    application.state.shop = Shop(instance=instance, pages=_pages())
    return application


def login(database: Database) -> str:
    token = new_token()
    database.run("insert into session (token, customer) values (?, ?)", token, OFFICIAL_ID)
    return token


SITE = Site(name="shopping", snapshot=cache(build), app=app, login=login)
