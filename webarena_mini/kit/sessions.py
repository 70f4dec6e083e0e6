"""Cookies, and who sends a request on a site that keeps this in its tables `sessions` and `users`."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.forms import Posted, read_form, require_token
from webarena_mini.kit.redirects import address_of, local_path, redirect_to
from webarena_mini.kit.site import database_of, instance_of
from webarena_mini.kit.tokens import new_token


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
        database = database_of(request)
        session = database.one("select user_id, csrf from sessions where token = ?", token_of(request))
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


def to_login(request: Request, path: str, *, told: str = "", back: bool = True) -> Response:
    """To the log-in page at `path`, which tells once what it is told.

    What leads `back` after logging in, which is no form, is kept in the session, as by the official applications.
    """
    response, token = redirect_to(path), token_of(request)
    if not visitor_of(request).csrf:
        token, _ = open_session(database_of(request), None)
        set_cookie(request, response, token)
    wanted = address_of(request) if back and request.method == "GET" else None
    database_of(request).run(
        "update sessions set told = ?, wanted = coalesce(?, wanted) where token = ?", told, wanted, token
    )
    return response


def take_told(request: Request) -> str:
    """What the log-in page has to tell; "" when it has told it."""
    database, token = database_of(request), token_of(request)
    told = str(database.value("select told from sessions where token = ?", token) or "")
    if told:
        database.run("update sessions set told = '' where token = ?", token)
    return told


def open_session(database: Database, user_id: int | None) -> tuple[str, Visitor]:
    """A new session and its cookie value; without a user it only carries the token of the log-in form."""
    token, csrf = new_token(), new_token()
    database.run("insert into sessions (token, user_id, csrf) values (?, ?, ?)", token, user_id, csrf)
    return token, Visitor(csrf, None)


def token_of(request: Request) -> str:
    """What the visitor's cookie says; "" without one."""
    return request.cookies.get(instance_of(request).cookie, "")


def set_cookie(request: Request, response: Response, token: str) -> None:
    response.set_cookie(instance_of(request).cookie, token, path="/", httponly=True, samesite="lax")


async def posted(request: Request) -> Posted:
    """Raises HTTPException(403) when the form does not carry the token of the visitor's session."""
    form = await read_form(request)
    require_token(form, visitor_of(request).csrf)
    return form


def with_session(request: Request, page: Callable[[], Response]) -> Response:
    """A page whose form is for somebody without an account here: the form's token needs a session."""
    if visitor_of(request).csrf:
        return page()
    token, request.state.visitor = open_session(database_of(request), None)
    response = page()
    set_cookie(request, response, token)
    return response


def enter(request: Request, user_id: int, path: str) -> Response:
    """Logs a user in and goes on to the page that asked for it, else to the path."""
    wanted = database_of(request).value("select wanted from sessions where token = ?", token_of(request))
    token, _ = open_session(database_of(request), user_id)
    response = redirect_to(local_path(wanted) if wanted else path)
    set_cookie(request, response, token)
    return response


async def leave(request: Request, path: str) -> Response:
    """Logs out whoever posted the form, and goes on to the path."""
    await posted(request)
    database_of(request).run("delete from sessions where token = ?", token_of(request))
    response = redirect_to(path)
    response.delete_cookie(instance_of(request).cookie, path="/")
    return response
