"""The embedded wiki, "Commonlore", with the path shapes of the official "wikipedia" site."""

from starlette.applications import Starlette

from webarena_mini.kit.app import build_app
from webarena_mini.kit.site import Instance, Site, seeded
from webarena_mini.sites.wiki.domain.text import BOOK, LANDING
from webarena_mini.sites.wiki.pages.frame import render
from webarena_mini.sites.wiki.routes import routes


def app(instance: Instance) -> Starlette:
    return build_app(
        instance,
        routes(),
        render,
        headings={404: "Not found"},
        other_heading="That did not work",
        apology="The server made a mistake. Go back, or return to the main page.",
    )


SITE = Site(name="wikipedia", snapshot=seeded(__name__), app=app, path=f"/{BOOK}/A/{LANDING}")
