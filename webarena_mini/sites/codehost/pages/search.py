"""Search over projects, issues, merge requests, milestones, users, and the code of one project."""

import sqlite3
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import PROJECTS, seen_by
from webarena_mini.sites.codehost.domain.issuables import ISSUABLES, attached
from webarena_mini.sites.codehost.domain.repository import content_of, head_of, history, tree_of
from webarena_mini.sites.codehost.pages.filters import match_expression
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import visible_project
from webarena_mini.sites.codehost.pages.paging import Page, paged

SCOPES = {
    "projects": "Projects",
    "issues": "Issues",
    "merge_requests": "Merge requests",
    "milestones": "Milestones",
    "users": "Users",
}
_CODE = "blobs"
_PROJECT_SCOPES = {
    _CODE: "Code",
    "issues": "Issues",
    "merge_requests": "Merge requests",
    "commits": "Commits",
    "milestones": "Milestones",
}
_ORDERS = {
    "projects": "stars desc, name",
    "issues": "updated_at desc, id",
    "merge_requests": "updated_at desc, id",
    "commits": "id desc",
    "milestones": "created_at desc, id",
    "users": "name collate nocase",
}
_MAX_HITS = 60


@dataclass(frozen=True)
class Hit:
    """A line of code with the search term."""

    path: str
    number: int
    text: str


async def search(request: Request) -> Response:
    term = request.query_params.get("search", "").strip()[:200]
    project = _within(request)
    scopes = SCOPES if project is None else _PROJECT_SCOPES
    scope = request.query_params.get("scope", "")
    scope = scope if scope in scopes else next(iter(scopes))
    database = database_of(request)
    page: Page | None = None
    hits: list[Hit] = []
    counts: dict[str, int] = {}
    if term:
        queries = {key: _query(request, key, term, project) for key in scopes if key != _CODE}
        counts = {
            key: database.value(f"select count(*) from ({sql})", *values) for key, (sql, values) in queries.items()
        }
        if scope == _CODE and project:
            head = head_of(database, project)
            hits = _code(database, head.commit_id, term) if head else []
        else:
            sql, values = queries[scope]
            page = paged(request, sql, *values, order=_ORDERS[scope])
    listed = page.rows if page and scope in ("issues", "merge_requests") else ()
    return render(
        request,
        "search.html",
        term=term,
        scope=scope,
        scopes=scopes,
        counts=counts,
        page=page,
        hits=hits,
        project=project,
        attached=attached(database, listed),
    )


def _within(request: Request) -> sqlite3.Row | None:
    """The project that the URL narrows the search to, if the visitor may see it."""
    return visible_project(request, request.query_params.get("project", ""))


def _query(request: Request, scope: str, term: str, project: sqlite3.Row | None) -> tuple[str, tuple[object, ...]]:
    visible = seen_by(visitor_of(request).user_id)
    within = f"and p.id = {project['id']:d}" if project else ""
    words = [word.lower() for word in term.split()[:20]]
    if scope == "projects":
        each = "(instr(lower(p.name || ' ' || p.path || ' ' || p.description), ?))"
        return f"{PROJECTS} where {visible} and {' and '.join([each] * len(words))}", tuple(words)
    if scope == "commits" and project:
        head = head_of(database_of(request), project)
        sql, values = history(head.commit_id if head else 0)
        return f"{sql} and {' and '.join(['instr(lower(c.message), ?)'] * len(words))}", (*values, *words)
    if scope == "users":
        each = "(instr(lower(u.name || ' ' || u.username), ?))"
        return f"select u.* from users u where {' and '.join([each] * len(words))}", tuple(words)
    if scope == "milestones":
        each = "instr(lower(m.title), ?)"
        sql = f"""select m.*, n.path || '/' || p.path as full_path from milestones m
            join projects p on p.id = m.project_id join namespaces n on n.id = p.namespace_id
            where {visible} {within} and {" and ".join([each] * len(words))}"""
        return sql, tuple(words)
    kind = "issue" if scope == "issues" else "merge_request"
    matching = "i.id in (select rowid from issuable_search where issuable_search match ?)"
    return f"{ISSUABLES} where {visible} {within} and i.kind = ? and {matching}", (kind, match_expression(term) or '""')


def _code(database: Database, commit_id: int, term: str) -> list[Hit]:
    """The first lines of the default branch that contain the term, whatever its case."""
    hits = []
    for file in tree_of(database, commit_id).values():
        for number, line in enumerate(content_of(database, file).splitlines(), 1):
            if term.lower() in line.lower():
                hits.append(Hit(file.path, number, line))
                if len(hits) == _MAX_HITS:
                    return hits
    return hits
