"""What the parts of a URL name, for those who may see it."""

import sqlite3

from starlette.exceptions import HTTPException
from starlette.requests import Request

from webarena_mini.kit.database import Database
from webarena_mini.kit.numbers import LARGEST_ID
from webarena_mini.kit.sessions import require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import (
    ROLE_NAMES,
    Role,
    find_project,
    group_seen_by,
    role_in,
    role_in_group,
    seen_by,
)
from webarena_mini.sites.codehost.domain.issuables import numbered
from webarena_mini.sites.codehost.domain.repository import COMMITS, Ref, branches_of, commit_named


def number_of(request: Request, name: str) -> int:
    """A number in the URL; what is too large for the database names nothing either."""
    return min(int(request.path_params[name]), LARGEST_ID)


def own_role(request: Request, project: sqlite3.Row) -> Role:
    return role_in(database_of(request), project, visitor_of(request).user_id)


def project_of(request: Request, *, least: Role = Role.NONE) -> sqlite3.Row:
    """The project in the URL; 404 when the visitor may not see it, 403 when `least` is more than the visitor's role.

    Strangers are asked to log in instead, whether there is such a project or not. The frame of the project's pages
    finds the visitor's role in `request.state.role`.
    """
    path = f"{request.path_params['namespace']}/{request.path_params['project']}"
    project = visible_project(request, path)
    if project is None:
        require_user(request)
        raise HTTPException(404, f"There is no project “{path}”, or you are not allowed to see it.")
    request.state.role = own_role(request, project)
    if least:
        require_user(request)
        if request.state.role < least:
            needed = ROLE_NAMES[least]
            raise HTTPException(403, f"This takes the role {needed} in {project['full_path']}, which you do not have.")
    return project


def visible_project(request: Request, full_path: str) -> sqlite3.Row | None:
    """None too where the visitor may not see it."""
    return find_project(database_of(request), full_path, where=seen_by(visitor_of(request).user_id))


def group_of(request: Request, *, least: Role = Role.NONE) -> sqlite3.Row:
    """The group in the URL, with the visitor's `role` in it; errors as for projects."""
    path, user_id = request.path_params["group"], visitor_of(request).user_id
    group = database_of(request).one(
        f"""select n.*, coalesce({role_in_group(user_id)}, 0) as role
        from namespaces n where n.path = ? and n.kind = 'group' and {group_seen_by(user_id)}""",
        path,
    )
    if group is None:
        require_user(request)
        raise HTTPException(404, f"There is no group “{path}”, or you are not allowed to see it.")
    if least:
        require_user(request)
        if group["role"] < least:
            raise HTTPException(403, f"This takes the role {ROLE_NAMES[least]} in the group {group['name']}.")
    return group


def user_named(request: Request, name: str) -> sqlite3.Row:
    user = database_of(request).one("select * from users where username = ?", name)
    if user is None:
        raise HTTPException(404, f"There is no user “{name}”.")
    return user


def issuable_of(request: Request, kind: str) -> tuple[sqlite3.Row, sqlite3.Row]:
    """The project and the issue or merge request in the URL; 404 when there is none."""
    project = project_of(request)
    row = numbered(database_of(request), project["id"], kind, number_of(request, "iid"))
    if row is None:
        raise HTTPException(404, f"There is no such {kind.replace('_', ' ')} in {project['full_path']}.")
    return project, row


def ref_of(request: Request, project: sqlite3.Row) -> Ref:
    """The ref in the URL's last part, which may contain slashes like the path behind it; 404 when there is none."""
    given = request.path_params["ref"].strip("/")
    database = database_of(request)
    names = [(row["name"], row["commit_id"], True) for row in branches_of(database, project["id"])]
    tags = database.all("select name, commit_id from tags where project_id = ?", project["id"])
    names += [(row["name"], row["commit_id"], False) for row in tags]
    for name, commit_id, is_branch in sorted(names, key=lambda each: -len(each[0])):
        if given == name or given.startswith(f"{name}/"):
            return Ref(name, commit_id, is_branch, given[len(name) + 1 :])
    first, _, path = given.partition("/")
    commit = commit_named(database, project["id"], first)
    if commit is None:
        raise HTTPException(404, f"There is no branch, tag or commit “{first}” in {project['full_path']}.")
    return Ref(first, commit["id"], is_branch=False, path=path)


def commit_with(database: Database, commit_id: int) -> sqlite3.Row:
    found = database.one(f"{COMMITS} where c.id = ?", commit_id)
    if found is None:
        raise HTTPException(404, "There is no such commit.")
    return found
