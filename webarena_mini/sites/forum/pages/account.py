"""Logging in and out, registration, the account's own page."""

import re

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.addresses import is_email
from webarena_mini.kit.clock import tick
from webarena_mini.kit.forms import Posted
from webarena_mini.kit.passwords import hash_password, password_matches
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import enter, leave, posted, take_told, to_login, with_session
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.pages.frame import render
from webarena_mini.sites.forum.pages.users import own
from webarena_mini.sites.forum.pages.votes import recount

_NAME = re.compile(r"[A-Za-z0-9_]{3,25}")
_MIN_PASSWORD, _MAX_PASSWORD = 8, 72


async def login(request: Request) -> Response:
    if request.method == "GET":
        return _entry(request, "login.html", error=take_told(request))
    form = await posted(request)
    user = database_of(request).one("select * from users where name = ?", form["username"])
    if user is None or not password_matches(form["password"], user["password"]):
        return to_login(request, "/login", told="The username or the password is wrong.", back=False)
    return enter(request, user["id"], "/")


async def logout(request: Request) -> Response:
    return await leave(request, "/")


async def registration(request: Request) -> Response:
    if request.method == "GET":
        return _entry(request, "registration.html", values={"username": "", "email": ""}, errors={})
    form = await posted(request)
    database = database_of(request)
    errors = _registration_errors(form)
    if "username" not in errors and database.one("select 1 from users where name = ?", form["username"]):
        errors["username"] = "This name is taken."
    if errors:
        return _entry(request, "registration.html", values=form.values, errors=errors)
    user_id = database.run(
        "insert into users (name, password, email, joined_at, seen_comment_id)"
        " values (?, ?, ?, ?, coalesce((select max(id) from comments), 0))",
        form["username"],
        hash_password(form["password"]),
        form["email"],
        tick(database),
    )
    return enter(request, user_id, "/")


async def account(request: Request) -> Response:
    user = own(request)
    values = {"email": user["email"]}
    if request.method == "GET":
        return render(
            request, "account.html", user=user, values=values, errors={}, saved="saved" in request.query_params
        )
    form = await posted(request)
    errors = _email_errors(form)
    if not password_matches(form["current"], user["password"]):
        errors["current"] = "This is not your current password."
    if form["new"] and (error := _password_error(form["new"])):
        errors["new"] = error
    if errors:
        return render(request, "account.html", user=user, values=form.values, errors=errors, saved=False)
    password = hash_password(form["new"]) if form["new"] else user["password"]
    database_of(request).run(
        "update users set email = ?, password = ? where id = ?", form["email"], password, user["id"]
    )
    return redirect_to(f"/user/{user['name']}/account?saved=1")


async def delete_account(request: Request) -> Response:
    user = own(request)
    if request.method == "GET":
        return render(
            request,
            "confirm.html",
            heading="Delete account",
            question=f"Delete the account {user['name']} with all its submissions and comments? This cannot be undone.",
            way_back=f"/user/{user['name']}/account",
        )
    await posted(request)
    database = database_of(request)
    database.run("delete from users where id = ?", user["id"])
    recount(database)
    return redirect_to("/")


def _entry(request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
    return with_session(request, lambda: render(request, template, status_code=status_code, **values))


def _registration_errors(form: Posted) -> dict[str, str]:
    errors = _email_errors(form)
    if not _NAME.fullmatch(form["username"]):
        errors["username"] = "Use 3 to 25 letters, digits and underscores."
    if error := _password_error(form["password"]):
        errors["password"] = error
    elif form["password"] != form["repeat"]:
        errors["repeat"] = "The two passwords differ."
    return errors


def _email_errors(form: Posted) -> dict[str, str]:
    """The address may be left out."""
    email = form["email"]
    if not email or is_email(email):
        return {}
    return {"email": "This is not an email address; it should look like name@example.com."}


def _password_error(password: str) -> str:
    if len(password) < _MIN_PASSWORD:
        return f"At least {_MIN_PASSWORD} characters."
    return f"At most {_MAX_PASSWORD} characters." if len(password) > _MAX_PASSWORD else ""
