"""A project's milestones."""

import sqlite3
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import tick, today
from webarena_mini.kit.forms import Posted
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import Role
from webarena_mini.sites.codehost.domain.issuables import ISSUABLES, attached
from webarena_mini.sites.codehost.domain.text import is_day
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.issue_forms import DESCRIPTION_LIMIT
from webarena_mini.sites.codehost.pages.lookup import number_of, own_role, project_of
from webarena_mini.sites.codehost.pages.paging import paged

_MILESTONES = """
select m.*, (select count(*) from issuables where milestone_id = m.id and kind = 'issue') as issues,
(select count(*) from issuables where milestone_id = m.id and kind = 'issue' and state = 'closed') as closed_issues,
(select count(*) from issuables where milestone_id = m.id and kind = 'merge_request') as merge_requests
from milestones m where m.project_id = ?
"""
_STATES = {"opened": "active", "closed": "closed"}


async def milestones(request: Request) -> Response:
    project, database = project_of(request), database_of(request)
    state = request.query_params.get("state", "opened")
    shown = f" and m.state = '{_STATES[state]}'" if state in _STATES else ""
    page = paged(request, _MILESTONES + shown, project["id"], order="due_date = '', due_date, iid")
    counts = {
        key: database.value(
            "select count(*) from milestones where project_id = ? and (?2 = '' or state = ?2)", project["id"], value
        )
        for key, value in {**_STATES, "all": ""}.items()
    }
    return render(
        request,
        "milestones.html",
        project=project,
        page=page,
        state=state if state in _STATES else "all",
        counts=counts,
        today=today(database).isoformat(),
        role=own_role(request, project),
    )


async def show(request: Request) -> Response:
    project, milestone = _milestone_of(request)
    database = database_of(request)
    rows = database.all(f"{ISSUABLES} where i.milestone_id = ? order by i.kind, i.state desc, i.id", milestone["id"])
    return render(
        request,
        "milestone.html",
        project=project,
        milestone=milestone,
        rows=rows,
        attached=attached(database, rows),
        role=own_role(request, project),
    )


async def new(request: Request) -> Response:
    project = project_of(request, least=Role.REPORTER)
    if request.method == "GET":
        values = {"title": "", "description": "", "start_date": "", "due_date": ""}
        return _form(request, project, None, values, {})
    form = await posted(request)
    errors = _errors(form)
    if errors:
        return _form(request, project, None, form.values, errors)
    database = database_of(request)
    iid = database.value("select coalesce(max(iid), 0) + 1 from milestones where project_id = ?", project["id"])
    database.insert(
        "milestones",
        project_id=project["id"],
        iid=iid,
        title=form["title"],
        description=form["description"],
        start_date=form["start_date"],
        due_date=form["due_date"],
        created_at=tick(database),
    )
    return redirect_to(f"/{project['full_path']}/-/milestones/{iid}")


async def edit(request: Request) -> Response:
    project_of(request, least=Role.REPORTER)
    project, milestone = _milestone_of(request)
    if request.method == "GET":
        return _form(request, project, milestone, dict(milestone), {})
    form = await posted(request)
    errors = _errors(form)
    if errors:
        return _form(request, project, milestone, form.values, errors)
    database_of(request).run(
        "update milestones set title = ?, description = ?, start_date = ?, due_date = ? where id = ?",
        form["title"],
        form["description"],
        form["start_date"],
        form["due_date"],
        milestone["id"],
    )
    return redirect_to(f"/{project['full_path']}/-/milestones/{milestone['iid']}")


async def change(request: Request) -> Response:
    """Closes, reopens or deletes one."""
    project_of(request, least=Role.REPORTER)
    project, milestone = _milestone_of(request)
    form = await posted(request)
    database = database_of(request)
    if form["event"] == "delete":
        database.run("delete from milestones where id = ?", milestone["id"])
        return redirect_to(f"/{project['full_path']}/-/milestones")
    state = "closed" if form["event"] == "close" else "active"
    database.run("update milestones set state = ? where id = ?", state, milestone["id"])
    return redirect_to(f"/{project['full_path']}/-/milestones/{milestone['iid']}")


def _milestone_of(request: Request) -> tuple[sqlite3.Row, sqlite3.Row]:
    project = project_of(request)
    milestone = database_of(request).one(f"{_MILESTONES} and m.iid = ?", project["id"], number_of(request, "iid"))
    if milestone is None:
        raise HTTPException(404, f"There is no such milestone in {project['full_path']}.")
    return project, milestone


def _errors(form: Posted) -> dict[str, str]:
    errors = {}
    if not form["title"] or len(form["title"]) > 255:
        errors["title"] = "A milestone needs a title of at most 255 characters."
    if len(form["description"]) > DESCRIPTION_LIMIT:
        errors["description"] = f"At most {DESCRIPTION_LIMIT:,} characters."
    for name in ("start_date", "due_date"):
        if form[name] and not is_day(form[name]):
            errors[name] = "Write the date as YYYY-MM-DD."
    if not errors and form["start_date"] and form["due_date"] and form["start_date"] > form["due_date"]:
        errors["due_date"] = "This is before the start date."
    return errors


def _form(
    request: Request,
    project: sqlite3.Row,
    milestone: sqlite3.Row | None,
    values: Mapping[str, object],
    errors: Mapping[str, str],
) -> Response:
    return render(
        request,
        "milestone_form.html",
        project=project,
        milestone=milestone,
        values=values,
        errors=errors,
    )
