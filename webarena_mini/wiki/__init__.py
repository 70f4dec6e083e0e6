"""The embedded wiki, "Commonlore", with the path shapes of the official "wikipedia" site."""

from functools import cache

from webarena_mini.kit.site import Site
from webarena_mini.wiki.app import build_app
from webarena_mini.wiki.seed import build
from webarena_mini.wiki.text import BOOK, LANDING


@cache
def snapshot() -> bytes:
    return build()


SITE = Site(name="wikipedia", snapshot=snapshot, app=build_app, path=f"/{BOOK}/A/{LANDING}")
