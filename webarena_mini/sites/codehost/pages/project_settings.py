"""A project's general settings."""

import sqlite3
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import VISIBILITIES, Role, exposes
from webarena_mini.sites.codehost.domain.repository import branch_named, branches_of
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import project_of
from webarena_mini.sites.codehost.pages.project_new import DESCRIPTION_LIMIT, NAME_LIMIT

_TOPICS_LIMIT = 500


async def edit(request: Request) -> Response:
    project = project_of(request, least=Role.MAINTAINER)
    if request.method == "GET":
        return _form(request, project, dict(project), {}, saved="saved" in request.query_params)
    form = await posted(request)
    database = database_of(request)
    errors = {}
    if not form["name"] or len(form["name"]) > NAME_LIMIT:
        errors["name"] = f"A project needs a name of at most {NAME_LIMIT} characters."
    if len(form["description"]) > DESCRIPTION_LIMIT:
        errors["description"] = f"At most {DESCRIPTION_LIMIT:,} characters."
    if len(form["topics"]) > _TOPICS_LIMIT:
        errors["topics"] = f"At most {_TOPICS_LIMIT} characters."
    if form["visibility"] not in VISIBILITIES:
        errors["visibility"] = "Choose one of these."
    elif exposes(form["visibility"], project["namespace_visibility"]):
        errors["visibility"] = f"The group {project['namespace_name']} is {project['namespace_visibility']}."
    branch = form["default_branch"] or project["default_branch"]
    if branch != project["default_branch"] and branch_named(database, project["id"], branch) is None:
        errors["default_branch"] = "There is no such branch."
    if errors:
        return _form(request, project, form.values, errors, saved=False)
    topics = ", ".join(topic.strip() for topic in form["topics"].split(",") if topic.strip())
    database.run(
        "update projects set name = ?, description = ?, topics = ?, visibility = ?, default_branch = ? where id = ?",
        form["name"],
        form["description"],
        topics,
        form["visibility"],
        branch,
        project["id"],
    )
    return redirect_to(f"/{project['full_path']}/edit?saved=1")


async def delete(request: Request) -> Response:
    project = project_of(request, least=Role.OWNER)
    if request.method == "GET":
        return render(
            request,
            "confirm.html",
            heading="Delete project",
            question=f"Delete “{project['full_path']}” with all its files, issues and merge requests? "
            "This cannot be undone.",
            button="Delete project",
            way_back=f"/{project['full_path']}/edit",
        )
    await posted(request)
    database_of(request).run("delete from projects where id = ?", project["id"])
    return redirect_to("/dashboard/projects")


def _form(
    request: Request, project: sqlite3.Row, values: Mapping[str, object], errors: Mapping[str, str], *, saved: bool
) -> Response:
    return render(
        request,
        "project_edit.html",
        project=project,
        branches=branches_of(database_of(request), project["id"]),
        values=values,
        errors=errors,
        saved=saved,
    )
