"""The addresses in a network log without the hosts and ports that the sites had: those of every run are alike then."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from webarena_runner.official.sites import OFFICIAL_SITES, in_order


class Stable:
    """`urls` are the sites' in the run, by official name; `environments` what webarena-verified is to take for them."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        hosts: dict[str, str] = {}
        self.environments: dict[str, str] = {}
        for site in in_order(urls):
            parts = urlsplit(urls[site])
            # Two sites may be at one host, and are told apart by their paths then.
            host = hosts.setdefault(parts.netloc, _host_of(site))
            self.environments[site] = f"{parts.scheme}://{host}{parts.path}"
        self._hosts = {form: new for old, new in hosts.items() for form in (old, old.replace(":", "%3A"))}
        longest_first = sorted(self._hosts, key=len, reverse=True)
        either = "|".join(map(re.escape, longest_first))
        # What stands before it in an address within an address is `%2F%2F`.
        self._pattern = re.compile(rf"(?:(?<![\w.-])|(?<=%2F))(?:{either})(?![\w-]|[.:]\w)") if either else None

    def text(self, text: str) -> str:
        return self._pattern.sub(lambda found: self._hosts[found[0]], text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """A JSON value, with all of its texts so."""
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.value(each) for each in value]
            case dict():
                return {key: self.value(each) for key, each in value.items()}
        return value


def _host_of(site: str) -> str:
    """The one that stands for it in prompts too."""
    official = OFFICIAL_SITES.get(site)
    return urlsplit(official.public_url).netloc if official else f"{site}.example"
