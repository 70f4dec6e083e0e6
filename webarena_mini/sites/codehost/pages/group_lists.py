"""Lists of groups with their projects, which can be searched by name and sorted."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import PROJECTS, group_seen_by, role_in_group, seen_by
from webarena_mini.sites.codehost.pages.paging import Page, paged

SORTS = {
    "name_asc": ("Name", "name collate nocase, id"),
    "name_desc": ("Name, descending", "name collate nocase desc, id"),
    "created_desc": ("Last created", "created_at desc, id"),
    "created_asc": ("Oldest created", "created_at, id"),
}


@dataclass(frozen=True)
class GroupList:
    """`projects` are those that the visitor may see, by the group's id."""

    page: Page
    name: str
    sort: str
    projects: Mapping[int, list[sqlite3.Row]]

    @property
    def sorts(self) -> dict[str, str]:
        return {key: name for key, (name, _) in SORTS.items()}


def group_list(request: Request, *, role_of: int, where: str = "1") -> GroupList:
    """One page of the groups that the visitor may see and that satisfy `where`, an SQL condition of ours.

    Each has the `role` of the user `role_of` in it, 0 for none. The URL's `name` narrows the list.
    """
    user_id = visitor_of(request).user_id
    name = request.query_params.get("name", "").strip()[:100]
    sort = request.query_params.get("sort", "")
    sort = sort if sort in SORTS else "name_asc"
    sql = f"""select n.*, coalesce({role_in_group(role_of)}, 0) as role,
        (select count(*) from group_members where namespace_id = n.id) as members from namespaces n
        where n.kind = 'group' and {group_seen_by(user_id)} and {where}
        and (instr(lower(n.name), lower(?1)) or instr(lower(n.path), lower(?1)))"""
    page = paged(request, sql, name, order=SORTS[sort][1])
    projects: dict[int, list[sqlite3.Row]] = {row["id"]: [] for row in page.rows}
    marks = ", ".join("?" * len(projects))
    listed = f"{PROJECTS} where p.namespace_id in ({marks}) and {seen_by(user_id)} order by p.active_at desc, p.id"
    for row in database_of(request).all(listed, *projects):
        projects[row["namespace_id"]].append(row)
    return GroupList(page, name, sort, projects)
