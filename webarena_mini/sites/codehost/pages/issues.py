"""Reading issues: the list with its filters, and one with its notes."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import Role, members_of
from webarena_mini.sites.codehost.domain.issuables import attached
from webarena_mini.sites.codehost.pages.filters import filters_of, found
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import issuable_of, own_role, project_of


async def issues(request: Request) -> Response:
    return render(request, "issuables.html", **listing(request, "issue"))


async def show(request: Request) -> Response:
    return page(request, {}, {})


def page(request: Request, values: Mapping[str, str], errors: Mapping[str, str]) -> Response:
    """One issue; values and errors are those of a form on the page that was sent in vain."""
    project, issue = issuable_of(request, "issue")
    return render(
        request,
        "issue.html",
        project=project,
        values=values,
        errors=errors,
        **discussion(request, project, issue),
    )


def listing(request: Request, kind: str) -> dict[str, Any]:
    """What the list of a project's issues or merge requests needs."""
    project, database = project_of(request), database_of(request)
    filters = filters_of(request, kind)
    page, counts = found(request, filters, "p.id = ?", project["id"])
    return {
        "project": project,
        "kind": kind,
        "filters": filters,
        "page": page,
        "counts": counts,
        "attached": attached(database, page.rows),
        "labels": labels_of(request, project),
        "milestones": milestones_of(request, project),
        "members": members_of(database, project),
        "authors": database.all(
            "select distinct u.username, u.name from users u join issuables i on i.author_id = u.id"
            " where i.project_id = ? and i.kind = ? order by u.name collate nocase",
            project["id"],
            kind,
        ),
        "role": own_role(request, project),
    }


def discussion(request: Request, project: sqlite3.Row, issuable: sqlite3.Row) -> dict[str, Any]:
    """What the page of one issue or merge request needs."""
    database, visitor = database_of(request), visitor_of(request)
    role = own_role(request, project)
    mine = visitor.user_id == issuable["author_id"]
    sortable = role >= Role.REPORTER
    things = attached(database, [issuable])[issuable["id"]]
    return {
        "issuable": issuable,
        "notes": database.all(
            "select n.*, u.username, u.name from notes n join users u on u.id = n.author_id"
            " where n.issuable_id = ? order by n.id",
            issuable["id"],
        ),
        **things,
        "participants": database.all(
            "select distinct u.username, u.name from users u where u.id = ?2 or u.id in"
            " (select author_id from notes where issuable_id = ?1 and not system) order by u.name collate nocase",
            issuable["id"],
            issuable["author_id"],
        ),
        "all_labels": labels_of(request, project),
        "milestones": milestones_of(request, project),
        "members": members_of(database, project),
        "role": role,
        "editable": bool(visitor.user) and (mine or sortable),
        "sortable": sortable,
        "award": database.value(
            "select thumb from awards where issuable_id = ? and user_id = ?", issuable["id"], visitor.user_id
        ),
        "reminded": database.one(
            "select id from todos where issuable_id = ? and user_id = ? and not done", issuable["id"], visitor.user_id
        ),
    }


def labels_of(request: Request, project: sqlite3.Row) -> list[sqlite3.Row]:
    return database_of(request).all(
        "select * from labels where project_id = ? order by name collate nocase", project["id"]
    )


def milestones_of(request: Request, project: sqlite3.Row) -> list[sqlite3.Row]:
    return database_of(request).all(
        "select * from milestones where project_id = ? order by state, due_date, id", project["id"]
    )
