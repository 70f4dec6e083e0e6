"""What every page has around it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import now
from webarena_mini.kit.media import Skin
from webarena_mini.kit.pages import Pages
from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost import FOLDER
from webarena_mini.sites.codehost.domain import text
from webarena_mini.sites.codehost.pages.prose import prose

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


SKIN = Skin(FOLDER, "codehost.css")


@cache
def _pages() -> Pages:
    return Pages(FOLDER, {**text.FILTERS, "prose": prose})


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
