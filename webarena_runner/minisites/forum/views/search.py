"""Full-text search."""

import re
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_runner.minisites._sessions import database_of
from webarena_runner.minisites.forum import listings
from webarena_runner.minisites.forum.context import render

_KINDS = ("submission", "comment")
_MAX_WORDS = 20


async def search(request: Request) -> Response:
    query = request.query_params.get("q", "").strip()[:200]
    kind = request.query_params.get("kind", "submission")
    kind = kind if kind in _KINDS else "submission"
    terms = match_expression(query)
    if not terms:
        return render(request, "search.html", query=query, kind=kind, page=None, counts={})
    database = database_of(request)
    counts = {
        name: database.value(f"select count(*) from {name}_search where {name}_search match ?", terms)
        for name in _KINDS
    }
    page = listings.matching(request, kind, terms)
    return render(request, "search.html", query=query, kind=kind, page=page, counts=counts)


def match_expression(query: str) -> str:
    """The words of a query as an FTS5 expression that needs all of them; quoted, so that none acts as an operator."""
    return " ".join(f'"{word}"' for word in re.findall(r"\w+", query)[:_MAX_WORDS])


def routes() -> Iterator[BaseRoute]:
    yield Route("/search", search)
