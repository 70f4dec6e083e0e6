"""Votes on submissions and comments."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.kit.redirects import back
from webarena_mini.kit.sessions import posted, require_user
from webarena_mini.kit.site import database_of
from webarena_mini.sites.forum.domain import posts
from webarena_mini.sites.forum.domain.ranking import hot_ranking
from webarena_mini.sites.forum.domain.text import comment_path, submission_path

_CHOICES = {"-1": -1, "0": 0, "1": 1}


def cast(database: Database, kind: str, target_id: int, *, user_id: int, choice: int) -> None:
    """Replaces the user's vote on a "submission" or "comment" and adjusts its score; choice 0 takes the vote back."""
    before = database.value(f"select choice from {kind}_votes where {kind}_id = ? and user_id = ?", target_id, user_id)
    if choice:
        database.run(f"insert or replace into {kind}_votes values (?, ?, ?)", target_id, user_id, choice)
    else:
        database.run(f"delete from {kind}_votes where {kind}_id = ? and user_id = ?", target_id, user_id)
    change = choice - (before or 0)
    database.run(f"update {kind}s set net_score = net_score + ? where id = ?", change, target_id)
    if kind == "submission":
        rank(database, target_id)


def recount(database: Database) -> None:
    """Brings all scores and comment counts in line with the votes and comments that are left."""
    for kind in ("submission", "comment"):
        votes = f"select coalesce(sum(choice), 0) from {kind}_votes where {kind}_id = {kind}s.id"
        database.run(f"update {kind}s set net_score = ({votes})")
    database.run(
        "update submissions set comment_count ="
        " (select count(*) from comments where submission_id = submissions.id and not deleted)"
    )
    for row in database.all("select id from submissions"):
        rank(database, row["id"])


def rank(database: Database, submission_id: int) -> None:
    submission = database.one("select created_at, net_score from submissions where id = ?", submission_id)
    if submission:
        ranking = hot_ranking(submission["created_at"], submission["net_score"])
        database.run("update submissions set ranking = ? where id = ?", ranking, submission_id)


def vote_on(kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def vote(request: Request) -> Response:
        user = require_user(request)
        form = await posted(request)
        target_id = request.path_params["target_id"]
        find = posts.submission if kind == "submission" else posts.comment
        target = find(database_of(request), user["id"], target_id)
        if target is None or (kind == "comment" and target["deleted"]):
            raise HTTPException(404, f"There is no such {kind}. It may have been deleted.")
        if form["choice"] not in _CHOICES:
            raise HTTPException(400, "A vote is 1, 0 or -1.")
        cast(database_of(request), kind, target_id, user_id=user["id"], choice=_CHOICES[form["choice"]])
        page = submission_path(target) if kind == "submission" else comment_path(target)
        # Without a script the browser would jump to the top of the page, away from what was voted on.
        return back(request, page, anchor=f"{kind}_{target_id}")

    return vote
