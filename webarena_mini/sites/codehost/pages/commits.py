"""The history of a branch or a file, and single commits."""

from itertools import groupby

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.diffs import commit_diff
from webarena_mini.sites.codehost.domain.repository import commit_named, containing, head_of, history, refs_of, tree_of
from webarena_mini.sites.codehost.domain.text import day
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import project_of, ref_of
from webarena_mini.sites.codehost.pages.paging import paged

_PER_PAGE = 40


async def commits(request: Request) -> Response:
    project, database = project_of(request), database_of(request)
    ref = ref_of(request, project) if "ref" in request.path_params else head_of(database, project)
    if ref is None:
        return render(request, "commits.html", project=project, ref=None)
    sql, values = history(ref.commit_id, ref.path)
    search = request.query_params.get("search", "").strip()[:200]
    author = request.query_params.get("author", "").strip()[:100]
    # Each history query ends in a where clause of its own.
    if search:
        sql, values = f"{sql} and instr(lower(c.message), lower(?))", (*values, search)
    if author:
        sql, values = f"{sql} and c.author_name = ?", (*values, author)
    page = paged(request, sql, *values, order="c.id desc", per_page=_PER_PAGE)
    days = [(name, list(rows)) for name, rows in groupby(page.rows, key=lambda row: day(row["created_at"]))]
    authors = database.all(
        "select distinct author_name as name from commits where project_id = ? order by name collate nocase",
        project["id"],
    )
    return render(
        request,
        "commits.html",
        project=project,
        ref=ref,
        page=page,
        days=days,
        refs=refs_of(database, project["id"]),
        browsable=any(path == ref.path or path.startswith(f"{ref.path}/") for path in tree_of(database, ref.commit_id)),
        authors=authors,
        search=search,
        author=author,
    )


async def commit(request: Request) -> Response:
    project, database = project_of(request), database_of(request)
    found = commit_named(database, project["id"], request.path_params["sha"])
    if found is None:
        raise HTTPException(404, f"There is no such commit in {project['full_path']}.")
    parents = database.all(
        "select c.sha, substr(c.sha, 1, 8) as short from commit_parents p join commits c on c.id = p.parent_id"
        " where p.commit_id = ? order by p.place",
        found["id"],
    )
    return render(
        request,
        "commit.html",
        project=project,
        commit=found,
        parents=parents,
        places={name: containing(database, project["id"], found["id"], name) for name in ("branches", "tags")},
        diffs=commit_diff(database, found["id"]),
    )
