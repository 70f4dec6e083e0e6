"""Notes."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.site import database_of
from webarena_mini.kit.tokens import new_token, same_secret
from webarena_mini.sites.home.pages.frame import render

MAX_NOTE_LENGTH = 4000
_TICK_S = 60


def _form_token(database: Database) -> str:
    """Made when a form is first shown, so that no two leases share it."""
    if not database.value("select token from desk"):
        database.run("update desk set token = ?", new_token())
    return str(database.value("select token from desk"))


async def scratchpad(request: Request) -> Response:
    return _show_notes(request)


def _show_notes(request: Request, *, error: str = "", draft: str = "") -> Response:
    database = database_of(request)
    notes = database.all("select * from note order by id desc")
    token = _form_token(database)
    status = 422 if error else 200
    return render(
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
    expected = database_of(request).value("select token from desk")
    if not expected or not same_secret(values.get("token", ""), expected):
        raise HTTPException(403, "This form is no longer valid. Go back, reload the page and send it again.")
    return values


async def add_note(request: Request) -> Response:
    values = await _posted(request)
    body = values.get("note", "").replace("\r\n", "\n").replace("\0", "").strip()
    if not body:
        return _show_notes(request, error="Write something before you add the note.")
    if len(body) > MAX_NOTE_LENGTH:
        return _show_notes(request, error=f"A note can have at most {MAX_NOTE_LENGTH:,} characters.", draft=body)
    database = database_of(request)
    database.run("update desk set now = now + ?", _TICK_S)
    database.run("insert into note (body, written_at) select ?, now from desk", body)
    return RedirectResponse("/scratchpad.html", status_code=303)


async def delete_note(request: Request) -> Response:
    await _posted(request)
    note_id = request.path_params["note_id"]
    if database_of(request).one("select id from note where id = ?", note_id) is None:
        raise HTTPException(404, "There is no such note. It may have been deleted.")
    database_of(request).run("delete from note where id = ?", note_id)
    return RedirectResponse("/scratchpad.html", status_code=303)
