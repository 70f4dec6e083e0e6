"""Search, and suggestions while one types."""

from markupsafe import escape
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from webarena_mini.kit.site import database_of
from webarena_mini.sites.wiki.domain import searching
from webarena_mini.sites.wiki.domain.text import href
from webarena_mini.sites.wiki.pages.articles import MOST_LETTERS
from webarena_mini.sites.wiki.pages.frame import render

_SUGGESTIONS = 10


async def search(request: Request) -> Response:
    pattern = request.query_params.get("pattern", "").strip()[:MOST_LETTERS]
    start = _number(request, "start", 0)
    length = min(_number(request, "pageLength", 0) or searching.PAGE_LENGTH, searching.MAX_PAGE_LENGTH)
    results = searching.find(database_of(request), pattern, start=start, length=length)
    titles = searching.titles(database_of(request), pattern, limit=6)
    return render(request, "search.html", pattern=pattern, results=results, titles=titles)


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 7 else default


async def suggest(request: Request) -> Response:
    """Titles for what has been typed so far, and the search for it at the end."""
    term = request.query_params.get("term", "").strip()[:MOST_LETTERS]
    limit = min(_number(request, "limit", _SUGGESTIONS), 50)
    found = searching.titles(database_of(request), term, limit=limit)
    offered = [
        {"value": row["title"], "label": escape(row["title"]), "kind": "path", "path": f"A/{href(row['title'])}"}
        for row in found
    ]
    offered.append({"value": f"{term} ", "label": f"Search all articles for “{escape(term)}”", "kind": "pattern"})
    return JSONResponse(offered)
