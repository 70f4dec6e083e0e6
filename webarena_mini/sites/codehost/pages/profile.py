"""The visitor's own settings: profile and status, access tokens, password."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.forms import Posted
from webarena_mini.kit.passwords import hash_password, password_matches
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user
from webarena_mini.kit.site import database_of
from webarena_mini.kit.tokens import new_token
from webarena_mini.sites.codehost.pages.account import MIN_PASSWORD
from webarena_mini.sites.codehost.pages.frame import render

_TEXTS = {
    "name": 127,
    "pronouns": 50,
    "job_title": 100,
    "organization": 100,
    "location": 100,
    "website": 200,
    "bio": 250,
    "status_message": 100,
}
STATUS_EMOJI = {
    "💬": "Speech balloon",
    "🏠": "House",
    "🌴": "Palm tree",
    "🤒": "Thermometer",
    "🚀": "Rocket",
    "🎧": "Headphones",
    "⛔": "No entry",
    "☕": "Hot drink",
}


async def profile(request: Request) -> Response:
    user = require_user(request)
    if request.method == "GET":
        return _profile(request, dict(user), {}, saved="saved" in request.query_params)
    form = await posted(request)
    errors = _errors(form)
    if errors:
        return _profile(request, {**form.values, "busy": form["busy"]}, errors, saved=False)
    emoji = form["status_emoji"] if form["status_emoji"] in STATUS_EMOJI else "💬"
    columns = ", ".join(f"{name} = ?" for name in _TEXTS)
    database_of(request).run(
        f"update users set {columns}, status_emoji = ?, busy = ? where id = ?",
        *(form[name] for name in _TEXTS),
        emoji if form["status_message"] else "",
        int(bool(form["busy"])),
        user["id"],
    )
    return redirect_to("/-/profile?saved=1")


async def status(request: Request) -> Response:
    """The short form behind "Set status" in the user menu."""
    user = require_user(request)
    if request.method == "GET":
        return render(request, "status.html", user=user, emoji=STATUS_EMOJI)
    form = await posted(request)
    message = "" if form["clear"] else form["status_message"][: _TEXTS["status_message"]]
    emoji = form["status_emoji"] if form["status_emoji"] in STATUS_EMOJI else "💬"
    database_of(request).run(
        "update users set status_message = ?, status_emoji = ?, busy = ? where id = ?",
        message,
        emoji if message else "",
        0 if form["clear"] else int(bool(form["busy"])),
        user["id"],
    )
    return redirect_to(f"/{user['username']}")


async def tokens(request: Request) -> Response:
    user = require_user(request)
    if request.method == "GET":
        return render(request, "tokens.html", user=user)
    await posted(request)
    database_of(request).run("update users set feed_token = ? where id = ?", new_token()[:20], user["id"])
    return redirect_to("/-/profile/personal_access_tokens")


async def password(request: Request) -> Response:
    user = require_user(request)
    if request.method == "GET":
        return render(request, "password.html", errors={}, saved="saved" in request.query_params)
    form = await posted(request)
    errors = {}
    if not password_matches(form["current"], user["password"]):
        errors["current"] = "This is not your current password."
    if len(form["new"]) < MIN_PASSWORD:
        errors["new"] = f"At least {MIN_PASSWORD} characters."
    elif form["new"] != form["repeat"]:
        errors["repeat"] = "The two passwords differ."
    if errors:
        return render(request, "password.html", errors=errors, saved=False)
    database_of(request).run("update users set password = ? where id = ?", hash_password(form["new"]), user["id"])
    return redirect_to("/-/profile/password/edit?saved=1")


def _errors(form: Posted) -> dict[str, str]:
    errors = {name: f"At most {limit} characters." for name, limit in _TEXTS.items() if len(form[name]) > limit}
    if not form["name"]:
        errors["name"] = "Your name cannot be empty."
    if form["website"] and not _is_website(form["website"]):
        errors["website"] = "This is not the address of a website."
    return errors


def _is_website(text: str) -> bool:
    try:
        parts = urlsplit(text if "//" in text else f"https://{text}")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in parts.netloc and " " not in text


def _profile(request: Request, values: dict[str, object], errors: dict[str, str], *, saved: bool) -> Response:
    return render(
        request,
        "profile.html",
        values=values,
        errors=errors,
        saved=saved,
        emoji=STATUS_EMOJI,
    )
