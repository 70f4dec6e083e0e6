"""What has been going on: pushes, issues and merge requests that come and go, comments."""

import sqlite3
from dataclasses import dataclass

from starlette.requests import Request

from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import seen_by
from webarena_mini.sites.codehost.pages.paging import Page, paged

FILTERS = {
    "all": ("All", "1"),
    "push": ("Push events", "e.kind = 'commit'"),
    "issue": ("Issue events", "e.kind = 'issue' and e.action != 'commented on'"),
    "merge": ("Merge events", "e.kind = 'merge_request' and e.action != 'commented on'"),
    "comments": ("Comments", "e.action = 'commented on'"),
}
_EVENTS = """
select e.*, u.username, u.name as user_name, n.path || '/' || p.path as full_path
from events e join users u on u.id = e.user_id join projects p on p.id = e.project_id
join namespaces n on n.id = p.namespace_id
"""
_ORDER = "created_at desc, title, kind, ref"
_PER_PAGE = 40


@dataclass(frozen=True)
class Feed:
    """One page of events of one kind."""

    page: Page
    shown: str

    @property
    def names(self) -> dict[str, str]:
        return {key: name for key, (name, _) in FILTERS.items()}


def feed(request: Request, where: str, *values: object) -> Feed:
    """What satisfies `where`, an SQL condition of ours, in projects that the visitor may see, newest first."""
    shown = request.query_params.get("event_filter", "")
    shown = shown if shown in FILTERS else "all"
    sql = f"{_EVENTS} where {where} and {seen_by(visitor_of(request).user_id)} and {FILTERS[shown][1]}"
    return Feed(paged(request, sql, *values, order=_ORDER, per_page=_PER_PAGE), shown)


def newest(request: Request, where: str, *values: object, limit: int) -> list[sqlite3.Row]:
    """The first few of the same."""
    visible = seen_by(visitor_of(request).user_id)
    sql = f"{_EVENTS} where {where} and {visible} order by {_ORDER} limit ?"
    return database_of(request).all(sql, *values, limit)
