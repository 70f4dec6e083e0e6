"""What the home page says about the other sites."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urljoin

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.sites.home import FOLDER


@dataclass(frozen=True)
class Card:
    """`url` is "", and there are no `links`, for a site that does not run in this lease."""

    name: str
    kind: str
    text: str
    icon: str
    url: str
    links: tuple[tuple[str, str], ...]
    user: str
    password: str


@cache
def _sites() -> Mapping[str, dict[str, Any]]:
    return tomllib.loads((FOLDER / "data" / "sites.toml").read_text("utf-8"))


def cards(urls: Mapping[str, str]) -> list[Card]:
    found = []
    for site, facts in _sites().items():
        url, (user, password) = urls.get(site, ""), ACCOUNTS.get(site, ("", ""))
        links = tuple((label, urljoin(url, path)) for label, path in facts["links"]) if url else ()
        found.append(Card(**{**facts, "links": links, "url": url, "user": user, "password": password}))
    return found
