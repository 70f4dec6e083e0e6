"""The embedded advertisements, with the addresses of the official "classifieds" site."""

from starlette.applications import Starlette

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.kit.app import build_app
from webarena_mini.kit.database import Database
from webarena_mini.kit.sessions import open_session
from webarena_mini.kit.site import Instance, Site, seeded
from webarena_mini.sites.adverts.pages.account import LOGIN
from webarena_mini.sites.adverts.pages.frame import render
from webarena_mini.sites.adverts.routes import routes


def app(instance: Instance) -> Starlette:
    instance.database.enforce_references()
    return build_app(instance, routes(), render, apology="The site made a mistake. Try again, or go back.", login=LOGIN)


def login(database: Database) -> str:
    """Opens a session of the official account and returns its token."""
    user_id = database.value("select id from users where email = ?", ACCOUNTS["classifieds"][0])
    return open_session(database, user_id)[0]


SITE = Site(name="classifieds", snapshot=seeded(__name__), app=app, login=login)
