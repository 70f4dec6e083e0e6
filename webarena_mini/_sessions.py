"""Sessions, posted forms and the clock of a site that keeps them in its tables `sessions`, `users` and `clock`."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webarena_mini._kit import Database, Instance, new_token, same_secret

MAX_UPLOAD_BYTES = 2_000_000
# A form may have a box for each label of a project.
MAX_FIELDS = 500
TICK_S = 60


@dataclass(frozen=True)
class Visitor:
    """Who sends the request; `user` is None for somebody who is not logged in."""

    csrf: str
    user: sqlite3.Row | None

    @property
    def user_id(self) -> int:
        return self.user["id"] if self.user else 0


@dataclass(frozen=True)
class Posted:
    """A form whose token was right: stripped values, line ends as "\\n", and the bytes of the one file there may be."""

    values: Mapping[str, str]
    file: bytes = b""

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


class LoginNeeded(Exception):
    """Raised by handlers; the visitor is sent to the log-in page."""


def instance_of(request: Request) -> Instance:
    instance: Instance = request.app.state.instance
    return instance


def database_of(request: Request) -> Database:
    return instance_of(request).database


def visitor_of(request: Request) -> Visitor:
    if not hasattr(request.state, "visitor"):
        token = request.cookies.get(instance_of(request).cookie, "")
        database = database_of(request)
        session = database.one("select user_id, csrf from sessions where token = ?", token)
        user = session and database.one("select * from users where id = ?", session["user_id"])
        request.state.visitor = Visitor(session["csrf"] if session else "", user)
    visitor: Visitor = request.state.visitor
    return visitor


def require_user(request: Request) -> sqlite3.Row:
    """Raises LoginNeeded when nobody is logged in."""
    user = visitor_of(request).user
    if user is None:
        raise LoginNeeded
    return user


def open_session(database: Database, user_id: int | None) -> tuple[str, Visitor]:
    """A new session and its cookie value; without a user it only carries the token of the log-in form."""
    token, csrf = new_token(), new_token()
    database.run("insert into sessions values (?, ?, ?)", token, user_id, csrf)
    return token, Visitor(csrf, None)


def set_cookie(request: Request, response: Response, token: str) -> None:
    response.set_cookie(instance_of(request).cookie, token, path="/", httponly=True, samesite="lax")


async def posted(request: Request) -> Posted:
    """Raises HTTPException(403) when the form does not carry the token of the visitor's session."""
    values, file = {}, b""
    async with request.form(max_files=1, max_fields=MAX_FIELDS) as form:
        for name, value in form.items():
            if isinstance(value, UploadFile):
                file = await value.read(MAX_UPLOAD_BYTES + 1)
            else:
                values[name] = value.replace("\r\n", "\n").strip()
    expected = visitor_of(request).csrf
    if not expected or not same_secret(values.get("token", ""), expected):
        raise HTTPException(403, "This form is no longer valid. Go back, reload the page and send it again.")
    return Posted(values, file)


def now(database: Database) -> int:
    return int(database.value("select now from clock"))


def tick(database: Database) -> int:
    """Moves the site's clock on and returns it: later than everything written before, the same in every run."""
    database.run("update clock set now = now + ?", TICK_S)
    return now(database)


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


def with_session(request: Request, page: Callable[[], Response]) -> Response:
    """A page whose form is for somebody without an account here: the form's token needs a session."""
    if visitor_of(request).csrf:
        return page()
    token, request.state.visitor = open_session(database_of(request), None)
    response = page()
    set_cookie(request, response, token)
    return response


def enter(request: Request, user_id: int, path: str) -> Response:
    """Logs a user in and goes on to the path."""
    token, _ = open_session(database_of(request), user_id)
    response = see_other(path)
    set_cookie(request, response, token)
    return response


async def leave(request: Request, path: str) -> Response:
    """Logs out whoever posted the form, and goes on to the path."""
    await posted(request)
    cookie = instance_of(request).cookie
    database_of(request).run("delete from sessions where token = ?", request.cookies.get(cookie, ""))
    response = see_other(path)
    response.delete_cookie(cookie, path="/")
    return response
