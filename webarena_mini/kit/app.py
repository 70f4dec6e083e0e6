"""A site as an ASGI application on one instance's database, with its own pages for what went wrong."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ExceptionHandler

from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.sessions import LoginNeeded, to_login
from webarena_mini.kit.site import Instance

HEADINGS = {400: "Bad request", 403: "Not allowed", 404: "Page not found", 405: "Not allowed", 413: "Too large"}


class Render(Protocol):
    def __call__(self, request: Request, template: str, *, status_code: int = 200, **values: object) -> Response: ...


def build_app(
    instance: Instance,
    routes: Sequence[BaseRoute],
    render: Render,
    *,
    headings: Mapping[int, str] = HEADINGS,
    other_heading: str = "Something is wrong",
    apology: str,
    login: str = "",
    login_first: str = "",
) -> Starlette:
    """`error.html` is shown below the heading for its status; LoginNeeded leads to `login`, told `login_first`."""

    async def refused(request: Request, error: Exception) -> Response:
        status, detail = read_http_error(error)
        heading = headings.get(status, other_heading)
        return render(request, "error.html", status_code=status, heading=heading, detail=detail)

    async def failed(request: Request, error: Exception) -> Response:
        """A page without details; the server logs the traceback."""
        return render(request, "error.html", status_code=500, heading="Internal error", detail=apology)

    async def ask_to_log_in(request: Request, error: Exception) -> Response:
        return to_login(request, login, told=login_first)

    handlers: dict[type[Exception], ExceptionHandler] = {HTTPException: refused, Exception: failed}
    if login:
        handlers[LoginNeeded] = ask_to_log_in
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.state.instance = instance
    return app
