"""A page of the forum around its content, and the way to its log-in."""

from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import now
from webarena_mini.kit.media import Skin
from webarena_mini.kit.pages import Pages
from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.kit.text import ago, counted, day, iso, markdown, moment
from webarena_mini.sites.forum import FOLDER
from webarena_mini.sites.forum.domain.notifications import unread
from webarena_mini.sites.forum.domain.text import comment_path, host, submission_path

SKIN = Skin(FOLDER, "forum.css")


@cache
def _pages() -> Pages:
    return Pages(
        FOLDER,
        {
            "ago": ago,
            "comment_path": comment_path,
            "counted": counted,
            "day": day,
            "host": host,
            "iso": iso,
            "markdown": markdown,
            "moment": moment,
            "submission_path": submission_path,
        },
    )


def render(request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
    return _pages().render(
        request,
        template,
        status_code=status_code,
        visitor=visitor_of(request),
        now=now(database_of(request)),
        unread=unread(database_of(request), visitor_of(request).user),
        stylesheet=SKIN.path("forum.css"),
        **values,
    )
