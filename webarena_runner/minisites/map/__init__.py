"""The embedded map, "Wayside Atlas": search, directions by three engines, and pages of the elements of the map."""

from functools import cache

from webarena_runner.minisites._kit import Site
from webarena_runner.minisites.map.app import build_app
from webarena_runner.minisites.map.seed import build


@cache
def snapshot() -> bytes:
    return build()


SITE = Site(name="map", snapshot=snapshot, app=build_app)
