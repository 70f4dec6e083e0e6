"""What is said of sites that already run: their URLs, in options or environment variables, and accounts."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from webarena_runner.errors import ConfigError
from webarena_runner.official.addresses import host_and_port
from webarena_runner.official.sites import (
    HOMEPAGE,
    LOGIN_FORMS,
    OFFICIAL_ACCOUNTS,
    OFFICIAL_SITES,
    SITES,
    in_order,
    normalise_url,
)
from webarena_runner.settings.options import PlugInOptions
from webarena_runner.settings.resetting import DEFAULT
from webarena_runner.sites.headers import HeaderName, HeaderValue, filled
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.login_options import LoginOptions
from webarena_runner.sites.resets.methods import resetter_of
from webarena_runner.sites.resets.options import ResetOptions

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


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


class CopyOptions(PlugInOptions):
    """One copy of the sites, or what several have in common."""

    urls: dict[SiteName, SiteUrl] = Field(default_factory=dict)
    """URL by name of the site

    A site that is left out has the URL of its environment variable, such as `SHOPPING` or `WA_SHOPPING`.
    """
    more_urls: tuple[SiteUrl, ...] = ()
    """further addresses that the sites' pages need, such as the routing servers of the map"""
    headers: dict[SiteName, dict[HeaderName, HeaderValue]] = Field(default_factory=dict)
    """extra headers of all requests to a site, by its name

    `{username}` and `{password}` in a value are those of the site's account, `${NAME}` is an environment variable.
    """
    accounts: dict[SiteName, Account] = Field(default_factory=dict)
    """other accounts than the published ones, by name of the site

    Each names the environment variables that hold them: `username_env` and `password_env`.
    """
    reset: ResetOptions | None = None
    """how the sites are put back to their first state, and when; null: nothing can do it"""

    @field_validator("urls")
    @classmethod
    def _sites_that_are_there(cls, urls: dict[str, str]) -> dict[str, str]:
        return {site: url for site, url in urls.items() if url}

    @field_validator("more_urls")
    @classmethod
    def _addresses_that_are_there(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(filter(None, urls))


class InstanceOptions(CopyOptions):
    """One of several copies of the sites; what it does not say of headers, accounts and reset is as beside
    `instances`."""

    name: str = ""
    """what logs and results call it; the first one is 1, the second 2 and so on unless named"""

    @field_validator("name")
    @classmethod
    def _short(cls, name: str) -> str:
        if name and not _NAME.fullmatch(name):
            raise ValueError("expected up to 32 letters, digits, '.', '_' or '-', the first a letter or digit")
        return name


class UrlOptions(CopyOptions):
    """Sites that already run, shared by all episodes: one copy of them (`urls`), or several (`instances`)."""

    images: str = ""
    """which images the sites run, such as `official` or `am1n3e/webarena-verified`: their contents differ

    Nothing can tell it from outside; it is written into the manifest, and compared.
    """
    login: dict[SiteName, LoginOptions] = Field(default_factory=dict)
    """log-in forms of applications that are not the official ones, by name of the site

    Each has `path`, `username_field`, `password_field`, `button`, `proof_path` and, where they are needed,
    `proof_text` and `one_session`.
    """
    instances: tuple[InstanceOptions, ...] = ()
    """several copies of the sites, each with `urls` and, where they are its own, `name`, `more_urls`, `headers`,
    `accounts`, `reset`

    A task has all its sites from one instance, and as many tasks may write to a site at once as instances have it.
    """

    @field_validator("instances")
    @classmethod
    def _apart(cls, instances: tuple[InstanceOptions, ...], info: ValidationInfo) -> tuple[InstanceOptions, ...]:
        if instances and info.data.get("urls"):
            raise ValueError("expected either urls, for one copy of the sites, or instances, and both are given")
        names: dict[str, int] = {}
        owners: dict[tuple[object, ...], int] = {}
        for number, instance in enumerate(instances, 1):
            name = instance.name or str(number)
            if names.setdefault(name, number) != number:
                raise ValueError(f"expected a name of its own for each, and two are '{name}'")
            for site, url in instance.urls.items():
                if not _can_be_shared(site) and owners.setdefault(_place(url), number) != number:
                    raise ValueError(
                        f"expected copies of the sites that share none, and instances {owners[_place(url)]} and "
                        f"{number} both have {url} ({site}): two tasks would write to it at once"
                    )
        return instances

    @property
    def copies(self) -> Sequence[CopyOptions]:
        """The instances, or the one copy that `urls` is."""
        return self.instances or (self,)

    def more_urls_of(self, copy: CopyOptions) -> tuple[str, ...]:
        """A copy's own, and those that are there for all."""
        return tuple(dict.fromkeys((*self.more_urls, *copy.more_urls)))


def _can_be_shared(site: str) -> bool:
    """Nobody writes to it, and its pages do not lead to the sites of one instance as those of the home page do."""
    return OFFICIAL_SITES[site].stateless and site != HOMEPAGE


def _place(url: str) -> tuple[object, ...]:
    """What two spellings of one address have in common."""
    host, port = host_and_port(url) or ("", 0)
    return "127.0.0.1" if host == "localhost" else host, port, urlsplit(url).path


def instances_of(options: UrlOptions, environ: Mapping[str, str]) -> tuple[Instance, ...]:
    """The copies of the sites that the options name, one without a site when they name none.

    Raises:
        ConfigError: an environment variable that they name is not set.
    """
    return tuple(_instance(str(number), copy, options, environ) for number, copy in enumerate(options.copies, 1))


def _instance(number: str, copy: CopyOptions, common: UrlOptions, environ: Mapping[str, str]) -> Instance:
    accounts = credentials(common.accounts | copy.accounts, environ)
    headers = {
        site: common.headers.get(site, {}) | copy.headers.get(site, {}) for site in (*common.headers, *copy.headers)
    }
    _require_plain(headers, copy.urls)
    name = (copy.name if isinstance(copy, InstanceOptions) else "") or number
    reset = copy.reset or common.reset
    return Instance(
        name=name,
        urls=copy.urls,
        more_urls=common.more_urls_of(copy),
        headers=filled(headers, accounts, environ),
        credentials=accounts,
        resetter=resetter_of(reset, copy.urls, name=name, environ=environ) if reset else None,
        reset_when=(reset and reset.when) or DEFAULT,
        logins={**LOGIN_FORMS, **{site: login.form for site, login in common.login.items()}},
    )


def _require_plain(headers: Mapping[str, Mapping[str, str]], urls: Mapping[str, str]) -> None:
    """Raises ConfigError where headers could not be given to their site alone."""
    for site, named in headers.items():
        if named and urls.get(site, "").startswith("https:"):
            raise ConfigError(
                f"sites.options.headers.{site}: {urls[site]} is served by https, into which nobody can put headers for "
                "one site alone; give its URL with http://, or leave the headers out"
            )


def urls_beside(given: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """What variables add to the options `given`: URLs of sites that they leave out, where there is one copy of them."""
    copies = given.get("instances") or [given]
    only = copies[0]
    if len(copies) > 1 or not isinstance(only, Mapping) or not isinstance(only.get("urls") or {}, Mapping):
        return {}
    urls = only.get("urls") or {}
    added = {site: url for site, url in urls_from(environ).items() if urls.get(site) is None}
    if not added:
        return {}
    return {"urls": added} if only is given else {"instances": [{**only, "urls": {**urls, **added}}]}


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
