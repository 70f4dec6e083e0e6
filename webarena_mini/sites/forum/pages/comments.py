"""Comments: single threads, replying, editing, deleting."""

import sqlite3

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webarena_mini.kit.clock import tick
from webarena_mini.kit.database import Database
from webarena_mini.kit.forms import Posted
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain import posts, sidebar
from webarena_mini.sites.forum.domain.text import comment_path, submission_path
from webarena_mini.sites.forum.domain.threads import subtree
from webarena_mini.sites.forum.pages.frame import render
from webarena_mini.sites.forum.pages.lookup import (
    comment_of,
    forum_of,
    live_comment_of,
    require_author,
    require_author_or_moderator,
    submission_of,
)
from webarena_mini.sites.forum.pages.votes import cast

_BODY_LIMIT = 10_000
_OTHERS = 6


async def show(request: Request) -> Response:
    """One comment with what is below it."""
    submission, comment, forum = submission_of(request), comment_of(request), forum_of(request)
    if forum["name"] != request.path_params["forum"]:
        return RedirectResponse(comment_path(comment), status_code=302)
    rows = posts.thread(database_of(request), visitor_of(request).user_id, submission["id"])
    return render(
        request,
        "comment.html",
        submission=submission,
        forum=forum,
        column=sidebar.forum_column(database_of(request), forum),
        comments=subtree(rows, comment["id"]),
        others=[row for row in rows if _is_remark(row) and row["id"] != comment["id"]][:_OTHERS],
        more=posts.more_in_forum(database_of(request), visitor_of(request).user_id, submission),
    )


async def post(request: Request) -> Response:
    """A comment on the submission, or a reply when the URL names a comment."""
    user = require_user(request)
    submission = submission_of(request)
    parent = live_comment_of(request) if "comment_id" in request.path_params else None
    way_back = comment_path(parent) if parent else submission_path(submission)
    heading = f"Reply to {parent['author']}" if parent else f"Comment on {submission['title']}"
    if request.method == "GET":
        return _form(request, heading=heading, way_back=way_back, body="")
    form = await posted(request)
    if error := _error(form):
        return _form(request, heading=heading, way_back=way_back, body=form["comment"], error=error)
    database = database_of(request)
    comment_id = _insert(
        database, submission["id"], parent["id"] if parent else None, user_id=user["id"], body=form["comment"]
    )
    cast(database, "comment", comment_id, user_id=user["id"], choice=1)
    return redirect_to(f"{submission_path(submission)}/comment/{comment_id}")


async def edit(request: Request) -> Response:
    user = require_user(request)
    comment = live_comment_of(request)
    require_author(user, comment)
    way_back = comment_path(comment)
    if request.method == "GET":
        return _form(request, heading="Edit comment", way_back=way_back, body=comment["body"])
    form = await posted(request)
    if error := _error(form):
        return _form(request, heading="Edit comment", way_back=way_back, body=form["comment"], error=error)
    database = database_of(request)
    database.run(
        "update comments set body = ?, edited_at = ? where id = ?", form["comment"], tick(database), comment["id"]
    )
    return redirect_to(way_back)


async def delete(request: Request) -> Response:
    user = require_user(request)
    comment = live_comment_of(request)
    require_author_or_moderator(user, comment)
    if request.method == "GET":
        return render(
            request,
            "confirm.html",
            heading="Delete comment",
            question="Delete this comment? This cannot be undone.",
            way_back=comment_path(comment),
        )
    await posted(request)
    submission = submission_of(request)
    database = database_of(request)
    if database.one("select 1 from comments where parent_id = ?", comment["id"]):
        # The replies stay readable in their place.
        database.run("update comments set deleted = 1, body = '' where id = ?", comment["id"])
    else:
        database.run("delete from comments where id = ?", comment["id"])
    _count(database, submission["id"])
    return redirect_to(submission_path(submission))


def _is_remark(comment: sqlite3.Row) -> bool:
    return comment["parent_id"] is None and not comment["deleted"]


def _insert(database: Database, submission_id: int, parent_id: int | None, *, user_id: int, body: str) -> int:
    created_at = tick(database)
    comment_id = database.run(
        "insert into comments (submission_id, parent_id, user_id, body, created_at) values (?, ?, ?, ?, ?)",
        submission_id,
        parent_id,
        user_id,
        body,
        created_at,
    )
    database.run("update submissions set last_active = ? where id = ?", created_at, submission_id)
    _count(database, submission_id)
    return comment_id


def _count(database: Database, submission_id: int) -> None:
    database.run(
        "update submissions set comment_count ="
        " (select count(*) from comments where submission_id = ?1 and not deleted) where id = ?1",
        submission_id,
    )


def _error(form: Posted) -> str:
    if not form["comment"]:
        return "The comment is empty."
    return f"At most {_BODY_LIMIT} characters." if len(form["comment"]) > _BODY_LIMIT else ""


def _form(request: Request, *, heading: str, way_back: str, body: str, error: str = "") -> Response:
    return render(
        request,
        "comment_form.html",
        heading=heading,
        way_back=way_back,
        body=body,
        error=error,
    )
