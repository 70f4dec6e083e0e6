"""The search page."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain import posts, searching
from webarena_mini.sites.forum.domain.searching import SOURCES, Query, where_of
from webarena_mini.sites.forum.domain.sidebar import front_column
from webarena_mini.sites.forum.pages import listings
from webarena_mini.sites.forum.pages.frame import render


def results(request: Request, query: Query) -> listings.Page:
    table, (row, _) = posts.SUBMISSIONS if query.kind == "submission" else posts.COMMENTS, SOURCES[query.kind]
    order = {"best": "x.rank, ", "new": "", "top": f"{row}.net_score desc, "}[query.sort]
    where, values = where_of(database_of(request), query)
    sql = (
        f"{table} join {query.kind}_search x on x.rowid = {row}.id where {where}"
        f" order by {order}{row}.id desc limit ? offset ?"
    )
    values = (visitor_of(request).user_id, *values, *listings.window(request))
    return listings.paged(request, database_of(request).all(sql, *values))


async def search(request: Request) -> Response:
    database = database_of(request)
    query = searching.Query.of(request.query_params)
    column = front_column(database, visitor_of(request).user_id)
    if not query.words:
        return render(request, "search.html", query=query, page=None, column=column)
    return render(
        request,
        "search.html",
        query=query,
        page=results(request, query),
        counts=searching.counts(database, query),
        by_forum=searching.by_forum(database, replace(query, forum="")),
        forums=searching.forums_named(database, query),
        users=searching.users_named(database, query),
        column=column,
    )
