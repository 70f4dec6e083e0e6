"""The visitor's own overview: projects, groups, issues, merge requests, activity."""

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import PROJECTS, is_member, role_in_group, seen_by
from webarena_mini.sites.codehost.domain.issuables import attached
from webarena_mini.sites.codehost.pages.feeds import feed
from webarena_mini.sites.codehost.pages.filters import filters_of, found
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.group_lists import group_list
from webarena_mini.sites.codehost.pages.project_lists import project_list

_POPULAR = 6


async def root(request: Request) -> Response:
    if visitor_of(request).user is None:
        return redirect_to("/users/sign_in")
    return await projects(request)


async def projects(request: Request) -> Response:
    user = require_user(request)
    listed = project_list(request, f"{PROJECTS} where {is_member(user['id'])}")
    return render(request, "dashboard_projects.html", tab="yours", listed=listed, popular=[])


async def starred(request: Request) -> Response:
    user = require_user(request)
    visible = f"{PROJECTS} where {seen_by(user['id'])}"
    own = f"{visible} and p.id in (select project_id from stars where user_id = ?1)"
    listed = project_list(request, own, user["id"])
    popular = database_of(request).all(f"{visible} order by stars desc, p.id limit {_POPULAR}")
    shown = [] if listed.page.total or listed.name else popular
    return render(request, "dashboard_projects.html", tab="starred", listed=listed, popular=shown)


async def groups(request: Request) -> Response:
    user = require_user(request)
    mine = f"{role_in_group(user['id'])} is not null"
    return render(request, "groups.html", explore=False, listed=group_list(request, role_of=user["id"], where=mine))


async def issues(request: Request) -> Response:
    return _work(request, "issue")


async def merge_requests(request: Request) -> Response:
    return _work(request, "merge_request")


async def activity(request: Request) -> Response:
    user = require_user(request)
    return render(request, "dashboard_activity.html", feed=feed(request, is_member(user["id"])))


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
