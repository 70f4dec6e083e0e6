"""The front page and the lists of a forum."""

from collections.abc import Awaitable, Callable, Iterator

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from webarena_runner.minisites._sessions import require_user
from webarena_runner.minisites.forum import listings, sidebar
from webarena_runner.minisites.forum.context import render
from webarena_runner.minisites.forum.lookup import forum_of

Handler = Callable[[Request], Awaitable[Response]]
_SUBSCRIBED = "s.forum_id in (select forum_id from subscriptions where user_id = ?)"


def front(scope: str, sort: str) -> Handler:
    """Handler of a list over many forums; scope "" chooses the visitor's own forums when there are any."""

    async def show(request: Request) -> Response:
        order = listings.order_of(request, sort)
        own = sidebar.subscribed_forums(request)
        chosen = scope or ("subscribed" if own else "featured")
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
            subscribed=own,
            popular=sidebar.popular_forums(request),
        )

    return show


def forum(sort: str) -> Handler:
    async def show(request: Request) -> Response:
        shown = forum_of(request)
        if shown["name"] != request.path_params["forum"]:
            return _renamed(request, shown["name"])
        order = listings.order_of(request, sort)
        return render(
            request,
            "forum.html",
            forum=shown,
            moderators=sidebar.moderators(request, shown),
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
        subscribed=sidebar.subscribed_forums(request),
        popular=sidebar.popular_forums(request),
    )


async def forum_comments(request: Request) -> Response:
    shown = forum_of(request)
    return render(
        request,
        "forum_comments.html",
        forum=shown,
        moderators=sidebar.moderators(request, shown),
        base=f"/f/{shown['name']}",
        page=listings.comments(request, "s.forum_id = ?", shown["id"]),
    )


async def about(request: Request) -> Response:
    return render(request, "about.html", popular=sidebar.popular_forums(request))


def _renamed(request: Request, name: str) -> Response:
    path = request.url.path.replace(f"/f/{request.path_params['forum']}", f"/f/{name}", 1)
    return RedirectResponse(path + (f"?{request.url.query}" if request.url.query else ""), status_code=302)


def routes() -> Iterator[BaseRoute]:
    for scope in ("", "featured", "subscribed", "all"):
        base = f"/{scope}" if scope else ""
        yield Route(base or "/", front(scope, "hot"))
        for sort in listings.SORTS:
            yield Route(f"{base}/{sort}", front(scope, sort))
    yield Route("/comments", all_comments)
    yield Route("/about", about)
    yield Route("/f/{forum}", forum("hot"))
    yield Route("/f/{forum}/comments", forum_comments)
    for sort in listings.SORTS:
        yield Route(f"/f/{{forum}}/{sort}", forum(sort))
