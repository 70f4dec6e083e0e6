"""Members of projects and groups: the list, inviting, changing roles, removing."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_runner.minisites._kit import Database
from webarena_runner.minisites.codehost.access import ROLE_NAMES, Role, group_of, own_role, project_of
from webarena_runner.minisites.codehost.context import (
    database_of,
    posted,
    render,
    require_user,
    see_other,
    tick,
    visitor_of,
)


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
    source = _managed(request)
    form = await posted(request)
    database = database_of(request)
    names = [name.strip().removeprefix("@") for name in re.split(r"[,;\n]", form["users"]) if name.strip()]
    found = {name: _person(database, name) for name in names}
    errors = {}
    if not names:
        errors["users"] = "Enter a username, a name or an email address."
    elif unknown := [name for name, user in found.items() if user is None]:
        errors["users"] = f"There is no user called {', '.join(unknown)}."
    if form["role"] not in map(str, _grantable(source)):
        errors["role"] = "Choose a role that you may give."
    if form["expires_on"] and not _is_date(form["expires_on"]):
        errors["expires_on"] = "Write the date as YYYY-MM-DD."
    if errors:
        return _page(request, source, form.values, errors)
    for user in found.values():
        if user is not None:
            _write(database, source, user["id"], int(form["role"]), form["expires_on"])
    return see_other(source.url)


async def change(request: Request) -> Response:
    """A new role, or none at all."""
    source = _source(request)
    visitor = require_user(request)
    form = await posted(request)
    database = database_of(request)
    user_id = request.path_params["user_id"]
    member = database.one(
        f"select * from {source.table} where {source.key} = ? and user_id = ?", source.row["id"], user_id
    )
    leaving = form["remove"] and user_id == visitor["id"]
    if member is None or not (source.managed or leaving):
        raise HTTPException(403, "You cannot change this member.")
    loses_owner = member["role"] == Role.OWNER and (form["remove"] or form["role"] != str(Role.OWNER.value))
    owners = f"select count(*) from {source.table} where {source.key} = ? and role = ?"
    if loses_owner and database.value(owners, source.row["id"], Role.OWNER.value) == 1:
        raise HTTPException(403, f"The last owner of a {source.kind} has to stay.")
    if form["remove"]:
        database.run(f"delete from {source.table} where {source.key} = ? and user_id = ?", source.row["id"], user_id)
    elif form["role"] in map(str, _grantable(source)):
        _write(database, source, user_id, int(form["role"]), member["expires_on"])
    return see_other(source.url)


def _managed(request: Request) -> Source:
    require_user(request)
    source = _source(request)
    if not source.managed:
        needed = "Maintainer" if source.kind == "project" else "Owner"
        raise HTTPException(403, f"Inviting members takes the role {needed}, which you do not have here.")
    return source


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


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _page(request: Request, source: Source, values: dict[str, str] | object, errors: dict[str, str]) -> Response:
    search = request.query_params.get("search", "").strip()[:100]
    inherited = ""
    people: list[object] = [source.row["id"]]
    if source.kind == "project":
        inherited = (
            "union all select user_id, role, expires_on, created_at, 0 from group_members where namespace_id = ?"
        )
        people.append(source.row["namespace_id"])
    rows = database_of(request).all(
        f"""select u.*, m.role, m.expires_on, m.created_at as joined_at, max(m.direct) as direct from users u join (
        select user_id, role, expires_on, created_at, 1 as direct from {source.table} where {source.key} = ?
        {inherited}) m on m.user_id = u.id
        where instr(lower(u.name || ' ' || u.username), lower(?)) group by u.id order by u.name collate nocase""",
        *people,
        search,
    )
    return render(
        request,
        "members.html",
        status_code=422 if errors else 200,
        source=source,
        project=source.row if source.kind == "project" else None,
        group=source.row if source.kind == "group" else None,
        members=rows,
        search=search,
        roles={role: ROLE_NAMES[role] for role in _grantable(source)},
        role_names=ROLE_NAMES,
        visitor_id=visitor_of(request).user_id,
        values=values,
        errors=errors,
    )


def routes() -> Iterator[BaseRoute]:
    for base in ("/groups/{group}/-/group_members", "/{namespace}/{project}/-/project_members"):
        yield Route(base, members)
        yield Route(f"{base}/invite", invite, methods=["POST"])
        yield Route(f"{base}/{{user_id:int}}", change, methods=["POST"])
