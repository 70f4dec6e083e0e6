"""Creating and changing issues; merge requests share what the side bar changes."""

import sqlite3
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import tick
from webarena_mini.kit.database import Database
from webarena_mini.kit.forms import Posted
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import Role, members_of, touch
from webarena_mini.sites.codehost.domain.issuables import ISSUABLES, assign, mention, path_of
from webarena_mini.sites.codehost.domain.text import is_day
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.issues import labels_of, milestones_of
from webarena_mini.sites.codehost.pages.lookup import issuable_of, own_role, project_of

TITLE_LIMIT, DESCRIPTION_LIMIT = 255, 50_000


async def new(request: Request) -> Response:
    require_user(request)
    project = project_of(request)
    query = request.query_params
    values = {"title": query.get("issue[title]", ""), "description": query.get("issue[description]", "")}
    return _form(request, project, None, values, {})


async def create(request: Request) -> Response:
    user, project = require_user(request), project_of(request)
    form = await posted(request)
    database = database_of(request)
    errors = text_errors(form)
    if form["due_date"] and not is_day(form["due_date"]):
        errors["due_date"] = "Write the date as YYYY-MM-DD."
    if errors:
        return _form(request, project, None, form.values, errors)
    issue = insert(database, project, user, "issue", form)
    if own_role(request, project) >= Role.REPORTER:
        sort_in(request, project, user, issue, form)
    return redirect_to(path_of(issue))


async def edit(request: Request) -> Response:
    user = require_user(request)
    project, issue = issuable_of(request, "issue")
    require_editor(request, project, issue, user)
    if request.method == "GET":
        return _form(request, project, issue, dict(issue), {})
    form = await posted(request)
    errors = text_errors(form)
    if errors:
        return _form(request, project, issue, form.values, errors)
    update_text(database_of(request), issue, form)
    return redirect_to(path_of(issue))


async def delete(request: Request) -> Response:
    project, issue = issuable_of(request, "issue")
    project_of(request, least=Role.OWNER)
    if request.method == "GET":
        return render(
            request,
            "confirm.html",
            heading="Delete issue",
            question=f"Delete “{issue['title']}” and all its comments? This cannot be undone.",
            button="Delete issue",
            way_back=path_of(issue),
        )
    await posted(request)
    database_of(request).run("delete from issuables where id = ?", issue["id"])
    return redirect_to(f"/{project['full_path']}/-/issues")


def insert(database: Database, project: sqlite3.Row, user: sqlite3.Row, kind: str, form: Posted) -> sqlite3.Row:
    """A new issue or merge request with title and description; the rest of the form is still to be stored."""
    created_at = tick(database)
    iid = database.value(
        "select coalesce(max(iid), 0) + 1 from issuables where project_id = ? and kind = ?", project["id"], kind
    )
    issuable_id = database.insert(
        "issuables",
        kind=kind,
        project_id=project["id"],
        iid=iid,
        title=form["title"],
        description=form["description"],
        author_id=user["id"],
        created_at=created_at,
        updated_at=created_at,
    )
    mention(database, issuable_id, user, form["description"])
    touch(database, project["id"])
    (row,) = database.all(f"{ISSUABLES} where i.id = ?", issuable_id)
    return row


def sort_in(request: Request, project: sqlite3.Row, user: sqlite3.Row, issuable: sqlite3.Row, form: Posted) -> None:
    """Assignees, reviewers, labels, milestone and due date, as far as the form has them."""
    database = database_of(request)
    members = {str(row["id"]) for row in members_of(database, project)}
    for table, field in (("assignees", "assignee_id"), ("reviewers", "reviewer_id")):
        if form[field] in members:
            assign(database, issuable["id"], user, [int(form[field])], table=table)
    for label in labels_of(request, project):
        if form[f"label_{label['id']}"]:
            database.insert("issuable_labels", issuable_id=issuable["id"], label_id=label["id"])
    milestone = next((row for row in milestones_of(request, project) if str(row["id"]) == form["milestone_id"]), None)
    database.run(
        "update issuables set milestone_id = ?, due_date = ? where id = ?",
        milestone["id"] if milestone else None,
        form["due_date"] if issuable["kind"] == "issue" else "",
        issuable["id"],
    )


def update_text(database: Database, issuable: sqlite3.Row, form: Posted) -> None:
    database.run(
        "update issuables set title = ?, description = ?, updated_at = ? where id = ?",
        form["title"],
        form["description"],
        tick(database),
        issuable["id"],
    )


def require_editor(request: Request, project: sqlite3.Row, issuable: sqlite3.Row, user: sqlite3.Row) -> None:
    if issuable["author_id"] != user["id"] and own_role(request, project) < Role.REPORTER:
        raise HTTPException(403, "Only the author and members with the role Reporter or higher can change this.")


def text_errors(form: Posted) -> dict[str, str]:
    errors = {}
    if not form["title"]:
        errors["title"] = "A title is needed."
    elif len(form["title"]) > TITLE_LIMIT:
        errors["title"] = f"At most {TITLE_LIMIT} characters."
    if len(form["description"]) > DESCRIPTION_LIMIT:
        errors["description"] = f"At most {DESCRIPTION_LIMIT:,} characters."
    return errors


def _form(
    request: Request,
    project: sqlite3.Row,
    issue: sqlite3.Row | None,
    values: Mapping[str, object],
    errors: Mapping[str, str],
) -> Response:
    return render(
        request,
        "issue_form.html",
        project=project,
        issuable=issue,
        labels=labels_of(request, project),
        milestones=milestones_of(request, project),
        members=members_of(database_of(request), project),
        sortable=own_role(request, project) >= Role.REPORTER,
        values=values,
        errors=errors,
    )
