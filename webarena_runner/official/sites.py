"""Where the official sites are: URLs and accounts from environment variables, and which of them a task needs."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from webarena_runner.errors import ConfigError
from webarena_runner.types import Task

SITES = ("shopping", "shopping_admin", "reddit", "gitlab", "wikipedia", "map", "homepage")
OFFICIAL_ACCOUNTS: Mapping[str, tuple[str, str]] = {
    "shopping": ("emma.lopez@gmail.com", "Password.123"),
    "shopping_admin": ("admin", "admin1234"),
    "reddit": ("MarvelsGrantMan136", "test1234"),
    "gitlab": ("byteblaze", "hello1234"),
}
# Prompts say that it is there, so it comes with every lease.
HOMEPAGE = "homepage"
# Checks read the shop's orders and reviews through its REST interface, which takes the account of its admin.
_REST_ACCOUNTS: Mapping[str, str] = {"shopping": "shopping_admin"}
_ABSENT = ("", "todo", "pass")
_PLACEHOLDER = re.compile("__(" + "|".join(site.upper() for site in SITES) + ")__")


def site_urls_from(environ: Mapping[str, str]) -> dict[str, str]:
    """Site URLs by official name; `WA_SHOPPING` wins over `SHOPPING`, and so for every site.

    Raises:
        ConfigError: a variable holds what is no URL of a site.
    """
    urls = {}
    for site in SITES:
        for variable in (f"WA_{site.upper()}", site.upper()):
            try:
                url = normalise_url(environ.get(variable, ""))
            except ValueError as error:
                raise ConfigError(f"environment variable {variable}: {error}, got '{environ[variable]}'") from None
            if url:
                urls[site] = url
                break
    return urls


def normalise_url(value: str) -> str:
    """The URL with a scheme and without trailing slashes; "" for "", "todo" and "PASS", which stand for no site.

    The official URL comparison goes wrong without a scheme and with a trailing slash (both occur in published set-ups).

    Raises:
        ValueError: not a URL, or one with a user name in it (it would be written into the run folder).
    """
    text = value.strip()
    if text.lower() in _ABSENT:
        return ""
    url = (text if "://" in text else f"http://{text}").rstrip("/")
    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and parts.scheme in ("http", "https") and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or any(character.isspace() for character in url):
        raise ValueError("expected the URL of a site, for example http://localhost:7770")
    if parts.username is not None:
        raise ValueError("expected a URL without a user name (log-in accounts are named in a sites file)")
    return url


def sites_needed(task: Task) -> tuple[str, ...]:
    """Sites that a task lists, logs in to, or names by a placeholder in its start URLs or checks; each once."""
    texts = [*task.start_urls, *(check.model_dump_json() for check in task.checks)]
    named = sorted(match.lower() for text in texts for match in _PLACEHOLDER.findall(text))
    return tuple(dict.fromkeys([*task.sites, *task.login_sites, *named]))


def accounts_for(
    sites: Iterable[str], accounts: Mapping[str, tuple[str, str]] = OFFICIAL_ACCOUNTS
) -> dict[str, tuple[str, str]]:
    """Those of `accounts` that belong to these sites, or that the sites' REST interfaces take."""
    chosen = list(sites)
    names = dict.fromkeys([*chosen, *(_REST_ACCOUNTS[site] for site in chosen if site in _REST_ACCOUNTS)])
    return {name: accounts[name] for name in names if name in accounts}


def require_site_urls(tasks: Iterable[Task], urls: Mapping[str, str]) -> None:
    """Checks that every site of the chosen tasks has a URL.

    Raises:
        ConfigError: some have none; it names them, how many tasks need each, and the ways to give them.
    """
    chosen = list(tasks)
    needs = Counter(site for task in chosen for site in sites_needed(task))
    missing = [site for site in sorted(needs, key=_order) if site not in urls]
    if not missing:
        return
    listed = "\n".join(
        f"  {site}: {needs[site]} of {len(chosen)} tasks; export {site.upper()}=http://HOST:PORT{_PATHS.get(site, '')}"
        for site in missing
    )
    raise ConfigError(
        f"no URL for {len(missing)} site(s) that the chosen tasks need:\n{listed}\n"
        f"Set the variables (or their WA_ forms), or list the URLs in configs/sites/NAME.yaml and pass --sites NAME, "
        f"or choose tasks without these sites, e.g. --tasks '... & !site:{missing[0]}'"
    )


_PATHS = {"shopping_admin": "/admin", "wikipedia": "/wikipedia_en_all_maxi_2022-05/A/User:The_other_Kiwix_guy/Landing"}


def _order(site: str) -> tuple[int, str]:
    return (SITES.index(site) if site in SITES else len(SITES), site)
