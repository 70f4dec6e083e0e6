"""What every handler needs: the database, and the page around the content."""

from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.media import Skin
from webarena_mini.kit.pages import Pages
from webarena_mini.kit.site import database_of
from webarena_mini.sites.wiki import FOLDER
from webarena_mini.sites.wiki.domain.text import BOOK, LANDING, href

SKIN = Skin(FOLDER, "wiki.css", "suggest.js", prefix="/skin")

NAME = "Commonlore"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


@cache
def _pages() -> Pages:
    return Pages(FOLDER, {"href": href, "counted": _counted})


def render(request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
    database = database_of(request)
    frame = {
        "site": NAME,
        "overviews": database.all("select title from article where kind = 'page' order by title"),
        "subjects": database.all("select distinct topic from article where topic != '' order by topic"),
        "places": database.all("select title from article where kind = 'town' order by title"),
        "book": BOOK,
        "articles": f"/{BOOK}/A/",
        "pictures": f"/{BOOK}/I/",
        "landing": f"/{BOOK}/A/{LANDING}",
        "stylesheet": SKIN.path("wiki.css"),
        "script": SKIN.path("suggest.js"),
        "pattern": "",
        "wanted": request.path_params.get("path", "").replace("_", " ")[:100],
    }
    return _pages().render(request, template, status_code=status_code, **(frame | values))
