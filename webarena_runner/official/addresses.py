"""Addresses in task files and actions: what can be one of a site's page, and which host and port it names."""

import re
from collections.abc import Callable, Iterable
from urllib.parse import urljoin, urlsplit

from webarena_runner.official.sites import PLACEHOLDER

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
MAX_ORIGIN_CHARACTERS = 300
# One server answers to all of them, and cookies are kept apart by each.
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
_PAGES = ("http", "https")
# Chromium takes a backslash for a slash and drops line ends and tabs; Python's parser does neither.
_READ_DIFFERENTLY = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
# What follows a site's placeholder belongs to its page, and not to the name of its host.
_BELOW_A_SITE = re.compile(PLACEHOLDER.pattern + r"(?=[/?#]|$)")
_EXPECTED = "an address that begins with http://, https:// or a site such as __SHOPPING__"
# How the script of a check takes its page elsewhere, and an address written out in it.
_NAVIGATES = re.compile(r"\blocation\b|\bopen\s*\(|\bnavigation\b|\.(href|action)\s*=[^=]")
_WRITTEN_OUT = re.compile(
    r"""(?<=["'`])\s*(?:[a-z][a-z0-9+.-]*://|(?:about|blob|chrome|data|file|javascript|view-source):)[^"'`]*""",
    re.IGNORECASE,
)


def is_plain(url: str) -> bool:
    """Whether every reader finds the same host in a URL: it has no backslash and no control character."""
    return not _READ_DIFFERENTLY.search(url)


def host_and_port(url: str) -> tuple[str, int] | None:
    """What a connection for a URL goes to; None for one that needs none, or is malformed."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None or parts.scheme not in DEFAULT_PORTS:
        return None
    return parts.hostname, port


def place_of(url: str) -> tuple[str, int] | None:
    """Host and port, with one name for all spellings of the loopback: equal for URLs that one server answers."""
    found = host_and_port(url)
    return (LOOPBACK_NAMES[0], found[1]) if found and found[0] in LOOPBACK_NAMES else found


def same_host(one: str, other: str) -> bool:
    """Whether two host names are one, or two spellings of the loopback."""
    return one == other or (one in LOOPBACK_NAMES and other in LOOPBACK_NAMES)


def spelled_as(url: str, arrived: str) -> str:
    """The URL, with the other's spelling of the loopback where both are of one server: so do its own pages call it."""
    if place_of(url) is None or place_of(url) != place_of(arrived) or host_and_port(url) == host_and_port(arrived):
        return url
    return urlsplit(url)._replace(netloc=urlsplit(arrived).netloc.rpartition("@")[2]).geturl()


def joined(page: str, address: str) -> str:
    """An address as a page has it, made whole; one that is malformed, such as `//[x`, as it is."""
    try:
        return urljoin(page, address)
    except ValueError:
        return address


def origin(url: str) -> str:
    """Scheme, host and port as they are written, for messages: without a user name, and not endless."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"[:MAX_ORIGIN_CHARACTERS]


def fault_of(address: str) -> str:
    """Why a text of a task file is no address of a site's page; "" when it can be one."""
    if not is_plain(address):
        return f"expected {_EXPECTED}, without backslashes and control characters"
    if _BELOW_A_SITE.match(address):
        return ""
    found = host_and_port(address)
    if found is None or urlsplit(address).scheme not in _PAGES or PLACEHOLDER.search(found[0].upper()):
        return f"expected {_EXPECTED}"
    return ""


def is_literal(address: str) -> bool:
    """Whether an address names a host, and no site of the task."""
    return not _BELOW_A_SITE.match(address)


def addresses_in(script: str) -> list[str]:
    """Addresses that are written out in a script which takes its page elsewhere, of whatever scheme."""
    return [found.strip() for found in _WRITTEN_OUT.findall(script)] if _NAVIGATES.search(script) else []


def reachable(urls: Iterable[str]) -> Callable[[str], bool]:
    """A test whether an address is on host and port of one of these URLs, or names a site by its placeholder."""
    known = frozenset(filter(None, map(place_of, urls)))
    return lambda address: not is_literal(address) or (is_plain(address) and place_of(address) in known)
