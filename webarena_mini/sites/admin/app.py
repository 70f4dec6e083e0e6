"""The embedded shop admin, "Solbrook Backstage", with the storefront of the same store on the same origin."""

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.site import Instance, Site, seeded
from webarena_mini.sites.admin.pages.visit import Visit, pages
from webarena_mini.sites.admin.routes import routes


async def _refused(request: Request, error: Exception) -> Response:
    """No such address, or a request that cannot be read."""
    code, text = read_http_error(error)
    visit = Visit(request, FormData())
    return visit.close(visit.not_found() if code == 404 else visit.refusal(code, "Sorry, that did not work", text))


async def _failed(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    return pages().render(request, "failed.html", status_code=500)


def app(instance: Instance) -> Starlette:
    application = Starlette(routes=routes(), exception_handlers={HTTPException: _refused, 500: _failed})
    application.state.instance = instance
    return application


def login(database: Database) -> str:
    return Visit.open_session(database, 1)


SITE = Site(name="shopping_admin", snapshot=seeded(__name__), app=app, login=login, path="/admin")
