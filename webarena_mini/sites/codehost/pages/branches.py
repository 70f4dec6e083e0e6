"""Branches and tags."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import tick
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import Role
from webarena_mini.sites.codehost.domain.issuables import open_requests
from webarena_mini.sites.codehost.domain.naming import is_branch_name
from webarena_mini.sites.codehost.domain.repository import (
    address,
    branch_named,
    branches_of,
    commit_named,
    head_of,
    unseen,
)
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import own_role, project_of
from webarena_mini.sites.codehost.pages.paging import paged

_MESSAGE_LIMIT = 2_000
_BRANCHES = """
select b.*, c.sha, substr(c.sha, 1, 8) as short, c.message, c.author_name, c.created_at from branches b
join commits c on c.id = b.commit_id where b.project_id = ? and instr(lower(b.name), lower(?))
"""
_TAGS = """
select t.*, c.sha, substr(c.sha, 1, 8) as short, c.message as commit_message from tags t
join commits c on c.id = t.commit_id where t.project_id = ? and instr(lower(t.name), lower(?))
"""


async def branches(request: Request) -> Response:
    project, database = project_of(request), database_of(request)
    search = request.query_params.get("search", "").strip()[:100]
    page = paged(request, _BRANCHES, project["id"], search, order="created_at desc, name")
    head = head_of(database, project)
    apart = {
        row["id"]: (
            len(unseen(database, head.commit_id, row["commit_id"])),
            len(unseen(database, row["commit_id"], head.commit_id)),
        )
        for row in page.rows
        if head and row["name"] != head.name
    }
    return render(
        request,
        "branches.html",
        project=project,
        page=page,
        apart=apart,
        search=search,
        role=own_role(request, project),
        proposed=open_requests(database, project["id"]),
    )


async def new(request: Request) -> Response:
    project, database = project_of(request, least=Role.DEVELOPER), database_of(request)
    existing = branches_of(database, project["id"])
    if request.method == "GET":
        values = {"branch_name": "", "ref": project["default_branch"]}
        return render(request, "branch_new.html", project=project, branches=existing, values=values, errors={})
    form = await posted(request)
    errors = {}
    start = branch_named(database, project["id"], form["ref"])
    commit = commit_named(database, project["id"], form["ref"]) if start is None else None
    if not is_branch_name(form["branch_name"]):
        errors["branch_name"] = "This cannot be the name of a branch."
    elif branch_named(database, project["id"], form["branch_name"]):
        errors["branch_name"] = "There is already a branch of this name."
    if start is None and commit is None:
        errors["ref"] = "There is no such branch or commit."
    if errors:
        return render(
            request,
            "branch_new.html",
            project=project,
            branches=existing,
            values=form.values,
            errors=errors,
        )
    commit_id = start["commit_id"] if start else commit["id"] if commit else 0
    database.insert("branches", project_id=project["id"], name=form["branch_name"], commit_id=commit_id)
    return redirect_to(address(project, "tree", form["branch_name"]))


async def delete(request: Request) -> Response:
    project = project_of(request, least=Role.DEVELOPER)
    form = await posted(request)
    if form["name"] == project["default_branch"]:
        raise HTTPException(403, "The default branch cannot be deleted.")
    database_of(request).run("delete from branches where project_id = ? and name = ?", project["id"], form["name"])
    return redirect_to(f"/{project['full_path']}/-/branches")


async def tags(request: Request) -> Response:
    project = project_of(request)
    search = request.query_params.get("search", "").strip()[:100]
    page = paged(request, _TAGS, project["id"], search, order="created_at desc, id desc")
    return render(
        request, "tags.html", project=project, page=page, search=search, role=own_role(request, project), error=""
    )


async def new_tag(request: Request) -> Response:
    """On the newest commit of the branch that the form names."""
    project, database = project_of(request, least=Role.DEVELOPER), database_of(request)
    existing = branches_of(database, project["id"])
    values = {"tag_name": "", "ref": project["default_branch"], "message": ""}
    if request.method == "GET":
        return render(request, "tag_new.html", project=project, branches=existing, values=values, errors={})
    form = await posted(request)
    errors = {}
    branch = branch_named(database, project["id"], form["ref"])
    taken = "select 1 from tags where project_id = ? and name = ?"
    if not is_branch_name(form["tag_name"]) or database.one(taken, project["id"], form["tag_name"]):
        errors["tag_name"] = "Choose a name that a tag can have and no other tag has."
    if branch is None:
        errors["ref"] = "There is no such branch."
    if len(form["message"]) > _MESSAGE_LIMIT:
        errors["message"] = f"At most {_MESSAGE_LIMIT:,} characters."
    if errors or branch is None:
        return render(
            request,
            "tag_new.html",
            project=project,
            branches=existing,
            values=form.values,
            errors=errors,
        )
    database.insert(
        "tags",
        project_id=project["id"],
        name=form["tag_name"],
        commit_id=branch["commit_id"],
        message=form["message"],
        created_at=tick(database),
    )
    return redirect_to(f"/{project['full_path']}/-/tags")
