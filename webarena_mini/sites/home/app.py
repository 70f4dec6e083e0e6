"""The embedded home page, "Front Desk": links to the other sites, a calculator, a scratchpad and passwords."""

from starlette.applications import Starlette

from webarena_mini.kit.app import build_app
from webarena_mini.kit.site import Instance, Site, seeded
from webarena_mini.sites.home.pages.frame import render
from webarena_mini.sites.home.routes import routes


def app(instance: Instance) -> Starlette:
    return build_app(
        instance,
        routes(),
        render,
        headings={404: "Page not found"},
        other_heading="That did not work",
        apology="The site made a mistake. Try again, or go back to the home page.",
    )


SITE = Site(name="homepage", snapshot=seeded(__name__), app=app)
