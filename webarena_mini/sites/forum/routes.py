"""Addresses of the forum."""

from functools import cache

from starlette.routing import BaseRoute, Route

from webarena_mini.kit.media import nothing
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


@cache
def routes() -> tuple[BaseRoute, ...]:
    views = (lists, forums, submissions, comments, votes, users, account, notifications, search, about)
    return (
        *(route for view in views for route in view.routes()),
        Route(SKIN.route, SKIN.serve),
        Route("/favicon.ico", nothing),
    )
