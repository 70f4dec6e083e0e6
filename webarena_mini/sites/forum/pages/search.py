"""The search page."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.sites.forum.domain import searching
from webarena_mini.sites.forum.domain.sidebar import front_column
from webarena_mini.sites.forum.pages.frame import render


async def search(request: Request) -> Response:
    query = searching.Query.of(request)
    column = front_column(request)
    if not query.words:
        return render(request, "search.html", query=query, page=None, column=column)
    return render(
        request,
        "search.html",
        query=query,
        page=searching.results(request, query),
        counts=searching.counts(request, query),
        by_forum=searching.by_forum(request, replace(query, forum="")),
        forums=searching.forums_named(request, query),
        users=searching.users_named(request, query),
        column=column,
    )
