"""What others have answered."""

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain.notifications import ANSWERS, mark_read
from webarena_mini.sites.forum.domain.sidebar import front_column
from webarena_mini.sites.forum.pages import listings
from webarena_mini.sites.forum.pages.frame import render


async def show(request: Request) -> Response:
    user = require_user(request)
    return render(
        request,
        "notifications.html",
        page=listings.comments(request, ANSWERS),
        seen=user["seen_comment_id"],
        column=front_column(database_of(request), visitor_of(request).user_id),
    )


async def mark(request: Request) -> Response:
    user = require_user(request)
    await posted(request)
    mark_read(database_of(request), user)
    return redirect_to("/notifications")
