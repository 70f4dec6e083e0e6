"""What stands beside the content: the visitor's forums, or the forum that is shown."""

import sqlite3

from starlette.requests import Request

from webarena_runner.minisites._sessions import database_of, visitor_of


def subscribed_forums(request: Request) -> list[sqlite3.Row]:
    return database_of(request).all(
        "select f.name, f.title from forums f join subscriptions s on s.forum_id = f.id where s.user_id = ?"
        " order by f.name collate nocase",
        visitor_of(request).user_id,
    )


def popular_forums(request: Request) -> list[sqlite3.Row]:
    return database_of(request).all(
        "select f.name, count(*) as subscribers from forums f join subscriptions s on s.forum_id = f.id"
        " group by f.id order by subscribers desc, f.name limit 8"
    )


def moderators(request: Request, forum: sqlite3.Row) -> list[sqlite3.Row]:
    return database_of(request).all(
        "select u.name from users u join moderators m on m.user_id = u.id where m.forum_id = ? order by u.id",
        forum["id"],
    )
