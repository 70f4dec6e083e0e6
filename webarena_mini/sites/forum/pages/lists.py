"""The front page and the lists of a forum."""

import sqlite3
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webarena_mini.kit.sessions import require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain import sidebar
from webarena_mini.sites.forum.pages import listings
from webarena_mini.sites.forum.pages.frame import render
from webarena_mini.sites.forum.pages.lookup import forum_of

Handler = Callable[[Request], Awaitable[Response]]
_SUBSCRIBED = "s.forum_id in (select forum_id from subscriptions where user_id = ?)"


def front(scope: str, sort: str) -> Handler:
    """Handler of a list over many forums; scope "" chooses the visitor's own forums when there are any."""

    async def show(request: Request) -> Response:
        order = listings.order_of(request, sort)
        column = sidebar.front_column(database_of(request), visitor_of(request).user_id)
        chosen = scope or ("subscribed" if column.subscribed else "featured")
        if chosen == "subscribed":
            page = listings.submissions(request, order, _SUBSCRIBED, require_user(request)["id"])
        else:
            page = listings.submissions(request, order, "f.featured" if chosen == "featured" else "1")
        return render(
            request,
            "front.html",
            scope=chosen,
            base=f"/{scope}" if scope else "",
            order=order,
            page=page,
            column=column,
        )

    return show


def forum(sort: str) -> Handler:
    async def show(request: Request) -> Response:
        shown = forum_of(request)
        if renamed := _renamed(request, shown):
            return renamed
        order = listings.order_of(request, sort)
        return render(
            request,
            "forum.html",
            forum=shown,
            column=sidebar.forum_column(database_of(request), shown),
            base=f"/f/{shown['name']}",
            order=order,
            page=listings.submissions(request, order, "s.forum_id = ?", shown["id"]),
        )

    return show


async def all_comments(request: Request) -> Response:
    return render(
        request,
        "comments.html",
        page=listings.comments(request),
        column=sidebar.front_column(database_of(request), visitor_of(request).user_id),
    )


async def forum_comments(request: Request) -> Response:
    shown = forum_of(request)
    if renamed := _renamed(request, shown):
        return renamed
    return render(
        request,
        "forum_comments.html",
        forum=shown,
        column=sidebar.forum_column(database_of(request), shown),
        base=f"/f/{shown['name']}",
        page=listings.comments(request, "s.forum_id = ?", shown["id"]),
    )


def _renamed(request: Request, forum: sqlite3.Row) -> Response | None:
    """To the same list under the name as the forum writes it, when the URL has another case."""
    given, name = request.path_params["forum"], forum["name"]
    if given == name:
        return None
    path = request.url.path.replace(f"/f/{given}", f"/f/{name}", 1)
    return RedirectResponse(path + (f"?{request.url.query}" if request.url.query else ""), status_code=302)
