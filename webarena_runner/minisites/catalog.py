"""The embedded sites by official name, imported when asked for."""

from functools import cache
from importlib import import_module

from webarena_runner.errors import ConfigError
from webarena_runner.minisites._kit import Site

MODULES = {
    "shopping": "webarena_runner.minisites.shop",
    "shopping_admin": "webarena_runner.minisites.admin",
    "reddit": "webarena_runner.minisites.forum",
    "gitlab": "webarena_runner.minisites.codehost",
    "wikipedia": "webarena_runner.minisites.wiki",
    "homepage": "webarena_runner.minisites.home",
    "map": "webarena_runner.minisites.map",
}


@cache
def load_site(name: str) -> Site:
    """Raises ConfigError when there is no embedded site of that name."""
    if name not in MODULES:
        raise ConfigError(f"no embedded site is called {name!r}; there are: {', '.join(MODULES)}")
    site: Site = import_module(MODULES[name]).SITE
    return site
