"""What is said of sites that already run: their URLs, in options or environment variables, and accounts."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from webarena_runner.errors import ConfigError
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS, OFFICIAL_SITES, SITES, in_order, normalise_url
from webarena_runner.settings.options import PlugInOptions


def _known(site: str) -> str:
    if site not in SITES:
        raise ValueError(f"unknown site; expected one of {', '.join(SITES)}")
    return site


SiteName = Annotated[str, AfterValidator(_known)]
SiteUrl = Annotated[str, AfterValidator(normalise_url)]


class Account(PlugInOptions):
    """Where a site's log-in account is kept; the values themselves never enter the settings."""

    username_env: str
    """environment variable that holds the user name"""
    password_env: str
    """environment variable that holds the password"""


class UrlOptions(PlugInOptions):
    """Sites that already run, shared by all episodes."""

    urls: dict[SiteName, SiteUrl] = Field(default_factory=dict)
    """URL by name of the site

    A site that is left out has the URL of its environment variable, such as `SHOPPING` or `WA_SHOPPING`.
    """
    more_urls: tuple[SiteUrl, ...] = ()
    """further addresses that the sites' pages need, such as the routing servers of the map"""
    images: str = ""
    """which images the sites run, such as `official` or `am1n3e/webarena-verified`: their contents differ

    Nothing can tell it from outside; it is written into the manifest, and compared.
    """
    accounts: dict[SiteName, Account] = Field(default_factory=dict)
    """other accounts than the published ones, by name of the site

    Each names the environment variables that hold them: `username_env` and `password_env`.
    """

    @field_validator("urls")
    @classmethod
    def _sites_that_are_there(cls, urls: dict[str, str]) -> dict[str, str]:
        return {site: url for site, url in urls.items() if url}

    @field_validator("more_urls")
    @classmethod
    def _addresses_that_are_there(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(filter(None, urls))


def urls_from(environ: Mapping[str, str]) -> dict[str, str]:
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


def credentials(accounts: Mapping[str, Account], environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """User name and password by site: the published ones, unless the options name variables that hold others."""
    found = dict(OFFICIAL_ACCOUNTS)
    for site, account in accounts.items():
        for variable in (account.username_env, account.password_env):
            if not environ.get(variable):
                raise ConfigError(
                    f"sites.options.accounts.{site}: environment variable {variable} is not set; export it"
                )
        found[site] = (environ[account.username_env], environ[account.password_env])
    return found


def how_to_give(missing: Mapping[str, int], tasks: int) -> str:
    """The message for sites without a URL, each with the number of those of `tasks` that need it."""
    ordered = in_order(missing)
    listed = "\n".join(
        f"  {site}: {missing[site]} of {tasks} tasks; "
        f"export {site.upper()}=http://HOST:PORT{OFFICIAL_SITES[site].landing_path if site in OFFICIAL_SITES else ''}"
        for site in ordered
    )
    return (
        f"no URL for {len(ordered)} site(s) that the chosen tasks need:\n{listed}\n"
        f"Set the variables (or their WA_ forms), or list the URLs in configs/sites/NAME.yaml and pass --sites NAME, "
        f"or choose tasks without these sites, e.g. --tasks '... & !site:{ordered[0]}', or, for tasks of your own on "
        "the made-up sites that come with this package, pass --sites embedded"
    )
