"""Signing in and out, registration."""

import re

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import tick
from webarena_mini.kit.forms import Posted
from webarena_mini.kit.passwords import hash_password, password_matches
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import enter, leave, posted, take_told, visitor_of, with_session
from webarena_mini.kit.site import database_of
from webarena_mini.kit.tokens import new_token
from webarena_mini.sites.codehost.domain.naming import is_username
from webarena_mini.sites.codehost.pages.frame import render

MIN_PASSWORD = 8
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NAME_LIMIT, _EMAIL_LIMIT = 127, 200


async def sign_in(request: Request) -> Response:
    if request.method == "GET":
        if visitor_of(request).user:
            return redirect_to("/")
        return _entry(request, "sign_in.html", name="", error=take_told(request))
    form = await posted(request)
    user = database_of(request).one(
        "select * from users where username = ?1 or (email = ?1 and email != '')", form["user[login]"]
    )
    if user is None or not password_matches(form["user[password]"], user["password"]):
        return _entry(request, "sign_in.html", name=form["user[login]"], error="Invalid login or password.")
    return enter(request, user["id"], "/")


async def sign_out(request: Request) -> Response:
    return await leave(request, "/users/sign_in")


async def sign_up(request: Request) -> Response:
    if visitor_of(request).user:
        return redirect_to("/")
    if request.method == "GET":
        return _entry(request, "sign_up.html", values={}, errors={})
    form = await posted(request)
    database = database_of(request)
    errors = _errors(form)
    taken = "select 1 from namespaces where path = ?"
    if "username" not in errors and database.one(taken, form["username"]):
        errors["username"] = "This username is taken."
    if "email" not in errors and database.one("select 1 from users where email = ?", form["email"]):
        errors["email"] = "There is an account with this email address."
    if errors:
        return _entry(request, "sign_up.html", values=form.values, errors=errors)
    created_at = tick(database)
    user_id = database.insert(
        "users",
        username=form["username"],
        name=form["name"],
        password=hash_password(form["password"]),
        email=form["email"],
        feed_token=new_token()[:20],
        created_at=created_at,
    )
    database.insert(
        "namespaces",
        path=form["username"],
        name=form["name"],
        kind="user",
        user_id=user_id,
        created_at=created_at,
    )
    return enter(request, user_id, "/")


def _entry(request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
    return with_session(request, lambda: render(request, template, status_code=status_code, **values))


def _errors(form: Posted) -> dict[str, str]:
    errors = {}
    if not form["name"] or len(form["name"]) > _NAME_LIMIT:
        errors["name"] = f"Tell us your name, in at most {_NAME_LIMIT} characters."
    if not is_username(form["username"]):
        errors["username"] = "Use 3 to 40 letters, digits, dots, hyphens and underscores; some names are taken."
    if not _EMAIL.fullmatch(form["email"]) or len(form["email"]) > _EMAIL_LIMIT:
        errors["email"] = "This is not an email address."
    if len(form["password"]) < MIN_PASSWORD:
        errors["password"] = f"At least {MIN_PASSWORD} characters."
    return errors
