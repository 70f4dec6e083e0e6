"""Logging in and out, registration, one's own listings and profile, other people's."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.addresses import is_email
from webarena_mini.kit.clock import tick
from webarena_mini.kit.forms import Posted
from webarena_mini.kit.numbers import LARGEST_ID, to_int
from webarena_mini.kit.passwords import hash_password, password_matches
from webarena_mini.kit.sessions import enter, posted, require_user, token_of, with_session
from webarena_mini.kit.site import database_of
from webarena_mini.sites.adverts.domain import items
from webarena_mini.sites.adverts.pages.frame import go, refuse, render, tell_faults

LOGIN = "/index.php?page=login"
_PROFILE = "/index.php?page=user&action=profile"
_DASHBOARD = "/index.php?page=user&action=dashboard"
_MIN_PASSWORD = 8


async def login(request: Request) -> Response:
    return _entry(request, "login.html")


async def log_in(request: Request) -> Response:
    form = await posted(request)
    user = database_of(request).one("select * from users where email = ?", form["email"])
    if user is None:
        return refuse(request, LOGIN, "There is no such user.")
    if not password_matches(form["password"], user["password"]):
        return refuse(request, LOGIN, "The password is wrong.")
    return enter(request, user["id"], _DASHBOARD)


async def leave(request: Request) -> Response:
    """By a link, as the official application has it."""
    database_of(request).run("delete from sessions where token = ?", token_of(request))
    return go(request, "/")


async def register(request: Request) -> Response:
    return _entry(request, "register.html")


async def join(request: Request) -> Response:
    form = await posted(request)
    database = database_of(request)
    faults = _faults_of(form)
    if database.one("select 1 from users where email = ?", form["s_email"]):
        faults.append("This email is registered already.")
    if faults:
        # The one form that the official application answers with the page itself.
        tell_faults(request, faults)
        return _entry(request, "register.html", values=form.values)
    user_id = database.insert(
        "users",
        name=form["s_name"],
        email=form["s_email"],
        password=hash_password(form["s_password"]),
        joined_at=tick(database),
    )
    return enter(request, user_id, _DASHBOARD)


async def own_items(request: Request) -> Response:
    user = require_user(request)
    return render(request, "own_items.html", rows=items.of_seller(database_of(request), user["id"]))


async def profile(request: Request) -> Response:
    user = require_user(request)
    return render(request, "profile.html", values=dict(user))


async def change_profile(request: Request) -> Response:
    user, form = require_user(request), await posted(request)
    if not form["name"]:
        return refuse(request, _PROFILE, "Your name is missing.", fields=form.values)
    database = database_of(request)
    values = (form["name"][:80], form["phone"][:40], form["town"][:80])
    database.run("update users set name = ?, phone = ?, town = ? where id = ?", *values, user["id"])
    return go(request, _PROFILE, "Your profile has been updated successfully.")


async def public(request: Request) -> Response:
    database = database_of(request)
    number = to_int(request.query_params.get("id"), low=0, high=LARGEST_ID, default=0)
    person = database.one("select * from users where id = ?", number)
    if person is None:
        raise HTTPException(404, "There is no such user.")
    return render(request, "public.html", person=person, rows=items.of_seller(database, number))


def _entry(request: Request, template: str, **values: Any) -> Response:
    return with_session(request, lambda: render(request, template, **values))


def _faults_of(form: Posted) -> list[str]:
    faults = []
    if not form["s_name"]:
        faults.append("Your name is missing.")
    if not is_email(form["s_email"]):
        faults.append("This is not an email address; it should look like name@example.com.")
    if len(form["s_password"]) < _MIN_PASSWORD:
        faults.append(f"A password has at least {_MIN_PASSWORD} characters.")
    elif form["s_password"] != form["s_password2"]:
        faults.append("The passwords differ.")
    return faults
