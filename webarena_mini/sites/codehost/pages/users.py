"""Users' public pages, following, and what stands at the root of a name: a user or a group."""

import sqlite3
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.redirects import back
from webarena_mini.kit.sessions import posted, require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import PROJECTS, role_in_group, seen_by
from webarena_mini.sites.codehost.domain.calendar_chart import contributions
from webarena_mini.sites.codehost.pages.feeds import feed, newest
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.group_lists import group_list
from webarena_mini.sites.codehost.pages.lookup import user_named
from webarena_mini.sites.codehost.pages.paging import paged

TABS = {
    "activity": "Activity",
    "groups": "Groups",
    "contributed": "Contributed projects",
    "projects": "Personal projects",
    "starred": "Starred projects",
    "followers": "Followers",
    "following": "Following",
}
_NEWEST = 12
_PROJECT_TABS = {
    "contributed": "p.id in (select project_id from events where user_id = ?)",
    "projects": "n.user_id = ?",
    "starred": "p.id in (select project_id from stars where user_id = ?)",
}
_PEOPLE_TABS = {
    "followers": "select u.* from users u join follows f on f.follower_id = u.id where f.user_id = ?",
    "following": "select u.* from users u join follows f on f.user_id = u.id where f.follower_id = ?",
}


async def overview(request: Request) -> Response:
    return _page(request, user_named(request, request.path_params["user"]), "overview")


async def tab(request: Request) -> Response:
    name = request.path_params["tab"]
    if name not in TABS:
        raise HTTPException(404, f"A user's page has no part called “{name}”.")
    return _page(request, user_named(request, request.path_params["user"]), name)


async def follow(request: Request) -> Response:
    visitor, user = require_user(request), user_named(request, request.path_params["user"])
    await posted(request)
    if visitor["id"] == user["id"]:
        raise HTTPException(400, "You cannot follow yourself.")
    database_of(request).run("insert or ignore into follows values (?, ?)", visitor["id"], user["id"])
    return back(request, f"/{user['username']}")


async def unfollow(request: Request) -> Response:
    visitor, user = require_user(request), user_named(request, request.path_params["user"])
    await posted(request)
    database_of(request).run("delete from follows where follower_id = ? and user_id = ?", visitor["id"], user["id"])
    return back(request, f"/{user['username']}")


def _page(request: Request, user: sqlite3.Row, shown: str) -> Response:
    database, visitor_id = database_of(request), visitor_of(request).user_id
    parts: dict[str, Any] = dict.fromkeys(("projects", "people", "groups", "events", "feed", "chart"))
    visible = seen_by(visitor_id)
    if shown in _PROJECT_TABS:
        sql = f"{PROJECTS} where {visible} and {_PROJECT_TABS[shown]}"
        parts["projects"] = paged(request, sql, user["id"], order="active_at desc, id")
    elif shown in _PEOPLE_TABS:
        parts["people"] = paged(request, _PEOPLE_TABS[shown], user["id"], order="name collate nocase")
    elif shown == "groups":
        member = f"{role_in_group(user['id'])} is not null"
        parts["groups"] = group_list(request, role_of=user["id"], where=member)
    elif shown == "activity":
        parts["feed"] = feed(request, "e.user_id = ?", user["id"])
        parts["chart"] = contributions(database, user["id"], visible)
    else:
        parts["events"] = newest(request, "e.user_id = ?", user["id"], limit=_NEWEST)
        parts["chart"] = contributions(database, user["id"], visible)
        own = f"{PROJECTS} where {visible} and n.user_id = ? order by stars desc, p.id limit 6"
        parts["projects"] = database.all(own, user["id"])
    numbers = database.one(
        """select (select count(*) from follows where user_id = ?1) as followers,
        (select count(*) from follows where follower_id = ?1) as following,
        exists (select 1 from follows where follower_id = ?2 and user_id = ?1) as followed""",
        user["id"],
        visitor_id,
    )
    return render(request, "user.html", user=user, shown=shown, tabs=TABS, numbers=numbers, **parts)
