"""Reading merge requests: the list, one with its notes, its commits and its changes."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import PROJECTS, Role, seen_by
from webarena_mini.sites.codehost.domain.diffs import branch_diff
from webarena_mini.sites.codehost.domain.repository import address, branch_named, conflicts, unseen
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.issues import discussion, listing
from webarena_mini.sites.codehost.pages.lookup import issuable_of, own_role


async def merge_requests(request: Request) -> Response:
    return render(request, "issuables.html", **listing(request, "merge_request"))


async def show(request: Request) -> Response:
    return page(request, {}, {})


async def commits(request: Request) -> Response:
    return page(request, {}, {}, tab="commits")


async def diffs(request: Request) -> Response:
    return page(request, {}, {}, tab="diffs")


def ends_of(database: Database, issuable: sqlite3.Row) -> tuple[int, int]:
    """Commits of the source and of the target: today's while it is open, else those of when it was closed.

    0 stands for a branch that is no more.
    """
    if issuable["head_commit_id"]:
        return issuable["head_commit_id"], issuable["base_commit_id"] or 0
    source = branch_named(database, issuable["source_project_id"] or 0, issuable["source_branch"])
    target = branch_named(database, issuable["project_id"], issuable["target_branch"])
    return source["commit_id"] if source else 0, target["commit_id"] if target else 0


def page(request: Request, values: Mapping[str, str], errors: Mapping[str, str], *, tab: str = "overview") -> Response:
    """One merge request; values and errors are those of a form on the page that was sent in vain."""
    project, issuable = issuable_of(request, "merge_request")
    database = database_of(request)
    source, target = ends_of(database, issuable)
    known = bool(source and target)
    own = unseen(database, source, target) if known else []
    clashes = conflicts(database, source, target) if known and issuable["state"] == "opened" else []
    role = own_role(request, project)
    enough = Role.MAINTAINER if issuable["target_branch"] == project["default_branch"] else Role.DEVELOPER
    parts: dict[str, Any] = {
        "tab": tab,
        "source": _branch(request, issuable["source_project_id"], issuable["source_branch"]),
        "target": _branch(request, project["id"], issuable["target_branch"]),
        "commits": own,
        "diffs": branch_diff(database, source, target) if known else [],
        "clashes": clashes,
        "mergeable": issuable["state"] == "opened" and bool(own) and not clashes,
        "may_merge": role >= enough,
        "needed": enough.name.title(),
        "approvers": database.all(
            "select u.id, u.username, u.name from users u join approvals a on a.user_id = u.id"
            " where a.issuable_id = ? order by u.name",
            issuable["id"],
        ),
    }
    return render(
        request,
        "merge_request.html",
        project=project,
        values=values,
        errors=errors,
        **parts,
        **discussion(request, project, issuable),
    )


def _branch(request: Request, project_id: int | None, name: str) -> tuple[str, str]:
    """The full path of a branch's project, and the URL of its files; "" for what is gone or not for the visitor."""
    visible = f"{PROJECTS} where p.id = ? and {seen_by(visitor_of(request).user_id)}"
    project = database_of(request).one(visible, project_id)
    if project is None:
        return "", ""
    branch = branch_named(database_of(request), project["id"], name)
    return project["full_path"], address(project, "tree", name) if branch else ""
