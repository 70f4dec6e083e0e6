"""The official mapping between the sites' own URLs and the public names that models see instead."""

import re
from collections.abc import Mapping

from webarena_runner.official.sites import OFFICIAL_SITES

_SCHEME_AND_WWW = re.compile(r"^(https?://)?(www\.)?", re.IGNORECASE)


def public_url(url: str, urls: Mapping[str, str]) -> str:
    """The URL as the model sees it; `urls` are the sites' URLs by official name."""
    for local, public in _pairs(urls):
        url = url.replace(local, public)
    return url


def to_local(text: str, urls: Mapping[str, str]) -> str:
    """An action's whole text, typed text and answers too, with public names turned into the sites' URLs."""
    for local, public in _pairs(urls):
        text = text.replace(public, local).replace(public.replace("http", "https"), local)
    return text


def loosely_local(url: str, urls: Mapping[str, str]) -> str:
    """The address of a goto, with a site's public name at its head, however people write it, turned into its URL."""
    address = _SCHEME_AND_WWW.sub("", url.strip())
    for local, public in _pairs(urls):
        name = public.removeprefix("http://")
        rest = address[len(name) :]
        if address[: len(name)].lower() == name and (not rest or rest[0] in "/?#"):
            return local + rest
    return url


def _pairs(urls: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(urls[name], site.public_url) for name, site in OFFICIAL_SITES.items() if urls.get(name)]
