"""A project's labels."""

import re
import sqlite3
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.forms import Posted
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import Role
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import number_of, own_role, project_of

_DESCRIPTION_LIMIT = 500
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_LABELS = """
select l.*, (select count(*) from issuable_labels x join issuables i on i.id = x.issuable_id
    where x.label_id = l.id and i.kind = 'issue' and i.state = 'opened') as open_issues,
(select count(*) from issuable_labels x join issuables i on i.id = x.issuable_id
    where x.label_id = l.id and i.kind = 'merge_request') as merge_requests
from labels l where l.project_id = ? order by l.name collate nocase
"""


async def labels(request: Request) -> Response:
    project = project_of(request)
    rows = database_of(request).all(_LABELS, project["id"])
    return render(request, "labels.html", project=project, labels=rows, role=own_role(request, project))


async def new(request: Request) -> Response:
    project = project_of(request, least=Role.REPORTER)
    if request.method == "GET":
        return _form(request, project, None, {"name": "", "description": "", "color": "#0b6e69"}, {})
    form = await posted(request)
    errors = _errors(request, project, form, 0)
    if errors:
        return _form(request, project, None, form.values, errors)
    database_of(request).insert(
        "labels",
        project_id=project["id"],
        name=form["name"],
        color=form["color"],
        description=form["description"],
    )
    return redirect_to(f"/{project['full_path']}/-/labels")


async def edit(request: Request) -> Response:
    project = project_of(request, least=Role.REPORTER)
    database = database_of(request)
    label = database.one(
        "select * from labels where id = ? and project_id = ?", number_of(request, "label_id"), project["id"]
    )
    if label is None:
        raise HTTPException(404, "There is no such label.")
    if request.method == "GET":
        return _form(request, project, label, dict(label), {})
    form = await posted(request)
    if form["delete"]:
        database.run("delete from labels where id = ?", label["id"])
        return redirect_to(f"/{project['full_path']}/-/labels")
    errors = _errors(request, project, form, label["id"])
    if errors:
        return _form(request, project, label, form.values, errors)
    database.run(
        "update labels set name = ?, color = ?, description = ? where id = ?",
        form["name"],
        form["color"],
        form["description"],
        label["id"],
    )
    return redirect_to(f"/{project['full_path']}/-/labels")


def _errors(request: Request, project: sqlite3.Row, form: Posted, label_id: int) -> dict[str, str]:
    errors = {}
    taken = "select 1 from labels where project_id = ? and name = ? and id != ?"
    if not form["name"] or len(form["name"]) > 60:
        errors["name"] = "A label needs a title of at most 60 characters."
    elif database_of(request).one(taken, project["id"], form["name"], label_id):
        errors["name"] = "There is already a label of this name."
    if len(form["description"]) > _DESCRIPTION_LIMIT:
        errors["description"] = f"At most {_DESCRIPTION_LIMIT} characters."
    if not _COLOR.fullmatch(form["color"]):
        errors["color"] = "Write the colour as # and six hexadecimal digits."
    return errors


def _form(
    request: Request,
    project: sqlite3.Row,
    label: sqlite3.Row | None,
    values: Mapping[str, object],
    errors: Mapping[str, str],
) -> Response:
    return render(
        request,
        "label_form.html",
        project=project,
        label=label,
        values=values,
        errors=errors,
    )
