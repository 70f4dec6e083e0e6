"""The embedded code hosting site, with the URLs and page hooks of the official "gitlab" site."""

from functools import cache

from webarena_mini.codehost.app import build_app
from webarena_mini.codehost.context import open_session
from webarena_mini.codehost.seed import ACCOUNT, build
from webarena_mini.kit.database import Database
from webarena_mini.kit.site import Site


@cache
def snapshot() -> bytes:
    return build()


def login(database: Database) -> str:
    """Opens a session of the official account and returns its token."""
    user_id = database.value("select id from users where username = ?", ACCOUNT)
    return open_session(database, user_id)[0]


SITE = Site(name="gitlab", snapshot=snapshot, app=build_app, login=login)
