"""What every handler needs of a request; sessions, forms and the clock work as in the forum."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.codehost import text
from webarena_mini.codehost.prose import prose
from webarena_mini.kit.clock import now, tick
from webarena_mini.kit.database import Database
from webarena_mini.kit.forms import Posted
from webarena_mini.kit.media import Skin
from webarena_mini.kit.numbers import LARGEST_ID
from webarena_mini.kit.pages import Pages
from webarena_mini.kit.redirects import back, local_path, see_other
from webarena_mini.kit.sessions import LoginNeeded, open_session, posted, require_user, set_cookie, visitor_of
from webarena_mini.kit.site import database_of, instance_of

__all__ = [
    "LoginNeeded",
    "Posted",
    "back",
    "database_of",
    "instance_of",
    "local_path",
    "login_path",
    "now",
    "number_of",
    "open_session",
    "posted",
    "render",
    "require_user",
    "see_other",
    "set_cookie",
    "tick",
    "today",
    "visitor_of",
]

_COUNTERS = """
select (select count(*) from assignees a join issuables i on i.id = a.issuable_id
    where a.user_id = ?1 and i.kind = 'issue' and i.state = 'opened') as issues,
(select count(*) from assignees a join issuables i on i.id = a.issuable_id
    where a.user_id = ?1 and i.kind = 'merge_request' and i.state = 'opened') as assigned,
(select count(*) from reviewers r join issuables i on i.id = r.issuable_id
    where r.user_id = ?1 and i.state = 'opened') as reviews,
(select count(*) from todos where user_id = ?1 and not done) as todos
"""


class Blanks(dict[str, Any]):
    """The values or the errors of a form: "" for what is not there."""

    def __missing__(self, key: str) -> str:
        return ""


SKIN = Skin("codehost", "codehost.css")


@cache
def _pages() -> Pages:
    return Pages("codehost", {**text.FILTERS, "prose": prose})


def render(request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
    database = database_of(request)
    visitor = visitor_of(request)
    for name in ("values", "errors"):
        given = values.get(name)
        if isinstance(given, Mapping):
            values[name] = Blanks(given)
    counters = database.one(_COUNTERS, visitor.user_id) if visitor.user else None
    return _pages().render(
        request,
        template,
        status_code=status_code,
        visitor=visitor,
        counters=counters,
        now=now(database),
        stylesheet=SKIN.path("codehost.css"),
        **values,
    )


def number_of(request: Request, name: str) -> int:
    """A number in the URL; what is too large for the database names nothing either."""
    return min(int(request.path_params[name]), LARGEST_ID)


def today(database: Database) -> date:
    return text.day_of(now(database))


def login_path(request: Request) -> str:
    """The sign-in page, with the way back to what the visitor wanted to see."""
    if request.method == "GET":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    else:
        wanted = urlsplit(request.headers.get("referer", "")).path
    return f"/users/sign_in?next={quote(wanted)}" if wanted not in ("", "/", "/users/sign_in") else "/users/sign_in"
