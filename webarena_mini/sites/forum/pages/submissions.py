"""Submissions: reading, posting, editing, deleting."""

import sqlite3
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webarena_mini.kit.clock import tick
from webarena_mini.kit.database import Database
from webarena_mini.kit.forms import Posted
from webarena_mini.kit.images import store_image
from webarena_mini.kit.kept import kept_picture
from webarena_mini.kit.media import MEDIA_TYPES
from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.sessions import posted, require_user, visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain import posts, sidebar
from webarena_mini.sites.forum.domain.ranking import hot_ranking
from webarena_mini.sites.forum.domain.text import slug, submission_path
from webarena_mini.sites.forum.domain.threads import as_tree
from webarena_mini.sites.forum.pages.frame import render
from webarena_mini.sites.forum.pages.lookup import forum_of, require_author, require_author_or_moderator, submission_of
from webarena_mini.sites.forum.pages.votes import cast

_TITLE_LIMIT, _BODY_LIMIT, _URL_LIMIT = 300, 25_000, 2000


async def show(request: Request) -> Response:
    """The thread; any slug will do, and none too."""
    submission = submission_of(request)
    forum = forum_of(request)
    if forum["name"] != request.path_params["forum"]:
        return RedirectResponse(submission_path(submission), status_code=302)
    return render(
        request,
        "submission.html",
        submission=submission,
        forum=forum,
        column=sidebar.forum_column(database_of(request), forum),
        comments=as_tree(posts.thread(database_of(request), visitor_of(request).user_id, submission["id"])),
        more=posts.more_in_forum(database_of(request), visitor_of(request).user_id, submission),
    )


async def submit(request: Request) -> Response:
    user = require_user(request)
    if request.method == "GET":
        chosen = forum_of(request)["name"] if "forum" in request.path_params else ""
        return _submit_form(request, {"forum": chosen, "kind": "url"}, {})
    form = await posted(request)
    database = database_of(request)
    errors = _errors(form)
    forum = database.one("select id from forums where name = ?", form["forum"])
    if forum is None:
        errors["forum"] = "Choose a forum."
    image_id = None
    if form["kind"] == "image":
        image_id = store_image(database, form.file)
        if image_id is None:
            errors["image"] = "Choose a PNG, JPEG, GIF or WebP file of at most 2 MB."
    if errors or forum is None:
        return _submit_form(request, form.values, errors)
    submission_id = _insert(database, form, user_id=user["id"], forum_id=forum["id"], image_id=image_id)
    cast(database, "submission", submission_id, user_id=user["id"], choice=1)
    created = posts.submission(database_of(request), visitor_of(request).user_id, submission_id)
    return redirect_to(submission_path(created) if created else "/")


async def edit(request: Request) -> Response:
    user = require_user(request)
    submission = submission_of(request)
    require_author(user, submission)
    if request.method == "GET":
        return _edit_form(request, submission, dict(submission), {})
    form = await posted(request)
    errors = _errors(form)
    if errors:
        return _edit_form(request, submission, form.values, errors)
    database = database_of(request)
    database.run(
        "update submissions set title = ?, url = ?, body = ?, edited_at = ? where id = ?",
        form["title"],
        "" if submission["image_id"] else form["url"],
        form["body"],
        tick(database),
        submission["id"],
    )
    return redirect_to(submission_path(submission))


async def delete(request: Request) -> Response:
    user = require_user(request)
    submission = submission_of(request)
    require_author_or_moderator(user, submission)
    if request.method == "GET":
        return render(
            request,
            "confirm.html",
            heading="Delete submission",
            question=f"Delete “{submission['title']}” and all its comments? This cannot be undone.",
            way_back=submission_path(submission),
        )
    await posted(request)
    database_of(request).run("delete from submissions where id = ?", submission["id"])
    return redirect_to(f"/f/{submission['forum']}")


async def image(request: Request) -> Response:
    row = database_of(request).one("select * from images where id = ?", request.path_params["image_id"])
    if row is None:
        raise HTTPException(404, "There is no such image.")
    data, content_type = row["data"], row["content_type"]
    if content_type == MEDIA_TYPES[".svg"]:
        data, content_type = await kept_picture(_photo, data), "image/jpeg"
    return Response(data, media_type=content_type, headers={"cache-control": "max-age=86400"})


def _photo(document: bytes) -> bytes:
    # Pillow is for pictures that are not kept yet.
    from webarena_mini.sites.forum.domain.photos import photo

    return photo(document)


def _insert(database: Database, form: Posted, *, user_id: int, forum_id: int, image_id: str | None) -> int:
    created_at = tick(database)
    return database.run(
        """insert into submissions
        (forum_id, user_id, title, slug, url, image_id, body, created_at, last_active, ranking)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        forum_id,
        user_id,
        form["title"],
        slug(form["title"]),
        "" if image_id else form["url"],
        image_id,
        form["body"],
        created_at,
        created_at,
        hot_ranking(created_at, 0),
    )


def _errors(form: Posted) -> dict[str, str]:
    errors = {}
    if not any(character.isprintable() and not character.isspace() for character in form["title"]):
        errors["title"] = "A submission needs a title."
    elif len(form["title"]) > _TITLE_LIMIT:
        errors["title"] = f"At most {_TITLE_LIMIT} characters."
    if len(form["body"]) > _BODY_LIMIT:
        errors["body"] = f"At most {_BODY_LIMIT} characters."
    if form["kind"] != "image" and form["url"]:
        if len(form["url"]) > _URL_LIMIT:
            errors["url"] = f"At most {_URL_LIMIT} characters."
        elif not _is_web_address(form["url"]):
            errors["url"] = "This is not a web address; it should begin with http:// or https://."
    return errors


def _is_web_address(url: str) -> bool:
    if any(character.isspace() for character in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _submit_form(request: Request, values: Mapping[str, str], errors: Mapping[str, str]) -> Response:
    forums = database_of(request).all("select name from forums order by name collate nocase")
    return render(request, "submit.html", forums=forums, values=values, errors=errors)


def _edit_form(
    request: Request, submission: sqlite3.Row, values: Mapping[str, object], errors: Mapping[str, str]
) -> Response:
    return render(
        request,
        "submission_edit.html",
        submission=submission,
        values=values,
        errors=errors,
    )
