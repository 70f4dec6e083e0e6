"""The list of forums, creating and editing one, subscribing."""

import re
import sqlite3
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import tick
from webarena_mini.kit.redirects import back, redirect_to
from webarena_mini.kit.sessions import posted, require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain import sidebar
from webarena_mini.sites.forum.pages.frame import render
from webarena_mini.sites.forum.pages.listings import PER_PAGE, page_number, paged
from webarena_mini.sites.forum.pages.lookup import forum_of

_NAME = re.compile(r"[A-Za-z0-9_]{3,25}")
_ORDERS = {
    "name": "f.name collate nocase",
    "title": "f.title collate nocase",
    "submissions": "submissions desc, f.name",
    "subscribers": "subscribers desc, f.name",
}
_LIMITS = {"title": 100, "description": 300, "sidebar": 10_000}


async def forums(request: Request) -> Response:
    sort = request.path_params.get("sort", "subscribers")
    if sort not in _ORDERS:
        raise HTTPException(404, "Forums can be listed by name, title, submissions or subscribers.")
    rows = database_of(request).all(
        f"""select f.*, (select count(*) from submissions where forum_id = f.id) as submissions,
        (select count(*) from subscriptions where forum_id = f.id) as subscribers,
        exists (select 1 from subscriptions where forum_id = f.id and user_id = ?) as subscribed
        from forums f order by {_ORDERS[sort]} limit ? offset ?""",
        visitor_of(request).user_id,
        PER_PAGE + 1,
        (page_number(request) - 1) * PER_PAGE,
    )
    return render(request, "forums.html", page=paged(request, rows), sort=sort)


async def all_forums(request: Request) -> Response:
    """Every forum by name, on one page."""
    rows = database_of(request).all(
        """select name, title, (select count(*) from submissions where forum_id = forums.id) as submissions,
        (select count(*) from subscriptions where forum_id = forums.id) as subscribers
        from forums order by name collate nocase"""
    )
    return render(
        request,
        "all_forums.html",
        forums=rows,
        column=sidebar.front_column(database_of(request), visitor_of(request).user_id),
    )


async def create(request: Request) -> Response:
    user = require_user(request)
    if request.method == "GET":
        return _form(request, None, {}, {})
    form = await posted(request)
    database = database_of(request)
    errors = _errors(form.values)
    name = form["name"]
    if not _NAME.fullmatch(name):
        errors["name"] = "Use 3 to 25 letters, digits and underscores."
    elif database.one("select 1 from forums where name = ?", name):
        errors["name"] = "There is already a forum with this name."
    if errors:
        return _form(request, None, form.values, errors)
    forum_id = database.run(
        "insert into forums (name, title, description, sidebar, created_at) values (?, ?, ?, ?, ?)",
        name,
        form["title"],
        form["description"],
        form["sidebar"],
        tick(database),
    )
    database.run("insert into moderators values (?, ?)", forum_id, user["id"])
    database.run("insert into subscriptions values (?, ?)", forum_id, user["id"])
    return redirect_to(f"/f/{name}")


async def edit(request: Request) -> Response:
    require_user(request)
    forum = forum_of(request)
    if not forum["moderated"]:
        raise HTTPException(403, f"Only moderators of {forum['name']} can edit it.")
    if request.method == "GET":
        return _form(request, forum, dict(forum), {})
    form = await posted(request)
    errors = _errors(form.values)
    if errors:
        return _form(request, forum, form.values, errors)
    database_of(request).run(
        "update forums set title = ?, description = ?, sidebar = ? where id = ?",
        form["title"],
        form["description"],
        form["sidebar"],
        forum["id"],
    )
    return redirect_to(f"/f/{forum['name']}")


async def subscribe(request: Request) -> Response:
    user, forum = require_user(request), forum_of(request)
    await posted(request)
    database_of(request).run("insert or ignore into subscriptions values (?, ?)", forum["id"], user["id"])
    return back(request, f"/f/{forum['name']}")


async def unsubscribe(request: Request) -> Response:
    user, forum = require_user(request), forum_of(request)
    await posted(request)
    database_of(request).run("delete from subscriptions where forum_id = ? and user_id = ?", forum["id"], user["id"])
    return back(request, f"/f/{forum['name']}")


def _errors(values: Mapping[str, str]) -> dict[str, str]:
    errors = {}
    for name, limit in _LIMITS.items():
        length = len(values.get(name, ""))
        if not length:
            errors[name] = "This field cannot be empty."
        elif length > limit:
            errors[name] = f"At most {limit} characters; these are {length}."
    return errors


def _form(
    request: Request, forum: sqlite3.Row | None, values: Mapping[str, object], errors: Mapping[str, str]
) -> Response:
    return render(request, "forum_form.html", forum=forum, values=values, errors=errors)
