"""Recorded pages of embedded sites, and what `libvisualwebarena` sees of them (tests/tools/record_som.py)."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.support.local_site import Reply, Site

RECORDED = Path(__file__).parents[1] / "browser" / "som.zip"
INDEX = "index.json"
# Stands for the server's own in recorded texts.
ORIGIN = "http://the.site"


@dataclass(frozen=True)
class RecordedPage:
    """`files` are the answers by path: name of the body, status, content type; `seen` is what the package saw."""

    name: str
    path: str
    viewport: tuple[int, int]
    before: str
    files: Mapping[str, tuple[str, int, str]]
    seen: Mapping[str, Any]


def recorded_pages() -> list[RecordedPage]:
    with zipfile.ZipFile(RECORDED) as kept:
        listed = json.loads(kept.read(INDEX))
    return [RecordedPage(**{**each, "viewport": tuple(each["viewport"])}) for each in listed]


def serve_page(site: Site, page: RecordedPage, bodies: Mapping[str, bytes]) -> str:
    """Lets the site answer as at the recording; the address of the page."""
    site.replies = {
        path: partial(_same, Reply(bodies[name], status=status, content_type=content_type))
        for path, (name, status, content_type) in page.files.items()
    }
    return site.url + page.path


def read_bodies() -> dict[str, bytes]:
    with zipfile.ZipFile(RECORDED) as kept:
        return {name: kept.read(name) for name in kept.namelist() if name != INDEX}


def neutral(text: str, site: Site) -> str:
    return text.replace(site.url, ORIGIN)


def _same(reply: Reply) -> Reply:
    return reply
