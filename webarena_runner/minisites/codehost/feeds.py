"""What has been going on: pushes, new issues and merge requests, comments."""

import sqlite3

from starlette.requests import Request

from webarena_runner.minisites.codehost.access import seen_by
from webarena_runner.minisites.codehost.context import database_of, visitor_of

_EVENTS = """
select e.*, u.username, u.name as user_name, n.path || '/' || p.path as full_path
from events e join users u on u.id = e.user_id join projects p on p.id = e.project_id
join namespaces n on n.id = p.namespace_id
"""


def events(request: Request, where: str, *values: object, limit: int = 20) -> list[sqlite3.Row]:
    """The newest events that satisfy `where`, an SQL condition of ours, in projects that the visitor may see."""
    visible = seen_by(visitor_of(request).user_id)
    return database_of(request).all(
        f"{_EVENTS} where {where} and {visible} order by e.created_at desc, e.title limit ?", *values, limit
    )
