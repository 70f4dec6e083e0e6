"""Where an answer without a page leads to; never to another host."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response


def is_local(path: str) -> bool:
    """Whether a path leads to this site: two slashes or a backslash would begin another host's name."""
    return path.startswith("/") and not path.startswith("//") and "\\" not in path


def local_path(url: str) -> str:
    """`url` when it is a path on this site, else the front page."""
    return url if is_local(url) else "/"


def address_of(request: Request) -> str:
    """Path and query that the request asks for."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def came_from(request: Request, default: str) -> str:
    """Path and query of the page that the form was on, where that is one of ours."""
    try:
        referer = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return default
    if referer.netloc != request.headers.get("host") or not is_local(referer.path):
        return default
    return referer.path + (f"?{referer.query}" if referer.query else "")


def redirect_to(url: str) -> Response:
    """By 302, as the official applications all answer a form, whatever it was sent by: scores may hang on it."""
    return RedirectResponse(url, status_code=302)


def back(request: Request, fallback: str, *, anchor: str = "") -> Response:
    """To the page that the form was on, where that is one of ours."""
    url = came_from(request, "")
    return redirect_to(f"{url}#{anchor}" if url and anchor else url or fallback)
