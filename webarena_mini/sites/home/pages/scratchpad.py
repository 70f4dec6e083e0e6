"""Notes."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.forms import Posted, read_form, require_token
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.site import database_of
from webarena_mini.kit.tokens import new_token
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


async def _posted(request: Request) -> Posted:
    """Raises HTTPException(403) when the form is not one that this instance has shown."""
    form = await read_form(request)
    require_token(form, str(database_of(request).value("select token from desk")))
    return form


async def add_note(request: Request) -> Response:
    form = await _posted(request)
    body = form["note"].replace("\0", "").strip()
    if not body:
        return _show_notes(request, error="Write something before you add the note.")
    if len(body) > MAX_NOTE_LENGTH:
        return _show_notes(request, error=f"A note can have at most {MAX_NOTE_LENGTH:,} characters.", draft=body)
    database = database_of(request)
    database.run("update desk set now = now + ?", _TICK_S)
    database.run("insert into note (body, written_at) select ?, now from desk", body)
    return redirect_to("/scratchpad.html")


async def delete_note(request: Request) -> Response:
    await _posted(request)
    note_id = request.path_params["note_id"]
    if database_of(request).one("select id from note where id = ?", note_id) is None:
        raise HTTPException(404, "There is no such note. It may have been deleted.")
    database_of(request).run("delete from note where id = ?", note_id)
    return redirect_to("/scratchpad.html")
