"""From a table of addresses to routes: who may come in, whether the form is ours, which handler answers."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_mini.kit.redirects import address_of
from webarena_mini.sites.admin.pages.visit import Visit

Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]
Routes = dict[str, tuple[Handler | None, Handler | None]]
LOGIN = "/admin/"


def endpoint(on_get: Handler | None, on_post: Handler | None, *, signed_in: bool) -> Endpoint:
    async def respond(request: Request) -> Response:
        posted = request.method == "POST"
        # The body is awaited before the database is touched: from here to the answer nothing else runs.
        form = await request.form(max_files=0, max_fields=400) if posted else FormData()
        visit = Visit(request, form)
        handler = on_post if posted else on_get
        if signed_in and visit.user_id is None:
            return visit.close(visit.redirect(_login_path(request)))
        if handler is None:
            raise HTTPException(405)
        if posted and not visit.form_is_ours:
            visit.error("Invalid form key. Please refresh the page.")
            return visit.close(visit.back(LOGIN))
        refused = None if posted else visit.take_refused()
        return visit.close(refused or handler(visit))

    return respond


def table(rows: Mapping[str, tuple[Handler | None, Handler | None]], *, signed_in: bool) -> Iterator[BaseRoute]:
    """Every address with and without its trailing slash."""
    for path, (on_get, on_post) in rows.items():
        answer = endpoint(on_get, on_post, signed_in=signed_in)
        for address in dict.fromkeys((path, path.rstrip("/") or "/")):
            yield Route(address, answer, methods=["GET", "POST"])


def _login_path(request: Request) -> str:
    """The log-in page, with the way back to what the visitor wanted to see."""
    if request.method != "GET":
        return LOGIN
    return f"{LOGIN}?next={quote(address_of(request))}"
