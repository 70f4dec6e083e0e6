"""Submissions and comments: what is read of them, and in which order."""

import sqlite3
from dataclasses import dataclass
from typing import ClassVar

from webarena_mini.kit.clock import DAY_S, now
from webarena_mini.kit.database import Database
from webarena_mini.kit.numbers import LARGEST_ID

ORDERS = {
    "hot": "s.ranking desc, s.id desc",
    "new": "s.id desc",
    "active": "s.last_active desc, s.id desc",
    "top": "s.net_score desc, s.id desc",
    "most_commented": "s.comment_count desc, s.id desc",
}
SORTS = {"hot": "Hot", "new": "New", "active": "Active", "top": "Top", "most_commented": "Most commented"}
TIMED_SORTS = ("top", "most_commented")
PERIODS = {"day": 1, "week": 7, "month": 30, "year": 365, "all": 0}
PERIOD_NAMES = {
    "day": "Past 24 hours",
    "week": "Past week",
    "month": "Past month",
    "year": "Past year",
    "all": "All time",
}

SUBMISSIONS = """
select s.*, f.name as forum, u.name as author, coalesce(v.choice, 0) as my_vote,
       exists (select 1 from moderators where forum_id = f.id and user_id = ?1) as moderated
from submissions s join forums f on f.id = s.forum_id join users u on u.id = s.user_id
left join submission_votes v on v.submission_id = s.id and v.user_id = ?1
"""
COMMENTS = """
select c.*, s.title as submission_title, s.slug as slug, f.name as forum, u.name as author,
       coalesce(v.choice, 0) as my_vote,
       exists (select 1 from moderators where forum_id = f.id and user_id = ?1) as moderated
from comments c join submissions s on s.id = c.submission_id join forums f on f.id = s.forum_id
join users u on u.id = c.user_id left join comment_votes v on v.comment_id = c.id and v.user_id = ?1
"""


@dataclass(frozen=True)
class Order:
    """How a list is sorted, and since when; `period` counts only for the sorts in TIMED_SORTS."""

    sort: str
    period: str

    sorts: ClassVar[dict[str, str]] = SORTS
    periods: ClassVar[dict[str, str]] = PERIOD_NAMES

    @property
    def timed(self) -> bool:
        return self.sort in TIMED_SORTS


def since(database: Database, period: str) -> int:
    """When a period of PERIODS began; 0 for all time."""
    days = PERIODS[period]
    return now(database) - days * DAY_S if days else 0


def more_in_forum(database: Database, user_id: int, submission: sqlite3.Row) -> list[sqlite3.Row]:
    """Other submissions of the same forum, the hottest first."""
    sql = f"{SUBMISSIONS} where s.forum_id = ? and s.id != ? order by {ORDERS['hot']} limit 6"
    return database.all(sql, user_id, submission["forum_id"], submission["id"])


def best_comments(database: Database, user_id: int, author: sqlite3.Row) -> list[sqlite3.Row]:
    """What others liked most of what the author has said; `user_id` is who looks, here as elsewhere."""
    sql = f"{COMMENTS} where c.user_id = ? and not c.deleted order by c.net_score desc, c.id desc limit 5"
    return database.all(sql, user_id, author["id"])


def submission(database: Database, user_id: int, submission_id: int) -> sqlite3.Row | None:
    return _one(database, user_id, f"{SUBMISSIONS} where s.id = ?", submission_id)


def thread(database: Database, user_id: int, submission_id: int) -> list[sqlite3.Row]:
    """All comments of a submission, the best first."""
    sql = f"{COMMENTS} where c.submission_id = ? order by c.net_score desc, c.id"
    return database.all(sql, user_id, submission_id)


def comment(database: Database, user_id: int, comment_id: int) -> sqlite3.Row | None:
    return _one(database, user_id, f"{COMMENTS} where c.id = ?", comment_id)


def _one(database: Database, user_id: int, sql: str, row_id: int) -> sqlite3.Row | None:
    # SQLite takes no number of more than 64 bits, but an address may have one.
    return database.one(sql, user_id, min(row_id, LARGEST_ID))
