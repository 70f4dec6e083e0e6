"""Creating, changing, approving and merging merge requests."""

import sqlite3
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import tick
from webarena_mini.kit.database import Database
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import PROJECTS, Role, members_of
from webarena_mini.sites.codehost.domain.issuables import ISSUABLES, add_note, path_of
from webarena_mini.sites.codehost.domain.repository import (
    branch_named,
    branches_of,
    changed_paths,
    conflicts,
    contents_at,
    unseen,
    write_commit,
)
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.issue_forms import insert, require_editor, sort_in, text_errors, update_text
from webarena_mini.sites.codehost.pages.issues import labels_of, milestones_of
from webarena_mini.sites.codehost.pages.lookup import issuable_of, own_role, project_of, visible_project
from webarena_mini.sites.codehost.pages.merge_requests import ends_of

_SOURCE, _TARGET, _FROM = "merge_request[source_branch]", "merge_request[target_branch]", "merge_request[source]"


async def new(request: Request) -> Response:
    """First the branches, then, when both are known and differ, the rest."""
    require_user(request)
    project, database = project_of(request), database_of(request)
    origin = _origin(request, project, request.query_params.get(_FROM, ""))
    query = request.query_params
    names = {"source": query.get(_SOURCE, ""), "target": query.get(_TARGET, "")}
    errors = _branch_errors(database, project, origin, names) if names["source"] else {}
    allowed = own_role(request, origin) >= Role.DEVELOPER
    if not names["source"] or errors or "change_branches" in query or not allowed:
        return _choose(request, project, origin, names, errors)
    branch = branch_named(database, origin["id"], names["source"])
    target = branch_named(database, project["id"], names["target"])
    commits = unseen(database, branch["commit_id"], target["commit_id"]) if branch and target else []
    first = commits[-1]["message"].partition("\n")[0] if commits else names["source"].replace("-", " ").capitalize()
    return _form(request, project, origin, names, {"title": first, "description": ""}, {}, commits)


async def create(request: Request) -> Response:
    user, project = require_user(request), project_of(request)
    form = await posted(request)
    database = database_of(request)
    origin = _origin(request, project, form[_FROM])
    if own_role(request, origin) < Role.DEVELOPER:
        raise HTTPException(403, f"This takes the role Developer in {origin['full_path']}, which you do not have.")
    names = {"source": form[_SOURCE], "target": form[_TARGET]}
    wrong = _branch_errors(database, project, origin, names)
    if wrong:
        return _choose(request, project, origin, names, wrong)
    errors = text_errors(form)
    if errors:
        return _form(request, project, origin, names, form.values, errors, [])
    row = insert(database, project, user, "merge_request", form)
    database.run(
        "update issuables set source_branch = ?, target_branch = ?, source_project_id = ? where id = ?",
        names["source"],
        names["target"],
        origin["id"],
        row["id"],
    )
    if own_role(request, project) >= Role.REPORTER:
        sort_in(request, project, user, row, form)
    return redirect_to(path_of(row))


async def edit(request: Request) -> Response:
    user = require_user(request)
    project, row = issuable_of(request, "merge_request")
    require_editor(request, project, row, user)
    names = {"source": row["source_branch"], "target": row["target_branch"]}
    if request.method == "GET":
        return _form(request, project, project, names, dict(row), {}, [], row)
    form = await posted(request)
    errors = text_errors(form)
    if errors:
        return _form(request, project, project, names, form.values, errors, [], row)
    update_text(database_of(request), row, form)
    return redirect_to(path_of(row))


async def approve(request: Request) -> Response:
    """Again takes it back."""
    user = require_user(request)
    project, row = issuable_of(request, "merge_request")
    await posted(request)
    if own_role(request, project) < Role.DEVELOPER or row["author_id"] == user["id"] or row["state"] != "opened":
        raise HTTPException(403, "Open merge requests are approved by members from Developer up, not by their author.")
    database = database_of(request)
    if database.one("select 1 from approvals where issuable_id = ? and user_id = ?", row["id"], user["id"]):
        database.run("delete from approvals where issuable_id = ? and user_id = ?", row["id"], user["id"])
        add_note(database, row, user, "unapproved this merge request", system=True)
    else:
        database.insert("approvals", issuable_id=row["id"], user_id=user["id"])
        add_note(database, row, user, "approved this merge request", system=True)
    return redirect_to(path_of(row))


async def merge(request: Request) -> Response:
    user = require_user(request)
    project, row = issuable_of(request, "merge_request")
    form = await posted(request)
    database = database_of(request)
    least = Role.MAINTAINER if row["target_branch"] == project["default_branch"] else Role.DEVELOPER
    if own_role(request, project) < least:
        raise HTTPException(403, f"Merging into {row['target_branch']} takes the role {least.name.title()}.")
    source, target = ends_of(database, row)
    if row["state"] != "opened" or not source or not target or conflicts(database, source, target):
        raise HTTPException(400, "This merge request cannot be merged.")
    if not unseen(database, source, target):
        raise HTTPException(400, "There is nothing to merge.")
    forked = row["source_project_id"] != project["id"]
    files = contents_at(database, source, changed_paths(database, source, target)) if forked else {}
    message = f"Merge branch '{row['source_branch']}' into '{row['target_branch']}'\n\n{row['title']}"
    write_commit(
        database,
        project,
        user,
        branch=row["target_branch"],
        message=message,
        files=files,
        parents=(target,) if forked else (target, source),
    )
    add_note(database, row, user, "merged", system=True)
    database.run(
        "update issuables set state = 'merged', base_commit_id = ?, head_commit_id = ?, closed_at = ? where id = ?",
        target,
        source,
        tick(database),
        row["id"],
    )
    if form["remove_source"] and not forked and row["source_branch"] != project["default_branch"]:
        database.run("delete from branches where project_id = ? and name = ?", project["id"], row["source_branch"])
    return redirect_to(path_of(row))


def _origin(request: Request, project: sqlite3.Row, full_path: str) -> sqlite3.Row:
    """The project that the source branch is in: the target itself, or a fork of it."""
    named = visible_project(request, full_path)
    return named if named and named["forked_from_id"] == project["id"] else project


def _branch_errors(
    database: Database, project: sqlite3.Row, origin: sqlite3.Row, names: Mapping[str, str]
) -> dict[str, str]:
    errors = {}
    if branch_named(database, origin["id"], names["source"]) is None:
        errors["source"] = "Select a source branch."
    if branch_named(database, project["id"], names["target"]) is None:
        errors["target"] = "Select a target branch."
    if not errors and names["source"] == names["target"] and origin["id"] == project["id"]:
        errors["target"] = "Source and target are the same branch."
    same = f"""{ISSUABLES} where i.project_id = ? and i.kind = 'merge_request' and i.state = 'opened'
        and i.source_project_id = ? and i.source_branch = ? and i.target_branch = ?"""
    open_one = database.one(same, project["id"], origin["id"], names["source"], names["target"])
    if open_one:
        errors["source"] = f"There is already an open merge request for this branch: !{open_one['iid']}."
    return errors


def _choose(
    request: Request,
    project: sqlite3.Row,
    origin: sqlite3.Row,
    names: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response:
    database = database_of(request)
    own_forks = [
        row
        for row in database.all(f"{PROJECTS} where p.forked_from_id = ? order by full_path", project["id"])
        if own_role(request, row) >= Role.DEVELOPER
    ]
    sources = [project, *own_forks] if own_role(request, project) >= Role.DEVELOPER else own_forks
    if origin["id"] not in [row["id"] for row in sources]:
        origin = sources[0] if sources else project
    return render(
        request,
        "merge_request_branches.html",
        project=project,
        origin=origin,
        sources=sources,
        names={"source": names["source"], "target": names["target"] or project["default_branch"]},
        source_branches=branches_of(database, origin["id"]),
        target_branches=branches_of(database, project["id"]),
        errors=errors,
    )


def _form(
    request: Request,
    project: sqlite3.Row,
    origin: sqlite3.Row,
    names: Mapping[str, str],
    values: Mapping[str, object],
    errors: Mapping[str, str],
    commits: list[sqlite3.Row],
    issuable: sqlite3.Row | None = None,
) -> Response:
    return render(
        request,
        "merge_request_form.html",
        project=project,
        origin=origin,
        names=names,
        values=values,
        errors=errors,
        commits=commits,
        issuable=issuable,
        labels=labels_of(request, project),
        milestones=milestones_of(request, project),
        members=members_of(database_of(request), project),
        sortable=own_role(request, project) >= Role.REPORTER,
    )
