"""Who sends a request, on a site that keeps this in its tables `sessions` and `users`."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.forms import MAX_FIELDS, MAX_UPLOAD_BYTES, Posted
from webarena_mini.kit.redirects import see_other
from webarena_mini.kit.site import database_of, instance_of
from webarena_mini.kit.tokens import new_token, same_secret


@dataclass(frozen=True)
class Visitor:
    """Who sends the request; `user` is None for somebody who is not logged in."""

    csrf: str
    user: sqlite3.Row | None

    @property
    def user_id(self) -> int:
        return self.user["id"] if self.user else 0


class LoginNeeded(Exception):
    """Raised by handlers; the visitor is sent to the log-in page."""


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
