"""Pages about the site itself."""

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import DAY_S, now
from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain import sidebar
from webarena_mini.sites.forum.pages.frame import render

_PERIODS_DAYS = (7, 30)
_COUNTS = {
    "Submissions": "select count(*) from submissions",
    "Comments": "select count(*) from comments",
    "Members who wrote a comment": "select count(distinct user_id) from comments",
}
# What the page on formatting shows: as it is typed, and as it comes out.
_EXAMPLES = (
    "**bold** and *italic*",
    "~~crossed out~~",
    "[a link](https://example.com)",
    "https://example.com becomes a link by itself",
    "- first\n- second",
    "1. first\n2. second",
    "> a quotation",
    "`a word of code`",
    "```\na block\nof code\n```",
)


async def about(request: Request) -> Response:
    database = database_of(request)
    starts = [now(database) - days * DAY_S for days in _PERIODS_DAYS] + [0]
    activity = [
        (noun, [database.value(f"{count} where created_at >= ?", start) for start in starts])
        for noun, count in _COUNTS.items()
    ]
    writers = database.all(
        "select u.name, u.joined_at, count(*) as comments from comments c join users u on u.id = c.user_id"
        " where c.created_at >= ? and not c.deleted group by u.id order by comments desc, u.name limit 10",
        starts[1],
    )
    return render(
        request,
        "about.html",
        members=database.value("select count(*) from users"),
        forums=database.value("select count(*) from forums"),
        activity=activity,
        writers=writers,
        column=sidebar.front_column(database_of(request), visitor_of(request).user_id),
    )


async def formatting(request: Request) -> Response:
    return render(
        request,
        "formatting.html",
        examples=_EXAMPLES,
        column=sidebar.front_column(database_of(request), visitor_of(request).user_id),
    )
