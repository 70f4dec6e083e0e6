"""The embedded code hosting site, with the URLs and page hooks of the official "gitlab" site."""

from starlette.applications import Starlette

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.kit.app import build_app
from webarena_mini.kit.database import Database
from webarena_mini.kit.sessions import open_session
from webarena_mini.kit.site import Instance, Site, seeded
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.routes import routes


def app(instance: Instance) -> Starlette:
    instance.database.enforce_references()
    return build_app(
        instance,
        routes(),
        render,
        apology="The server made a mistake. Try again, or go back to your projects.",
        login="/users/sign_in",
        login_first="You need to sign in or register first.",
    )


def login(database: Database) -> str:
    """Opens a session of the official account and returns its token."""
    user_id = database.value("select id from users where username = ?", ACCOUNTS["gitlab"][0])
    return open_session(database, user_id)[0]


SITE = Site(name="gitlab", snapshot=seeded(__name__), app=app, login=login)
