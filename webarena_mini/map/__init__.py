"""The embedded map, "Wayside Atlas": search, directions by three engines, and pages of the elements of the map."""

from functools import cache

from webarena_mini.kit.site import Site
from webarena_mini.map.app import build_app
from webarena_mini.map.seed import build


@cache
def snapshot() -> bytes:
    return build()


SITE = Site(name="map", snapshot=snapshot, app=build_app)
