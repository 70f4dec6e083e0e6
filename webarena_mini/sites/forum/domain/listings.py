"""Lists of submissions and comments: what they show, in which order, a page at a time."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from starlette.requests import Request

from webarena_mini.kit.clock import DAY_S, now
from webarena_mini.kit.numbers import LARGEST_ID
from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of

PER_PAGE = 25
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
class Page:
    """One page of a list; `newer` and `older` are the URLs of its neighbours, "" where there is none.

    Past the last page there are no rows, and `first` is the way back; else it is "".
    """

    rows: Sequence[sqlite3.Row]
    number: int = 1
    newer: str = ""
    older: str = ""
    first: str = ""


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


def page_number(request: Request) -> int:
    given = request.query_params.get("p", "1")
    return max(1, int(given)) if given.isdecimal() and len(given) < 6 else 1


def order_of(request: Request, sort: str) -> Order:
    period = request.query_params.get("t", "all")
    return Order(sort, period if period in PERIODS else "all")


def paged(request: Request, rows: Sequence[sqlite3.Row]) -> Page:
    """`rows` has up to one more than a page holds, which tells that there is a next one."""
    number = page_number(request)
    if number > 1 and not rows:
        return Page((), number, first=_page_url(request, 1))
    return Page(
        rows[:PER_PAGE],
        number,
        newer=_page_url(request, number - 1) if number > 1 else "",
        older=_page_url(request, number + 1) if len(rows) > PER_PAGE else "",
    )


def submissions(request: Request, order: Order, where: str = "1", *values: object) -> Page:
    """One page of the submissions that satisfy `where`, an SQL condition of ours with its `values`."""
    if order.timed:
        where = f"{where} and s.created_at >= ?"
        values = (*values, since(request, order.period))
    sql = f"{SUBMISSIONS} where {where} order by {ORDERS[order.sort]} limit ? offset ?"
    return paged(request, database_of(request).all(sql, visitor_of(request).user_id, *values, *window(request)))


def comments(request: Request, where: str = "1", *values: object) -> Page:
    """One page of comments, the newest first."""
    sql = f"{COMMENTS} where not c.deleted and {where} order by c.id desc limit ? offset ?"
    return paged(request, database_of(request).all(sql, visitor_of(request).user_id, *values, *window(request)))


def since(request: Request, period: str) -> int:
    """When a period of PERIODS began; 0 for all time."""
    days = PERIODS[period]
    return now(database_of(request)) - days * DAY_S if days else 0


def more_in_forum(request: Request, submission: sqlite3.Row) -> list[sqlite3.Row]:
    """Other submissions of the same forum, the hottest first."""
    sql = f"{SUBMISSIONS} where s.forum_id = ? and s.id != ? order by {ORDERS['hot']} limit 6"
    return database_of(request).all(sql, visitor_of(request).user_id, submission["forum_id"], submission["id"])


def best_comments(request: Request, user: sqlite3.Row) -> list[sqlite3.Row]:
    """What others liked most of what somebody has said."""
    sql = f"{COMMENTS} where c.user_id = ? and not c.deleted order by c.net_score desc, c.id desc limit 5"
    return database_of(request).all(sql, visitor_of(request).user_id, user["id"])


def submission(request: Request, submission_id: int) -> sqlite3.Row | None:
    return _one(request, f"{SUBMISSIONS} where s.id = ?", submission_id)


def thread(request: Request, submission_id: int) -> list[sqlite3.Row]:
    """All comments of a submission, the best first."""
    sql = f"{COMMENTS} where c.submission_id = ? order by c.net_score desc, c.id"
    return database_of(request).all(sql, visitor_of(request).user_id, submission_id)


def comment(request: Request, comment_id: int) -> sqlite3.Row | None:
    return _one(request, f"{COMMENTS} where c.id = ?", comment_id)


def _one(request: Request, sql: str, row_id: int) -> sqlite3.Row | None:
    # SQLite takes no number of more than 64 bits, but an address may have one.
    return database_of(request).one(sql, visitor_of(request).user_id, min(row_id, LARGEST_ID))


def window(request: Request) -> tuple[int, int]:
    return PER_PAGE + 1, (page_number(request) - 1) * PER_PAGE


def _page_url(request: Request, number: int) -> str:
    query = {**request.query_params, "p": number}
    if number == 1:
        del query["p"]
    return request.url.path + (f"?{urlencode(query)}" if query else "")
