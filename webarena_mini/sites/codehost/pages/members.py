"""Members of projects and groups: the list, inviting, changing roles, removing."""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import tick, today
from webarena_mini.kit.database import Database
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import LASTING, ROLE_NAMES, Role
from webarena_mini.sites.codehost.domain.text import is_day
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import group_of, number_of, own_role, project_of

SORTS = {
    "name_asc": ("Account, ascending", "name collate nocase, id"),
    "name_desc": ("Account, descending", "name collate nocase desc, id"),
    "last_joined": ("Access granted, newest first", "joined_at desc, id"),
    "oldest_joined": ("Access granted, oldest first", "joined_at, id"),
    "access_level_desc": ("Max role, highest first", "role desc, name collate nocase"),
    "access_level_asc": ("Max role, lowest first", "role, name collate nocase"),
}
_MAX_INVITED = 50


@dataclass(frozen=True)
class Source:
    """The project or group whose members are shown; `table` and `key` are where they are stored."""

    kind: str
    row: sqlite3.Row
    role: int
    table: str
    key: str
    url: str

    @property
    def managed(self) -> bool:
        return self.role >= (Role.MAINTAINER if self.kind == "project" else Role.OWNER)

    @property
    def inherited(self) -> str:
        """An SQL query of the members that a project has through its group."""
        if self.kind != "project":
            return "select user_id, role, expires_on, created_at from group_members where 0"
        return f"""select user_id, role, expires_on, created_at from group_members
            where namespace_id = {self.row["namespace_id"]:d}"""


def _source(request: Request) -> Source:
    if "group" in request.path_params:
        group = group_of(request)
        url = f"/groups/{group['path']}/-/group_members"
        return Source("group", group, group["role"], "group_members", "namespace_id", url)
    project = project_of(request)
    url = f"/{project['full_path']}/-/project_members"
    return Source("project", project, own_role(request, project), "project_members", "project_id", url)


async def members(request: Request) -> Response:
    return _page(request, _source(request), {"users": "", "role": "10", "expires_on": ""}, {})


async def invite(request: Request) -> Response:
    require_user(request)
    source = _source(request)
    if not source.managed:
        needed = "Maintainer" if source.kind == "project" else "Owner"
        raise HTTPException(403, f"Inviting members takes the role {needed}, which you do not have here.")
    form = await posted(request)
    database = database_of(request)
    names = [name.strip().removeprefix("@") for name in re.split(r"[,;\n]", form["users"]) if name.strip()]
    found = {name: _person(database, name) for name in names[:_MAX_INVITED]}
    errors = {}
    if form["role"] not in map(str, _grantable(source)):
        errors["role"] = "Choose a role that you may give."
    elif obstacles := [_obstacle(database, source, user, int(form["role"])) for user in found.values() if user]:
        errors["users"] = next(filter(None, obstacles), "")
    if not names or len(names) > _MAX_INVITED:
        errors["users"] = f"Enter usernames, names or email addresses, at most {_MAX_INVITED}."
    elif unknown := [name for name, user in found.items() if user is None]:
        errors["users"] = f"There is no user called {', '.join(unknown)}."
    if form["expires_on"] and not (is_day(form["expires_on"]) and form["expires_on"] > today(database).isoformat()):
        errors["expires_on"] = "Write a day in the future as YYYY-MM-DD."
    if any(errors.values()):
        return _page(request, source, form.values, errors)
    for user in found.values():
        if user is not None:
            _write(database, source, user["id"], int(form["role"]), form["expires_on"])
    return redirect_to(source.url)


async def change(request: Request) -> Response:
    """A new role, or none at all."""
    source = _source(request)
    visitor = require_user(request)
    form = await posted(request)
    database = database_of(request)
    member = _direct(database, source, number_of(request, "user_id"))
    leaving = bool(form["remove"]) and member is not None and member["user_id"] == visitor["id"]
    if member is None or not (source.managed or leaving):
        raise HTTPException(403, "You cannot change this member.")
    role = 0 if form["remove"] else next((each for each in _grantable(source) if form["role"] == str(each)), None)
    if role is None:
        raise HTTPException(403, "You cannot give this role.")
    obstacle = _protected(database, source, member, role)
    if obstacle:
        raise HTTPException(403, obstacle)
    if role:
        _write(database, source, member["user_id"], role, member["expires_on"])
    else:
        database.run(
            f"delete from {source.table} where {source.key} = ? and user_id = ?", source.row["id"], member["user_id"]
        )
    still_visible = not leaving or source.row["visibility"] != "private"
    return redirect_to(source.url if still_visible else "/dashboard/projects")


def _direct(database: Database, source: Source, user_id: int) -> sqlite3.Row | None:
    return database.one(
        f"select m.*, u.name from {source.table} m join users u on u.id = m.user_id"
        f" where m.{source.key} = ? and m.user_id = ?",
        source.row["id"],
        user_id,
    )


def _protected(database: Database, source: Source, member: sqlite3.Row, role: int) -> str:
    """Why this member cannot get this role (0 for leaving); "" where it is possible."""
    if member["role"] > source.role:
        return f"{member['name']} has a higher role than you."
    if source.kind == "project" and database.one(
        "select 1 from namespaces where id = ? and user_id = ?", source.row["namespace_id"], member["user_id"]
    ):
        return f"The project belongs to {member['name']}, who stays its owner."
    others = f"select 1 from {source.table} where {source.key} = ? and role = ? and user_id != ?"
    owner = Role.OWNER.value
    if member["role"] == owner != role and not database.one(others, source.row["id"], owner, member["user_id"]):
        return f"The last owner of a {source.kind} has to stay."
    return ""


def _obstacle(database: Database, source: Source, user: sqlite3.Row, role: int) -> str:
    """Why somebody cannot be invited with this role."""
    member = _direct(database, source, user["id"])
    if member is not None and (protected := _protected(database, source, member, role)):
        return protected
    inherited = database.value(
        f"select role from ({source.inherited}) where user_id = ? and role > ? and {LASTING}", user["id"], role
    )
    return f"{user['name']} is {ROLE_NAMES[inherited]} already, through the group." if inherited else ""


def _grantable(source: Source) -> list[int]:
    return [role for role in ROLE_NAMES if role <= source.role]


def _person(database: Database, name: str) -> sqlite3.Row | None:
    """By username or email address, or by full name where only one person has it."""
    exact = database.one("select * from users where username = ?1 or (email = ?1 and email != '')", name)
    if exact is not None:
        return exact
    named = database.all("select * from users where lower(name) = lower(?)", name)
    return named[0] if len(named) == 1 else None


def _write(database: Database, source: Source, user_id: int, role: int, expires_on: str) -> None:
    database.run(
        f"insert into {source.table} ({source.key}, user_id, role, expires_on, created_at) values (?, ?, ?, ?, ?)"
        f" on conflict ({source.key}, user_id) do update set role = excluded.role, expires_on = excluded.expires_on",
        source.row["id"],
        user_id,
        role,
        expires_on,
        tick(database),
    )


def _page(request: Request, source: Source, values: Mapping[str, str], errors: Mapping[str, str]) -> Response:
    search = request.query_params.get("search", "").strip()[:100]
    sort = request.query_params.get("sort", "")
    sort = sort if sort in SORTS else "name_asc"
    # Of somebody who is a member twice over, the higher role counts.
    rows = database_of(request).all(
        f"""select u.*, m.role, m.expires_on, m.created_at as joined_at, m.direct,
        exists (select 1 from {source.table} where {source.key} = ?1 and user_id = u.id) as changeable
        from users u join (
        select *, row_number() over (partition by user_id order by role desc, direct desc) as place from (
        select user_id, role, expires_on, created_at, 1 as direct from {source.table} where {source.key} = ?1
        union all select *, 0 from ({source.inherited})) where {LASTING}) m on m.user_id = u.id
        where m.place = 1 and instr(lower(u.name || ' ' || u.username), lower(?2)) order by {SORTS[sort][1]}""",
        source.row["id"],
        search,
    )
    return render(
        request,
        "members.html",
        source=source,
        project=source.row if source.kind == "project" else None,
        group=source.row if source.kind == "group" else None,
        members=rows,
        search=search,
        sort=sort,
        sorts={key: name for key, (name, _) in SORTS.items()},
        roles={role: ROLE_NAMES[role] for role in _grantable(source)},
        role_names=ROLE_NAMES,
        visitor_id=visitor_of(request).user_id,
        values=values,
        errors=errors,
    )
