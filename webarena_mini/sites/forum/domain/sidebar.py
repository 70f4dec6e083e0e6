"""What stands beside the content: the visitor's forums, or the forum that is shown."""

import sqlite3
from dataclasses import dataclass

from webarena_mini.kit.clock import DAY_S, now
from webarena_mini.kit.database import Database

_MONTH_S = 30 * DAY_S


@dataclass(frozen=True)
class FrontColumn:
    subscribed: list[sqlite3.Row]
    popular: list[sqlite3.Row]
    busiest: list[sqlite3.Row]


@dataclass(frozen=True)
class ForumColumn:
    """`also` are the forums that most of its members belong to as well."""

    moderators: list[sqlite3.Row]
    best: list[sqlite3.Row]
    writers: list[sqlite3.Row]
    also: list[sqlite3.Row]


def subscribed_forums(database: Database, user_id: int) -> list[sqlite3.Row]:
    return database.all(
        "select f.name, f.title from forums f join subscriptions s on s.forum_id = f.id where s.user_id = ?"
        " order by f.name collate nocase",
        user_id,
    )


def front_column(database: Database, user_id: int) -> FrontColumn:
    popular = database.all(
        "select f.name, count(*) as subscribers from forums f join subscriptions s on s.forum_id = f.id"
        " group by f.id order by subscribers desc, f.name limit 8"
    )
    busiest = database.all(
        "select s.id, s.title, s.slug, s.net_score, s.comment_count, f.name as forum"
        " from submissions s join forums f on f.id = s.forum_id"
        " where s.last_active >= ? order by s.comment_count desc, s.id desc limit 5",
        now(database) - 7 * DAY_S,
    )
    return FrontColumn(subscribed_forums(database, user_id), popular, busiest)


def forum_column(database: Database, forum: sqlite3.Row) -> ForumColumn:
    month_ago = now(database) - _MONTH_S
    return ForumColumn(
        moderators=database.all(
            "select u.name from users u join moderators m on m.user_id = u.id where m.forum_id = ? order by u.id",
            forum["id"],
        ),
        best=database.all(
            "select id, title, slug, net_score, comment_count, ? as forum from submissions"
            " where forum_id = ? and created_at >= ? order by net_score desc, id desc limit 5",
            forum["name"],
            forum["id"],
            month_ago,
        ),
        writers=database.all(
            "select u.name, count(*) as comments from comments c join submissions s on s.id = c.submission_id"
            " join users u on u.id = c.user_id where s.forum_id = ? and c.created_at >= ? and not c.deleted"
            " group by u.id order by comments desc, u.name limit 5",
            forum["id"],
            month_ago,
        ),
        also=database.all(
            "select f.name, count(*) as members from subscriptions own join subscriptions other using (user_id)"
            " join forums f on f.id = other.forum_id where own.forum_id = ?1 and other.forum_id != ?1"
            " group by f.id order by members desc, f.name limit 6",
            forum["id"],
        ),
    )
