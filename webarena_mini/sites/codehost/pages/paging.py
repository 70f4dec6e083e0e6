"""Lists a page at a time."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request

from webarena_mini.kit.site import database_of

PER_PAGE = 20


@dataclass(frozen=True)
class Page:
    """One page of a list of `total` rows; `links` has (number, URL) of the pages that exist."""

    rows: Sequence[sqlite3.Row]
    total: int
    number: int
    links: Sequence[tuple[int, str]]

    @property
    def previous(self) -> str:
        return next((url for number, url in self.links if number == self.number - 1), "")

    @property
    def next(self) -> str:
        return next((url for number, url in self.links if number == self.number + 1), "")


def page_number(request: Request) -> int:
    given = request.query_params.get("page", "1")
    return max(1, int(given)) if given.isdecimal() and len(given) < 6 else 1


def paged(request: Request, sql: str, *values: object, order: str, per_page: int = PER_PAGE) -> Page:
    """One page of a query of ours, which has no order and no limit of its own."""
    database, number = database_of(request), page_number(request)
    total = database.value(f"select count(*) from ({sql})", *values)
    offset = (number - 1) * per_page
    rows = database.all(f"{sql} order by {order} limit ? offset ?", *values, per_page, offset)
    last = max(1, -(-total // per_page))
    return Page(rows, total, number, [(each, with_query(request, page=each)) for each in range(1, last + 1)])


def with_query(request: Request, **changed: object) -> str:
    """This page's URL with some query keys replaced; None takes a key out."""
    pairs = [(key, value) for key, value in request.query_params.multi_items() if key not in {*changed, "page"}]
    pairs += [(key, str(value)) for key, value in changed.items() if value is not None]
    return request.url.path + (f"?{urlencode(pairs)}" if pairs else "")
