"""The code hosting site as an ASGI application on one instance's database."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_mini.codehost.context import SKIN, LoginNeeded, login_path, render, see_other
from webarena_mini.codehost.views import (
    account,
    boards,
    branches,
    commits,
    compare,
    dashboard,
    explore,
    file_edit,
    files,
    forks,
    graphs,
    groups,
    issue_forms,
    issues,
    labels,
    members,
    merge_request_forms,
    merge_requests,
    milestones,
    notes,
    profile,
    project_new,
    project_settings,
    projects,
    releases,
    search,
    todos,
    users,
)
from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.media import nothing
from webarena_mini.kit.site import Instance

_HEADINGS = {400: "Bad request", 403: "Not allowed", 404: "Page not found", 405: "Not allowed", 413: "Too large"}


def build_app(instance: Instance) -> Starlette:
    instance.database.run("pragma foreign_keys = on")
    app = Starlette(
        routes=_routes(),
        exception_handlers={HTTPException: _http_error, LoginNeeded: _to_login, Exception: _server_error},
    )
    app.state.instance = instance
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Fixed first parts of a path go before the names of users, groups and projects."""
    fixed = (account, profile, dashboard, todos, explore, search, users, project_new, groups)
    below_a_project = (
        files,
        file_edit,
        commits,
        branches,
        compare,
        releases,
        graphs,
        issues,
        issue_forms,
        merge_requests,
        merge_request_forms,
        notes,
        labels,
        boards,
        milestones,
        members,
        forks,
        project_settings,
        projects,
    )
    return (
        Route(SKIN.route, SKIN.serve),
        Route("/favicon.ico", nothing),
        *(route for view in (*fixed, *below_a_project) for route in view.routes()),
    )


async def _http_error(request: Request, error: Exception) -> Response:
    status, detail = read_http_error(error)
    heading = _HEADINGS.get(status, "Something is wrong")
    return render(request, "error.html", status_code=status, heading=heading, detail=detail)


async def _to_login(request: Request, error: Exception) -> Response:
    return see_other(login_path(request))


async def _server_error(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    detail = "The server made a mistake. Try again, or go back to your projects."
    return render(request, "error.html", status_code=500, heading="Internal error", detail=detail)
