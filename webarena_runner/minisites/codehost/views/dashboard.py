"""The visitor's own overview: projects, groups, issues, merge requests, activity."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_runner.minisites.codehost.access import PROJECTS, seen_by
from webarena_runner.minisites.codehost.context import database_of, render, require_user, see_other, visitor_of
from webarena_runner.minisites.codehost.feeds import events
from webarena_runner.minisites.codehost.filters import filters_of, found
from webarena_runner.minisites.codehost.issuables import attached
from webarena_runner.minisites.codehost.paging import paged
from webarena_runner.minisites.codehost.views.project_lists import project_list

MINE = """(p.id in (select project_id from project_members where user_id = ?1)
or p.namespace_id in (select namespace_id from group_members where user_id = ?1) or n.user_id = ?1)"""


async def root(request: Request) -> Response:
    if visitor_of(request).user is None:
        return see_other("/users/sign_in")
    return await projects(request)


async def projects(request: Request) -> Response:
    user = require_user(request)
    listed = project_list(request, f"{PROJECTS} where {MINE}", user["id"])
    return render(request, "dashboard_projects.html", tab="yours", listed=listed)


async def starred(request: Request) -> Response:
    user = require_user(request)
    own = f"{PROJECTS} where p.id in (select project_id from stars where user_id = ?1) and {seen_by(user['id'])}"
    return render(request, "dashboard_projects.html", tab="starred", listed=project_list(request, own, user["id"]))


async def groups(request: Request) -> Response:
    user = require_user(request)
    sql = """select n.*, m.role, (select count(*) from projects where namespace_id = n.id) as projects,
        (select count(*) from group_members where namespace_id = n.id) as members
        from namespaces n join group_members m on m.namespace_id = n.id where m.user_id = ?"""
    return render(request, "groups.html", explore=False, page=paged(request, sql, user["id"], order="name"))


async def issues(request: Request) -> Response:
    return _work(request, "issue")


async def merge_requests(request: Request) -> Response:
    return _work(request, "merge_request")


async def activity(request: Request) -> Response:
    user = require_user(request)
    where = f"e.project_id in (select p.id from projects p join namespaces n on n.id = p.namespace_id where {MINE})"
    return render(request, "dashboard_activity.html", events=events(request, where, user["id"], limit=40))


def _work(request: Request, kind: str) -> Response:
    """What the filters find in all projects; nothing until one names a person, as a list of everything helps nobody."""
    require_user(request)
    filters = filters_of(request, kind)
    chosen = filters.assignee or filters.author or filters.reviewer or filters.search or filters.labels
    page, counts = found(request, filters, "1" if chosen else "0")
    return render(
        request,
        "dashboard_work.html",
        kind=kind,
        filters=filters,
        page=page,
        counts=counts,
        chosen=bool(chosen),
        attached=attached(database_of(request), page.rows),
    )


def routes() -> Iterator[BaseRoute]:
    yield Route("/", root)
    yield Route("/dashboard", projects)
    yield Route("/dashboard/projects", projects)
    yield Route("/dashboard/projects/starred", starred)
    yield Route("/dashboard/groups", groups)
    yield Route("/dashboard/issues", issues)
    yield Route("/dashboard/merge_requests", merge_requests)
    yield Route("/dashboard/activity", activity)
