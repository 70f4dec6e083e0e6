"""Public projects and groups, for everybody."""

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import PROJECTS, seen_by
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.group_lists import group_list
from webarena_mini.sites.codehost.pages.project_lists import project_list


async def projects(request: Request) -> Response:
    return _explore(request, "all", "latest_activity_desc")


async def starred(request: Request) -> Response:
    return _explore(request, "starred", "stars_desc")


async def groups(request: Request) -> Response:
    listed = group_list(request, role_of=visitor_of(request).user_id)
    return render(request, "groups.html", explore=True, listed=listed)


async def projects_address(request: Request) -> Response:
    return redirect_to("/dashboard/projects" if visitor_of(request).user else "/explore")


async def groups_address(request: Request) -> Response:
    return redirect_to("/dashboard/groups" if visitor_of(request).user else "/explore/groups")


async def help_page(request: Request) -> Response:
    database = database_of(request)
    counts = {
        name: database.value(f"select count(*) from {table}")
        for name, table in {"projects": "projects", "users": "users", "commits": "commits"}.items()
    }
    return render(request, "help.html", counts=counts)


def _explore(request: Request, tab: str, sort: str) -> Response:
    sql = f"{PROJECTS} where {seen_by(visitor_of(request).user_id)}"
    return render(request, "explore.html", tab=tab, listed=project_list(request, sql, sort=sort))
