"""Who may see and do what: roles in projects and groups."""

import sqlite3
from enum import IntEnum

from webarena_mini.kit.clock import now
from webarena_mini.kit.database import Database


class Role(IntEnum):
    NONE = 0
    GUEST = 10
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40
    OWNER = 50


ROLE_NAMES = {role.value: role.name.title() for role in Role if role}
VISIBILITIES = ("private", "internal", "public")

PROJECTS = """
select p.*, n.path as namespace, n.name as namespace_name, n.kind as namespace_kind,
    n.visibility as namespace_visibility,
    n.path || '/' || p.path as full_path,
    (select count(*) from stars where project_id = p.id) as stars,
    (select count(*) from projects f where f.forked_from_id = p.id) as forks,
    (select count(*) from issuables where project_id = p.id and kind = 'issue' and state = 'opened') as open_issues,
    (select count(*) from issuables where project_id = p.id and kind = 'merge_request' and state = 'opened')
        as open_merge_requests
from projects p join namespaces n on n.id = p.namespace_id
"""
LASTING = "(expires_on = '' or expires_on > (select date(now, 'unixepoch') from clock))"


def seen_by(user_id: int, *, project: str = "p") -> str:
    """An SQL condition: the projects that a user may see; user 0 is somebody who is not signed in."""
    if not user_id:
        return f"{project}.visibility = 'public'"
    return f"({project}.visibility != 'private' or {is_member(user_id, project=project)})"


def is_member(user_id: int, *, project: str = "p") -> str:
    """An SQL condition: the projects of a user, those in the user's groups, and those that the user was invited to."""
    owner = f"select 1 from namespaces where id = {project}.namespace_id and user_id = {user_id:d}"
    member = f"select 1 from project_members where project_id = {project}.id and user_id = {user_id:d} and {LASTING}"
    group = (
        f"select 1 from group_members where namespace_id = {project}.namespace_id and user_id = {user_id:d}"
        f" and {LASTING}"
    )
    return f"(exists ({owner}) or exists ({member}) or exists ({group}))"


def group_seen_by(user_id: int, *, group: str = "n") -> str:
    """The same for groups."""
    if not user_id:
        return f"{group}.visibility = 'public'"
    return f"({group}.visibility != 'private' or {role_in_group(user_id, group=group)} is not null)"


def role_in_group(user_id: int, *, group: str = "n") -> str:
    """An SQL expression: the role in the group, or null."""
    return f"(select role from group_members where namespace_id = {group}.id and user_id = {user_id:d} and {LASTING})"


def role_in(database: Database, project: sqlite3.Row, user_id: int) -> Role:
    """The highest of the roles in the project and in its group that last; nobody else owns one's own space."""
    role = database.value(
        f"""select max(role) from (
        select role from project_members where project_id = ?1 and user_id = ?3 and {LASTING}
        union all select role from group_members where namespace_id = ?2 and user_id = ?3 and {LASTING}
        union all select {Role.OWNER:d} from namespaces where id = ?2 and user_id = ?3)""",
        project["id"],
        project["namespace_id"],
        user_id,
    )
    return Role(role or 0)


def find_project(database: Database, full_path: str, *, where: str = "1") -> sqlite3.Row | None:
    namespace, _, path = full_path.partition("/")
    return database.one(f"{PROJECTS} where n.path = ? and p.path = ? and {where}", namespace, path)


def members_of(database: Database, project: sqlite3.Row) -> list[sqlite3.Row]:
    """Everybody with a role in the project or its group that lasts, by name, each with the higher `role`."""
    return database.all(
        f"""select u.*, max(m.role) as role from users u join (
        select user_id, role from project_members where project_id = ? and {LASTING}
        union all select user_id, role from group_members where namespace_id = ? and {LASTING}) m on m.user_id = u.id
        group by u.id order by u.name collate nocase""",
        project["id"],
        project["namespace_id"],
    )


def exposes(visibility: str, limit: str) -> bool:
    """Whether more people would see something of this visibility than something of that one."""
    return VISIBILITIES.index(visibility) > VISIBILITIES.index(limit)


def touch(database: Database, project_id: int) -> None:
    database.run("update projects set active_at = ? where id = ?", now(database), project_id)
