"""Which sites an episode changes, as far as its requests show: POSTs by which pages only read are none.

Everything is taken for a change that cannot be told from one: a log-out, a refused form. What a site's page does to
another site of the task counts for that one.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from webarena_runner.official.addresses import place_of
from webarena_runner.official.sites import OFFICIAL_SITES

_READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# What the browser sends by itself, and what pages report on their visitors.
_REPORTS = frozenset({"Ping", "Preflight", "CSPViolationReport"})
_GRAPHQL = re.compile(r"/graphql/?")
_MUTATION = re.compile(r"\bmutation\b")


class Writes:
    """Of one episode on the sites at `urls`; `on_write` is told of each site once."""

    def __init__(self, urls: Mapping[str, str], on_write: Callable[[str], None]) -> None:
        self._urls = urls
        self._on_write = on_write
        self._told: set[str] = set()

    def sent(self, event: Mapping[str, Any]) -> None:
        """A DevTools event Network.requestWillBeSent."""
        request = event["request"]
        if request["method"] in _READING or event.get("type") in _REPORTS:
            return
        site = self._site_of(request["url"])
        if site is None or site in self._told or _only_reads(site, request["url"], request.get("postData", "")):
            return
        self._told.add(site)
        self._on_write(site)

    def _site_of(self, url: str) -> str | None:
        """Where several sites are on one host and port, that with the longest path above the address."""
        place = place_of(url)
        here = [site for site, own in self._urls.items() if place is not None and place_of(own) == place]
        path = urlsplit(url).path
        above = [site for site in here if path.startswith(urlsplit(self._urls[site]).path)]
        return max(above or here, key=lambda site: len(urlsplit(self._urls[site]).path), default=None)


def _only_reads(site: str, url: str, body: str) -> bool:
    known, path = OFFICIAL_SITES.get(site), urlsplit(url).path
    if known and (known.stateless or any(re.search(read, path) for read in known.reads_by_post)):
        return True
    return bool(_GRAPHQL.search(path)) and bool(body) and not _MUTATION.search(body)
