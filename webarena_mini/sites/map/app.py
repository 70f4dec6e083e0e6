"""The embedded map, "Wayside Atlas": search, directions by three engines, and pages of the elements of the map."""

from starlette.applications import Starlette

from webarena_mini.kit.app import build_app
from webarena_mini.kit.site import Instance, Site, seeded
from webarena_mini.sites.map.pages.frame import render
from webarena_mini.sites.map.routes import routes


def app(instance: Instance) -> Starlette:
    return build_app(
        instance,
        routes(),
        render,
        headings={404: "Page not found", 405: "Not allowed"},
        apology="The map made a mistake. Try again, or go back to the start page.",
    )


SITE = Site(name="map", snapshot=seeded(__name__), app=app)
