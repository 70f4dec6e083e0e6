"""Profiles: what somebody has written, and what they say of themselves."""

import sqlite3
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain import posts
from webarena_mini.sites.forum.pages import listings
from webarena_mini.sites.forum.pages.frame import render
from webarena_mini.sites.forum.pages.lookup import user_of

_BIOGRAPHY_LIMIT = 300
_NEW = posts.Order("new", "all")


async def overview(request: Request) -> Response:
    """Submissions and comments together, the newest first."""
    user = user_of(request)
    written = listings.submissions(request, _NEW, "s.user_id = ?", user["id"])
    said = listings.comments(request, "c.user_id = ?", user["id"])
    return render(request, "user.html", tab="overview", submissions=written, comments=said, **_about(request, user))


async def submissions(request: Request) -> Response:
    user = user_of(request)
    written = listings.submissions(request, _NEW, "s.user_id = ?", user["id"])
    return render(request, "user.html", tab="submissions", submissions=written, comments=None, **_about(request, user))


async def comments(request: Request) -> Response:
    user = user_of(request)
    said = listings.comments(request, "c.user_id = ?", user["id"])
    return render(request, "user.html", tab="comments", submissions=None, comments=said, **_about(request, user))


async def edit_biography(request: Request) -> Response:
    user = own(request)
    if request.method == "GET":
        return render(request, "biography.html", user=user, biography=user["biography"], error="")
    biography = (await posted(request))["biography"]
    if len(biography) > _BIOGRAPHY_LIMIT:
        error = f"At most {_BIOGRAPHY_LIMIT} characters; these are {len(biography)}."
        return render(request, "biography.html", user=user, biography=biography, error=error)
    database_of(request).run("update users set biography = ? where id = ?", biography, user["id"])
    return redirect_to(f"/user/{user['name']}")


def own(request: Request) -> sqlite3.Row:
    """The logged-in user, who must be the one in the URL."""
    visitor = require_user(request)
    if user_of(request)["id"] != visitor["id"]:
        raise HTTPException(403, "This page belongs to somebody else.")
    return visitor


def _about(request: Request, user: sqlite3.Row) -> dict[str, Any]:
    numbers = database_of(request).one(
        """select (select count(*) from submissions where user_id = ?1) as submissions,
        (select count(*) from comments where user_id = ?1 and not deleted) as comments,
        (select coalesce(sum(net_score), 0) from submissions where user_id = ?1) as submission_score,
        (select coalesce(sum(net_score), 0) from comments where user_id = ?1 and not deleted) as comment_score""",
        user["id"],
    )
    moderated = database_of(request).all(
        "select f.name from forums f join moderators m on m.forum_id = f.id where m.user_id = ? order by f.name",
        user["id"],
    )
    active_in = database_of(request).all(
        """select f.name, sum(written) as submissions, sum(1 - written) as comments from (
            select forum_id, 1 as written from submissions where user_id = ?1
            union all
            select s.forum_id, 0 from comments c join submissions s on s.id = c.submission_id
            where c.user_id = ?1 and not c.deleted
        ) posts join forums f on f.id = posts.forum_id
        group by f.id order by count(*) desc, f.name collate nocase limit 8""",
        user["id"],
    )
    best = posts.best_comments(database_of(request), visitor_of(request).user_id, user)
    return {"user": user, "numbers": numbers, "moderated": moderated, "active_in": active_in, "best": best}
