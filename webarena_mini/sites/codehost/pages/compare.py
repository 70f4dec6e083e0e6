"""What one branch, tag or commit has that another one lacks."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import Role
from webarena_mini.sites.codehost.domain.diffs import branch_diff
from webarena_mini.sites.codehost.domain.issuables import open_requests
from webarena_mini.sites.codehost.domain.repository import branch_named, commit_named, refs_of, unseen
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import own_role, project_of


async def choose(request: Request) -> Response:
    """The form; what it sends is compared at an address of its own."""
    project, query = project_of(request), request.query_params
    if query.get("from") and query.get("to"):
        ends = f"{quote(query['from'])}...{quote(query['to'])}"
        return redirect_to(f"/{project['full_path']}/-/compare/{ends}")
    return _page(request, query.get("from", project["default_branch"]), query.get("to", ""))


async def show(request: Request) -> Response:
    start, _, end = request.path_params["ends"].partition("...")
    return _page(request, start, end)


def _page(request: Request, start: str, end: str) -> Response:
    project, database = project_of(request), database_of(request)
    ends = {"from": start, "to": end}
    found = {key: _commit_id(database, project["id"], name) for key, name in ends.items() if name}
    errors = {key: f"There is no branch, tag or commit “{ends[key]}”." for key, each in found.items() if not each}
    ready = len(found) == len(ends) and not errors
    return render(
        request,
        "compare.html",
        status_code=404 if errors else 200,
        project=project,
        ends=ends,
        refs=refs_of(database, project["id"]),
        errors=errors,
        ready=ready,
        proposable=own_role(request, project) >= Role.DEVELOPER
        and all(branch_named(database, project["id"], name) for name in ends.values()),
        iid=open_requests(database, project["id"]).get((end, start)),
        commits=unseen(database, found["to"], found["from"]) if ready else [],
        diffs=branch_diff(database, found["to"], found["from"]) if ready else [],
    )


def _commit_id(database: Database, project_id: int, name: str) -> int:
    """Of a branch, a tag or a commit; 0 when there is none."""
    row = branch_named(database, project_id, name) or database.one(
        "select commit_id from tags where project_id = ? and name = ?", project_id, name
    )
    if row is not None:
        return int(row["commit_id"])
    commit = commit_named(database, project_id, name)
    return int(commit["id"]) if commit else 0
