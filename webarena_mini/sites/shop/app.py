"""The embedded shop, "Larkfield Market": catalogue, cart, checkout, accounts, and the order and review interface."""

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Instance, Site, seeded
from webarena_mini.sites.shop.pages import rest
from webarena_mini.sites.shop.pages.visit import Visit, pages
from webarena_mini.sites.shop.routes import routes

REST_FAILURES = {404: "Request does not match any route.", 405: "This route does not take that method."}


def _is_rest(request: Request) -> bool:
    return request.url.path.startswith("/rest/")


async def _refused(request: Request, error: Exception) -> Response:
    """No such address, or a request that cannot be read: a page in the shop's frame."""
    code = error.status_code if isinstance(error, HTTPException) else 400
    if _is_rest(request):
        return rest.failure(code, REST_FAILURES.get(code, "The request cannot be read."))
    visit = Visit(request, FormData())
    if code == 404:
        return visit.close(visit.not_found())
    text = "We could not read this request."
    return visit.close(visit.page("error.html", status_code=code, title="Sorry, that did not work", text=text))


async def _failed(request: Request, error: Exception) -> Response:
    if _is_rest(request):
        return rest.failure(500, "Something went wrong on our side.")
    text = "Something went wrong on our side."
    return pages().render(request, "error_bare.html", status_code=500, title="Sorry, that did not work", text=text)


def app(instance: Instance) -> Starlette:
    application = Starlette(routes=routes(), exception_handlers={HTTPException: _refused, 500: _failed})
    application.state.instance = instance
    return application


def login(database: Database) -> str:
    customer = database.value("select id from customer where email = ?", ACCOUNTS["shopping"][0])
    return Visit.open_session(database, customer)


SITE = Site(name="shopping", snapshot=seeded(__name__), app=app, login=login)
