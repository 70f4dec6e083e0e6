"""The embedded advertisements, with the addresses of the official "classifieds" site."""

from functools import cache

from starlette.applications import Starlette

from webarena_mini.kit.app import build_app
from webarena_mini.kit.database import Database
from webarena_mini.kit.sessions import open_session
from webarena_mini.kit.site import Instance, Site
from webarena_mini.sites.adverts.pages.account import LOGIN
from webarena_mini.sites.adverts.pages.frame import render
from webarena_mini.sites.adverts.routes import routes
from webarena_mini.sites.adverts.seed.build import OWNER, build


def app(instance: Instance) -> Starlette:
    instance.database.enforce_references()
    return build_app(instance, routes(), render, apology="The site made a mistake. Try again, or go back.", login=LOGIN)


def login(database: Database) -> str:
    """Opens a session of the official account and returns its token."""
    return open_session(database, OWNER)[0]


SITE = Site(name="classifieds", snapshot=cache(build), app=app, login=login)
