"""The rows that the parts of a URL name."""

import sqlite3

from starlette.exceptions import HTTPException
from starlette.requests import Request

from webarena_mini.kit.sessions import visitor_of
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain import posts


def forum_of(request: Request) -> sqlite3.Row:
    """The forum in the URL, whatever the case of its name, with its number of subscribers; 404 when there is none."""
    name = request.path_params["forum"]
    forum = database_of(request).one(
        """select f.*, (select count(*) from subscriptions where forum_id = f.id) as subscribers,
        exists (select 1 from subscriptions where forum_id = f.id and user_id = ?1) as subscribed,
        exists (select 1 from moderators where forum_id = f.id and user_id = ?1) as moderated
        from forums f where f.name = ?2""",
        visitor_of(request).user_id,
        name,
    )
    if forum is None:
        raise HTTPException(404, f"There is no forum called “{name}”.")
    return forum


def submission_of(request: Request) -> sqlite3.Row:
    submission = posts.submission(
        database_of(request), visitor_of(request).user_id, request.path_params["submission_id"]
    )
    if submission is None or submission["forum"].lower() != request.path_params["forum"].lower():
        raise HTTPException(404, "There is no such submission. It may have been deleted.")
    return submission


def comment_of(request: Request) -> sqlite3.Row:
    comment = posts.comment(database_of(request), visitor_of(request).user_id, request.path_params["comment_id"])
    if comment is None or comment["submission_id"] != request.path_params["submission_id"]:
        raise HTTPException(404, "There is no such comment. It may have been deleted.")
    return comment


def live_comment_of(request: Request) -> sqlite3.Row:
    """Not one that was deleted and only keeps its place above the replies."""
    comment = comment_of(request)
    if comment["deleted"]:
        raise HTTPException(404, "This comment has been deleted.")
    return comment


def user_of(request: Request) -> sqlite3.Row:
    name = request.path_params["user"]
    user = database_of(request).one("select * from users where name = ?", name)
    if user is None:
        raise HTTPException(404, f"There is no user called “{name}”.")
    return user


def require_author(user: sqlite3.Row, post: sqlite3.Row) -> None:
    if post["user_id"] != user["id"]:
        raise HTTPException(403, "Only the author can change this.")


def require_author_or_moderator(user: sqlite3.Row, post: sqlite3.Row) -> None:
    if post["user_id"] != user["id"] and not post["moderated"]:
        raise HTTPException(403, "Only the author and the moderators of the forum can delete this.")
