"""Who may see and do what: roles in projects and groups, and the rows that a URL names."""

import sqlite3
from enum import IntEnum

from starlette.exceptions import HTTPException
from starlette.requests import Request

from webarena_runner.minisites._kit import Database
from webarena_runner.minisites.codehost.context import database_of, now, require_user, visitor_of


class Role(IntEnum):
    NONE = 0
    GUEST = 10
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40
    OWNER = 50


ROLE_NAMES = {role.value: role.name.title() for role in Role if role}

PROJECTS = """
select p.*, n.path as namespace, n.name as namespace_name, n.kind as namespace_kind,
    n.path || '/' || p.path as full_path,
    (select count(*) from stars where project_id = p.id) as stars,
    (select count(*) from projects f where f.forked_from_id = p.id) as forks,
    (select count(*) from issuables where project_id = p.id and kind = 'issue' and state = 'opened') as open_issues,
    (select count(*) from issuables where project_id = p.id and kind = 'merge_request' and state = 'opened')
        as open_merge_requests
from projects p join namespaces n on n.id = p.namespace_id
"""


def seen_by(user_id: int, *, project: str = "p") -> str:
    """An SQL condition: the projects that a user may see; user 0 is somebody who is not signed in."""
    if not user_id:
        return f"{project}.visibility = 'public'"
    member = f"select 1 from project_members where project_id = {project}.id and user_id = {user_id:d}"
    group = f"select 1 from group_members where namespace_id = {project}.namespace_id and user_id = {user_id:d}"
    return f"({project}.visibility != 'private' or exists ({member}) or exists ({group}))"


def role_in(database: Database, project: sqlite3.Row, user_id: int) -> Role:
    """The highest of the roles in the project and in its group that have not expired."""
    day = database.value("select date(now, 'unixepoch') from clock")
    role = database.value(
        """select max(role) from (
        select role, expires_on from project_members where project_id = ?1 and user_id = ?3
        union all select role, expires_on from group_members where namespace_id = ?2 and user_id = ?3)
        where expires_on = '' or expires_on > ?4""",
        project["id"],
        project["namespace_id"],
        user_id,
        day,
    )
    return Role(role or 0)


def own_role(request: Request, project: sqlite3.Row) -> Role:
    return role_in(database_of(request), project, visitor_of(request).user_id)


def project_of(request: Request, *, least: Role = Role.NONE) -> sqlite3.Row:
    """The project in the URL; 404 when the visitor may not see it, 403 when `least` is more than the visitor's role."""
    path = f"{request.path_params['namespace']}/{request.path_params['project']}"
    project = find_project(database_of(request), path)
    visible = project is not None and (
        project["visibility"] == "public"
        or (project["visibility"] == "internal" and visitor_of(request).user)
        or own_role(request, project)
    )
    if project is None or not visible:
        raise HTTPException(404, f"There is no project “{path}”, or you are not allowed to see it.")
    if least:
        require_user(request)
        if own_role(request, project) < least:
            needed = ROLE_NAMES[least]
            raise HTTPException(403, f"This takes the role {needed} in {project['full_path']}, which you do not have.")
    return project


def find_project(database: Database, full_path: str) -> sqlite3.Row | None:
    namespace, _, path = full_path.partition("/")
    return database.one(f"{PROJECTS} where n.path = ? and p.path = ?", namespace, path)


def project_path(project: sqlite3.Row) -> str:
    return f"/{project['full_path']}"


def group_of(request: Request, *, least: Role = Role.NONE) -> sqlite3.Row:
    """The group in the URL, with the visitor's `role` in it; 404 or 403 as for projects."""
    path = request.path_params["group"]
    group = database_of(request).one(
        """select n.*, coalesce((select role from group_members where namespace_id = n.id and user_id = ?), 0) as role
        from namespaces n where n.path = ? and n.kind = 'group'""",
        visitor_of(request).user_id,
        path,
    )
    if group is None or (group["visibility"] == "private" and not group["role"]):
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


def members_of(database: Database, project: sqlite3.Row) -> list[sqlite3.Row]:
    """Everybody with a role in the project or its group, by name, each with the higher `role`."""
    return database.all(
        """select u.*, max(m.role) as role from users u join (
        select user_id, role from project_members where project_id = ?
        union all select user_id, role from group_members where namespace_id = ?) m on m.user_id = u.id
        group by u.id order by u.name collate nocase""",
        project["id"],
        project["namespace_id"],
    )


def touch(database: Database, project_id: int) -> None:
    database.run("update projects set active_at = ? where id = ?", now(database), project_id)
