"""Addresses of the code hosting site."""

from functools import cache

from starlette.routing import BaseRoute, Route

from webarena_mini.kit.media import nothing
from webarena_mini.sites.codehost.pages import (
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
from webarena_mini.sites.codehost.pages.frame import SKIN


@cache
def routes() -> tuple[BaseRoute, ...]:
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
