"""Answers to what somebody has written: comments on own submissions, and replies to own comments."""

import sqlite3

from webarena_mini.kit.database import Database

# Of a comment `c` on a submission `s`; ?1 is whose answers they are.
ANSWERS = (
    "c.user_id != ?1 and ((c.parent_id is null and s.user_id = ?1)"
    " or c.parent_id in (select id from comments where user_id = ?1))"
)


def unread(database: Database, user: sqlite3.Row | None) -> int:
    """How many have come since the user last marked them as read; 0 for somebody who is not logged in."""
    if user is None:
        return 0
    sql = (
        "select count(*) from comments c join submissions s on s.id = c.submission_id"
        f" where c.id > ?2 and not c.deleted and {ANSWERS}"
    )
    return int(database.value(sql, user["id"], user["seen_comment_id"]))


def mark_read(database: Database, user: sqlite3.Row) -> None:
    database.run(
        "update users set seen_comment_id = coalesce((select max(id) from comments), 0) where id = ?", user["id"]
    )
