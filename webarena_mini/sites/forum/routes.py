"""Addresses of the forum."""

from functools import cache

from starlette.routing import BaseRoute

from webarena_mini.kit.routing import BOTH, GET, POST, Row, table
from webarena_mini.sites.forum.domain.posts import SORTS
from webarena_mini.sites.forum.pages import (
    about,
    account,
    comments,
    forums,
    lists,
    notifications,
    search,
    submissions,
    users,
    votes,
)
from webarena_mini.sites.forum.pages.frame import SKIN

SCOPES = ("", "featured", "subscribed", "all")
ROWS: tuple[Row, ...] = (
    *((f"/{scope}".rstrip("/") or "/", GET, lists.front(scope, "hot")) for scope in SCOPES),
    *((f"{scope and '/'}{scope}/{sort}", GET, lists.front(scope, sort)) for scope in SCOPES for sort in SORTS),
    ("/f/{forum}", GET, lists.forum("hot")),
    *(("/f/{forum}/" + sort, GET, lists.forum(sort)) for sort in SORTS),
    ("/comments", GET, lists.all_comments),
    ("/f/{forum}/comments", GET, lists.forum_comments),
    ("/forums", GET, forums.forums),
    ("/forums/all", GET, forums.all_forums),
    ("/forums/by_{sort}", GET, forums.forums),
    ("/create_forum", BOTH, forums.create),
    ("/f/{forum}/edit", BOTH, forums.edit),
    ("/f/{forum}/subscribe", POST, forums.subscribe),
    ("/f/{forum}/unsubscribe", POST, forums.unsubscribe),
    ("/submit", BOTH, submissions.submit),
    ("/submit/{forum}", BOTH, submissions.submit),
    ("/submission_images/{image_id}", GET, submissions.image),
    ("/f/{forum}/{submission_id:int}", GET, submissions.show),
    ("/f/{forum}/{submission_id:int}/", GET, submissions.show),
    ("/f/{forum}/{submission_id:int}/{slug}", GET, submissions.show),
    ("/f/{forum}/{submission_id:int}/{slug}/edit", BOTH, submissions.edit),
    ("/f/{forum}/{submission_id:int}/{slug}/delete", BOTH, submissions.delete),
    ("/f/{forum}/{submission_id:int}/{slug}/comment", BOTH, comments.post),
    ("/f/{forum}/{submission_id:int}/{slug}/comment/{comment_id:int}", GET, comments.show),
    ("/f/{forum}/{submission_id:int}/{slug}/comment/{comment_id:int}/reply", BOTH, comments.post),
    ("/f/{forum}/{submission_id:int}/{slug}/comment/{comment_id:int}/edit", BOTH, comments.edit),
    ("/f/{forum}/{submission_id:int}/{slug}/comment/{comment_id:int}/delete", BOTH, comments.delete),
    ("/sv/{target_id:int}", POST, votes.vote_on("submission")),
    ("/cv/{target_id:int}", POST, votes.vote_on("comment")),
    ("/user/{user}", GET, users.overview),
    ("/user/{user}/submissions", GET, users.submissions),
    ("/user/{user}/comments", GET, users.comments),
    ("/user/{user}/edit_biography", BOTH, users.edit_biography),
    ("/login", BOTH, account.login),
    ("/logout", POST, account.logout),
    ("/registration", BOTH, account.registration),
    ("/user/{user}/account", BOTH, account.account),
    ("/user/{user}/delete_account", BOTH, account.delete_account),
    ("/notifications", GET, notifications.show),
    ("/notifications/mark_read", POST, notifications.mark),
    ("/search", GET, search.search),
    ("/about", GET, about.about),
    ("/formatting", GET, about.formatting),
)


@cache
def routes() -> tuple[BaseRoute, ...]:
    return table(ROWS, SKIN)
