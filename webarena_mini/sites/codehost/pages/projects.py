"""A project's first page, its activity, stars; and names at the root of the site."""

from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webarena_mini.kit.redirects import back
from webarena_mini.kit.sessions import posted, require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import PROJECTS, seen_by
from webarena_mini.sites.codehost.domain.repository import count_commits, head_of, refs_of, sizes_of, tree_of
from webarena_mini.sites.codehost.domain.trees import directory, languages, readme_of
from webarena_mini.sites.codehost.pages import groups, users
from webarena_mini.sites.codehost.pages.feeds import feed
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import commit_with, group_of, own_role, project_of
from webarena_mini.sites.codehost.pages.paging import paged

_PARTS = frozenset(
    ("tree", "blob", "raw", "commits", "commit", "branches", "tags", "graphs", "compare", "forks", "starrers", "issues")
    + ("boards", "labels", "milestones", "merge_requests", "project_members", "releases", "find_file")
)


async def show(request: Request) -> Response:
    project, database = project_of(request), database_of(request)
    head = head_of(database, project)
    parts: dict[str, Any] = {"commits": 0, "size": 0}
    if head:
        tree = tree_of(database, head.commit_id)
        sizes = sizes_of(database, tree)
        parts = {
            "entries": directory(database, tree, ""),
            "readme": readme_of(database, tree, ""),
            "last": commit_with(database, head.commit_id),
            "commits": count_commits(database, head.commit_id),
            "size": sum(sizes.values()),
            "names": sorted(tree),
            "languages": languages(sizes),
        }
    visitor_id = visitor_of(request).user_id
    return render(
        request,
        "project.html",
        project=project,
        head=head,
        refs=refs_of(database, project["id"]),
        starred=database.one("select 1 from stars where project_id = ? and user_id = ?", project["id"], visitor_id),
        role=own_role(request, project),
        origin=database.one(f"{PROJECTS} where p.id = ? and {seen_by(visitor_id)}", project["forked_from_id"]),
        ssh=f"git@{request.url.hostname}:{project['full_path']}.git",
        http=f"{request.base_url}{project['full_path']}.git",
        **parts,
    )


async def activity(request: Request) -> Response:
    project = project_of(request)
    shown = feed(request, "e.project_id = ?", project["id"])
    return render(request, "project_activity.html", project=project, feed=shown)


async def toggle_star(request: Request) -> Response:
    user, project = require_user(request), project_of(request)
    await posted(request)
    database = database_of(request)
    if database.one("select 1 from stars where project_id = ? and user_id = ?", project["id"], user["id"]):
        database.run("delete from stars where project_id = ? and user_id = ?", project["id"], user["id"])
    else:
        database.run("insert into stars values (?, ?)", project["id"], user["id"])
    return back(request, f"/{project['full_path']}")


async def starrers(request: Request) -> Response:
    project = project_of(request)
    sql = "select u.* from users u join stars s on s.user_id = u.id where s.project_id = ?"
    page = paged(request, sql, project["id"], order="name collate nocase")
    return render(request, "starrers.html", project=project, page=page)


async def named(request: Request) -> Response:
    """A user or a group."""
    name = request.path_params["name"]
    kind = database_of(request).value("select kind from namespaces where path = ?", name)
    if kind == "user":
        request.path_params["user"] = name
        return await users.overview(request)
    if kind == "group":
        request.path_params["group"] = name
        return groups.page(request, group_of(request))
    require_user(request)
    raise HTTPException(404, f"There is no user and no group called “{name}”.")


async def old_address(request: Request) -> Response:
    """Addresses without "/-/", which older links and people who type them still use."""
    path = "/".join(part for part in request.url.path.split("/")[4:] if part)
    name = request.path_params["part"]
    if name not in _PARTS:
        raise HTTPException(404)
    full_path = f"{request.path_params['namespace']}/{request.path_params['project']}"
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/{full_path}/-/{quote('/'.join(filter(None, (name, path))))}{query}", status_code=302)


async def clone_address(request: Request) -> Response:
    """Somebody has opened the URL that Git clones from."""
    return RedirectResponse(request.url.path.removesuffix(".git"), status_code=302)


async def without_slash(request: Request) -> Response:
    return RedirectResponse(f"/{request.path_params['namespace']}/{request.path_params['project']}", status_code=302)
