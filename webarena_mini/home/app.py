"""The home page as an ASGI application on one instance's database."""

import secrets
import string
import tomllib
from calendar import Calendar
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from webarena_mini.home.arithmetic import CONSTANTS, FUNCTIONS, BadExpressionError, calculate
from webarena_mini.home.sites import cards
from webarena_mini.kit.database import Database
from webarena_mini.kit.failures import read_http_error
from webarena_mini.kit.media import Skin, nothing
from webarena_mini.kit.pages import Pages
from webarena_mini.kit.site import Instance
from webarena_mini.kit.tokens import new_token, same_secret

SKIN = Skin("home", "home.css", "calculator.js")
MAX_NOTE_LENGTH = 4000
_TICK_S = 60
_SUNDAY = 6
_SHORTEST, _USUAL, _LONGEST = 6, 16, 64
_SYMBOLS = "!#$%&*+-=?@_"


def build_app(instance: Instance) -> Starlette:
    app = Starlette(routes=_routes(), exception_handlers={HTTPException: _http_error, Exception: _server_error})
    app.state.instance = instance
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    return (
        Route("/", _home),
        Route("/index.html", _home),
        Route("/calculator.html", _calculator),
        Route("/scratchpad.html", _scratchpad),
        Route("/scratchpad.html", _add_note, methods=["POST"]),
        Route("/scratchpad/{note_id}/delete", _delete_note, methods=["POST"]),
        Route("/password.html", _password),
        Route(SKIN.route, SKIN.serve),
        Route("/favicon.ico", nothing),
    )


def _database(request: Request) -> Database:
    database: Database = request.app.state.instance.database
    return database


@cache
def _pages() -> Pages:
    return Pages("home", {"moment": lambda seconds: f"{datetime.fromtimestamp(seconds, UTC):%B %-d, %Y, %H:%M}"})


def _render(request: Request, template: str, *, status_code: int = 200, **values: object) -> Response:
    frame = {
        "cards": cards(request.app.state.instance.urls),
        "stylesheet": SKIN.path("home.css"),
        "script": SKIN.path("calculator.js"),
    }
    return _pages().render(request, template, status_code=status_code, **frame, **values)


async def _home(request: Request) -> Response:
    now = _database(request).value("select now from desk")
    notes = _database(request).all("select * from note order by id desc limit 3")
    today = datetime.fromtimestamp(now, UTC)
    weeks = Calendar(_SUNDAY).monthdatescalendar(today.year, today.month)
    return _render(request, "home.html", now=now, today=today, weeks=weeks, notes=notes)


async def _calculator(request: Request) -> Response:
    expression = request.query_params.get("expression", "").strip()
    result, error = "", ""
    if expression:
        try:
            result = calculate(expression)
        except BadExpressionError as reason:
            error = str(reason)
    help_rows = [(f"{name}(x)", text) for name, (text, _) in FUNCTIONS.items()]
    help_rows += [(name, f"{value:.6f}…") for name, value in CONSTANTS.items()]
    shown: dict[str, Any] = {"expression": expression, "result": result, "error": error}
    return _render(request, "calculator.html", **shown, help_rows=help_rows, **_extras())


@cache
def _extras() -> dict[str, Any]:
    """Keys and measures."""
    return tomllib.loads((Path(__file__).parent / "calculator.toml").read_text("utf-8"))


def _form_token(database: Database) -> str:
    """Made when a form is first shown, so that no two leases share it."""
    if not database.value("select token from desk"):
        database.run("update desk set token = ?", new_token())
    return str(database.value("select token from desk"))


async def _scratchpad(request: Request) -> Response:
    return _show_notes(request)


def _show_notes(request: Request, *, error: str = "", draft: str = "") -> Response:
    database = _database(request)
    notes = database.all("select * from note order by id desc")
    token = _form_token(database)
    status = 422 if error else 200
    return _render(
        request,
        "scratchpad.html",
        status_code=status,
        notes=notes,
        token=token,
        error=error,
        draft=draft,
        most=MAX_NOTE_LENGTH,
    )


async def _posted(request: Request) -> dict[str, str]:
    """Raises HTTPException(403) when the form is not one that this instance has shown."""
    async with request.form(max_files=0, max_fields=10) as form:
        values = {name: value for name, value in form.items() if isinstance(value, str)}
    expected = _database(request).value("select token from desk")
    if not expected or not same_secret(values.get("token", ""), expected):
        raise HTTPException(403, "This form is no longer valid. Go back, reload the page and send it again.")
    return values


async def _add_note(request: Request) -> Response:
    values = await _posted(request)
    body = values.get("note", "").replace("\r\n", "\n").replace("\0", "").strip()
    if not body:
        return _show_notes(request, error="Write something before you add the note.")
    if len(body) > MAX_NOTE_LENGTH:
        return _show_notes(request, error=f"A note can have at most {MAX_NOTE_LENGTH:,} characters.", draft=body)
    database = _database(request)
    database.run("update desk set now = now + ?", _TICK_S)
    database.run("insert into note (body, written_at) select ?, now from desk", body)
    return RedirectResponse("/scratchpad.html", status_code=303)


async def _delete_note(request: Request) -> Response:
    await _posted(request)
    note_id = request.path_params["note_id"]
    if _database(request).one("select id from note where id = ?", note_id) is None:
        raise HTTPException(404, "There is no such note. It may have been deleted.")
    _database(request).run("delete from note where id = ?", note_id)
    return RedirectResponse("/scratchpad.html", status_code=303)


async def _password(request: Request) -> Response:
    asked = request.query_params
    wanted = asked.get("length", "")
    length = int(wanted) if wanted.isdecimal() and len(wanted) < 4 else _USUAL
    length = min(max(length, _SHORTEST), _LONGEST)
    digits, symbols = (name in asked or not wanted for name in ("digits", "symbols"))
    letters = string.ascii_letters + (string.digits if digits else "") + (_SYMBOLS if symbols else "")
    made = "".join(secrets.choice(letters) for _ in range(length)) if wanted else ""
    values = {"length": length, "digits": digits, "symbols": symbols, "shortest": _SHORTEST, "longest": _LONGEST}
    return _render(request, "password.html", made=made, **values)


async def _http_error(request: Request, error: Exception) -> Response:
    status, detail = read_http_error(error)
    heading = "Page not found" if status == 404 else "That did not work"
    return _render(request, "error.html", status_code=status, heading=heading, detail=detail)


async def _server_error(request: Request, error: Exception) -> Response:
    """A page without details; the server logs the traceback."""
    detail = "The site made a mistake. Try again, or go back to the home page."
    return _render(request, "error.html", status_code=500, heading="Internal error", detail=detail)
