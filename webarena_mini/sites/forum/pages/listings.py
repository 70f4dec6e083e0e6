"""Lists of submissions and comments, a page at a time."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request

from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain.posts import COMMENTS, ORDERS, PERIODS, SUBMISSIONS, Order, since

PER_PAGE = 25


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


def page_number(request: Request) -> int:
    given = request.query_params.get("p", "1")
    return max(1, int(given)) if given.isdecimal() and len(given) < 6 else 1


def order_of(request: Request, sort: str) -> Order:
    period = request.query_params.get("t", "all")
    return Order(sort, period if period in PERIODS else "all")


def paged(request: Request, rows: Sequence[sqlite3.Row]) -> Page:
    """`rows` has up to one more than a page holds, which shows that there is a next one."""
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
        values = (*values, since(database_of(request), order.period))
    sql = f"{SUBMISSIONS} where {where} order by {ORDERS[order.sort]} limit ? offset ?"
    return paged(request, database_of(request).all(sql, visitor_of(request).user_id, *values, *window(request)))


def comments(request: Request, where: str = "1", *values: object) -> Page:
    """One page of comments, the newest first."""
    sql = f"{COMMENTS} where not c.deleted and {where} order by c.id desc limit ? offset ?"
    return paged(request, database_of(request).all(sql, visitor_of(request).user_id, *values, *window(request)))


def window(request: Request) -> tuple[int, int]:
    return PER_PAGE + 1, (page_number(request) - 1) * PER_PAGE


def _page_url(request: Request, number: int) -> str:
    query = {**request.query_params, "p": number}
    if number == 1:
        del query["p"]
    return request.url.path + (f"?{urlencode(query)}" if query else "")
