"""What is added to an issue or a merge request: comments, thumbs, labels, people, states, to-dos."""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.clock import tick
from webarena_mini.kit.database import Database
from webarena_mini.kit.forms import Posted
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import Role, members_of, touch
from webarena_mini.sites.codehost.domain.issuables import add_note, assign, path_of, remind
from webarena_mini.sites.codehost.domain.text import day_text, is_day, labelled
from webarena_mini.sites.codehost.pages import issues, merge_requests
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.issue_forms import require_editor
from webarena_mini.sites.codehost.pages.issues import labels_of, milestones_of
from webarena_mini.sites.codehost.pages.lookup import issuable_of, number_of, own_role

Handler = Callable[[Request], Awaitable[Response]]
_PAGES = {"issue": issues.page, "merge_request": merge_requests.page}
_BODY_LIMIT = 20_000


def comment_on(kind: str) -> Handler:
    async def comment(request: Request) -> Response:
        user = require_user(request)
        project, issuable = issuable_of(request, kind)
        form = await posted(request)
        errors = _note_errors(form)
        if errors:
            return _PAGES[kind](request, form.values, errors)
        note_id = add_note(database_of(request), issuable, user, form["note"])
        touch(database_of(request), project["id"])
        return redirect_to(f"{path_of(issuable)}#note_{note_id}")

    return comment


def edit_note(kind: str) -> Handler:
    async def edit(request: Request) -> Response:
        user = require_user(request)
        _, issuable = issuable_of(request, kind)
        database = database_of(request)
        note = database.one("select * from notes where id = ?", number_of(request, "note_id"))
        if note is None or note["issuable_id"] != issuable["id"] or note["system"]:
            raise HTTPException(404, "There is no such comment.")
        if note["author_id"] != user["id"]:
            raise HTTPException(403, "Only the author can change a comment.")
        if request.method == "GET":
            return _note_form(request, issuable, note["body"], {})
        form = await posted(request)
        if form["delete"]:
            database.run("delete from notes where id = ?", note["id"])
            return redirect_to(path_of(issuable))
        errors = _note_errors(form)
        if errors:
            return _note_form(request, issuable, form["note"], errors)
        database.run("update notes set body = ?, edited_at = ? where id = ?", form["note"], tick(database), note["id"])
        return redirect_to(f"{path_of(issuable)}#note_{note['id']}")

    return edit


def _note_errors(form: Posted) -> dict[str, str]:
    wrong = not form["note"] or len(form["note"]) > _BODY_LIMIT
    return {"note": f"A comment has between 1 and {_BODY_LIMIT:,} characters."} if wrong else {}


def _note_form(request: Request, issuable: sqlite3.Row, body: str, errors: Mapping[str, str]) -> Response:
    way_back = path_of(issuable)
    return render(request, "note_form.html", values={"note": body}, errors=errors, way_back=way_back)


def toggle_award(kind: str) -> Handler:
    """The same thumb again takes it back."""

    async def award(request: Request) -> Response:
        user = require_user(request)
        _, issuable = issuable_of(request, kind)
        form = await posted(request)
        if form["thumb"] not in ("up", "down"):
            raise HTTPException(400, "An award is a thumb up or down.")
        database = database_of(request)
        given = "select thumb from awards where issuable_id = ? and user_id = ?"
        before = database.value(given, issuable["id"], user["id"])
        database.run("delete from awards where issuable_id = ? and user_id = ?", issuable["id"], user["id"])
        if before != form["thumb"]:
            database.insert("awards", issuable_id=issuable["id"], user_id=user["id"], thumb=form["thumb"])
        return redirect_to(path_of(issuable))

    return award


def remind_me(kind: str) -> Handler:
    async def todo(request: Request) -> Response:
        user = require_user(request)
        _, issuable = issuable_of(request, kind)
        await posted(request)
        database = database_of(request)
        own = "issuable_id = ? and user_id = ? and not done"
        if database.one(f"select 1 from todos where {own}", issuable["id"], user["id"]):
            database.run(f"update todos set done = 1 where {own}", issuable["id"], user["id"])
        else:
            remind(database, issuable["id"], user, user["id"], "marked")
        return redirect_to(path_of(issuable))

    return todo


def set_state(kind: str) -> Handler:
    async def state(request: Request) -> Response:
        user = require_user(request)
        project, issuable = issuable_of(request, kind)
        require_editor(request, project, issuable, user)
        form = await posted(request)
        wanted = {"close": "closed", "reopen": "opened"}.get(form["event"])
        if issuable["state"] == wanted:
            return redirect_to(path_of(issuable))
        if wanted is None or issuable["state"] == "merged":
            raise HTTPException(400, f"This cannot be done with something that is {issuable['state']}.")
        database = database_of(request)
        add_note(database, issuable, user, "reopened" if wanted == "opened" else "closed", system=True)
        closed_at = tick(database) if wanted == "closed" else None
        database.run("update issuables set state = ?, closed_at = ? where id = ?", wanted, closed_at, issuable["id"])
        return redirect_to(path_of(issuable))

    return state


def sort_notes(kind: str) -> Handler:
    """One of the forms in the side bar: `part` says which."""

    async def sort(request: Request) -> Response:
        user = require_user(request)
        project, issuable = issuable_of(request, kind)
        if own_role(request, project) < Role.REPORTER:
            raise HTTPException(403, f"This takes the role Reporter in {project['full_path']}, which you do not have.")
        form = await posted(request)
        database = database_of(request)
        if form["part"] == "due_date" and form["due_date"] and not is_day(form["due_date"]):
            return _PAGES[kind](request, form.values, {"due_date": "Write the date as YYYY-MM-DD."})
        match form["part"]:
            case "assignees" | "reviewers" as table:
                said = _people(database, project, user, issuable, form, table)
            case "labels":
                said = _labels(request, database, project, issuable, form)
            case "milestone":
                said = _milestone(request, database, project, issuable, form)
            case "due_date" if kind == "issue":
                said = _due_date(database, issuable, form)
            case part:
                raise HTTPException(400, f"There is nothing called “{part}” to change.")
        add_note(database, issuable, user, said, system=True)
        return redirect_to(path_of(issuable))

    return sort


def _people(
    database: Database, project: sqlite3.Row, user: sqlite3.Row, issuable: sqlite3.Row, form: Posted, table: str
) -> str:
    chosen = [row for row in members_of(database, project) if form["user_id"] == str(row["id"])]
    assign(database, issuable["id"], user, [row["id"] for row in chosen], table=table)
    verb = "assigned to" if table == "assignees" else "requested review from"
    if chosen:
        return f"{verb} @{chosen[0]['username']}"
    return "removed the assignee" if table == "assignees" else "removed the reviewer"


def _labels(request: Request, database: Database, project: sqlite3.Row, issuable: sqlite3.Row, form: Posted) -> str:
    chosen = [label for label in labels_of(request, project) if form[f"label_{label['id']}"]]
    database.run("delete from issuable_labels where issuable_id = ?", issuable["id"])
    for label in chosen:
        database.insert("issuable_labels", issuable_id=issuable["id"], label_id=label["id"])
    return labelled(label["name"] for label in chosen) if chosen else "removed all labels"


def _milestone(request: Request, database: Database, project: sqlite3.Row, issuable: sqlite3.Row, form: Posted) -> str:
    chosen = next((row for row in milestones_of(request, project) if str(row["id"]) == form["milestone_id"]), None)
    milestone_id = chosen["id"] if chosen else None
    database.run("update issuables set milestone_id = ? where id = ?", milestone_id, issuable["id"])
    return f"changed the milestone to {chosen['title']}" if chosen else "removed the milestone"


def _due_date(database: Database, issuable: sqlite3.Row, form: Posted) -> str:
    database.run("update issuables set due_date = ? where id = ?", form["due_date"], issuable["id"])
    return f"changed the due date to {day_text(form['due_date'])}" if form["due_date"] else "removed the due date"
