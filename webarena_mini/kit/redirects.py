"""Where an answer without a page leads to."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response


def see_other(url: str) -> Response:
    return RedirectResponse(url, status_code=303)


def back(request: Request, fallback: str, *, anchor: str = "") -> Response:
    """To the page that the form was on, when that is one of ours."""
    referer = urlsplit(request.headers.get("referer", ""))
    if referer.netloc != request.headers.get("host"):
        return see_other(fallback)
    url = referer.path + (f"?{referer.query}" if referer.query else "")
    return see_other(f"{url}#{anchor}" if anchor else url)


def local_path(url: str) -> str:
    """`url` when it is a path on this site, else the front page."""
    return url if url.startswith("/") and not url.startswith(("//", "/\\")) else "/"
