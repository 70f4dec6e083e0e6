"""Answers to what the visitor has written: comments on own submissions, and replies to own comments."""

import sqlite3

from starlette.requests import Request

from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain import listings

_ANSWERS = (
    "c.user_id != ?1 and ((c.parent_id is null and s.user_id = ?1)"
    " or c.parent_id in (select id from comments where user_id = ?1))"
)


def answers(request: Request) -> listings.Page:
    """One page of them, the newest first; the placeholder of the viewer's own votes is ?1 too."""
    return listings.comments(request, _ANSWERS)


def unread(request: Request) -> int:
    """How many have come since the visitor last marked them as read; 0 for somebody who is not logged in."""
    user = visitor_of(request).user
    if user is None:
        return 0
    sql = (
        "select count(*) from comments c join submissions s on s.id = c.submission_id"
        f" where c.id > ?2 and not c.deleted and {_ANSWERS}"
    )
    return int(database_of(request).value(sql, user["id"], user["seen_comment_id"]))


def mark_read(request: Request, user: sqlite3.Row) -> None:
    database_of(request).run(
        "update users set seen_comment_id = coalesce((select max(id) from comments), 0) where id = ?", user["id"]
    )
