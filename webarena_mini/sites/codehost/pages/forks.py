"""Forks of a project."""

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import PROJECTS, exposes, seen_by
from webarena_mini.sites.codehost.domain.repository import copy_history
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import project_of
from webarena_mini.sites.codehost.pages.project_lists import project_list
from webarena_mini.sites.codehost.pages.project_new import check, insert, namespaces_of


async def forks(request: Request) -> Response:
    project = project_of(request)
    sql = f"{PROJECTS} where p.forked_from_id = ?1 and {seen_by(visitor_of(request).user_id)}"
    return render(request, "forks.html", project=project, listed=project_list(request, sql, project["id"]))


async def new(request: Request) -> Response:
    user, project = require_user(request), project_of(request)
    database = database_of(request)
    places = namespaces_of(database, user)
    if request.method == "GET":
        values = {key: project[key] for key in ("name", "path", "description", "visibility")}
        return render(request, "fork_new.html", project=project, namespaces=places, values=values, errors={})
    form = await posted(request)
    namespace = next((row for row in places if form["namespace_id"] == str(row["id"])), None)
    errors = check(database, form.values, form["path"], namespace)
    if "visibility" not in errors and exposes(form["visibility"] or "private", project["visibility"]):
        errors["visibility"] = f"{project['full_path']} is {project['visibility']}, so its forks are as well."
    if errors or namespace is None:
        return render(
            request,
            "fork_new.html",
            project=project,
            namespaces=places,
            values=form.values,
            errors=errors,
        )
    fork = insert(database, user, namespace, form.values, form["path"])
    database.run(
        "update projects set forked_from_id = ?, default_branch = ?, topics = ? where id = ?",
        project["id"],
        project["default_branch"],
        project["topics"],
        fork["id"],
    )
    copy_history(database, project["id"], fork["id"])
    return redirect_to(f"/{fork['full_path']}")
