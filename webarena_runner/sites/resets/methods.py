"""The resetter that a sites file names."""

from collections.abc import Mapping

from webarena_runner.errors import ConfigError
from webarena_runner.official.sites import CLASSIFIEDS, OFFICIAL_SITES
from webarena_runner.sites.instances import Resetter
from webarena_runner.sites.resets.classifieds import PUBLISHED_TOKEN, ClassifiedsReset
from webarena_runner.sites.resets.command import CommandReset
from webarena_runner.sites.resets.options import ResetOptions
from webarena_runner.sites.resets.reset_server import ServerReset
from webarena_runner.sites.resets.served import TOKEN_ENV, ServedReset


def resetter_of(
    options: ResetOptions, urls: Mapping[str, str], *, name: str, environ: Mapping[str, str], key: str = "reset"
) -> Resetter:
    """Of the instance of that name, with these URLs by site; `key` is where its options are, for messages.

    Raises:
        ConfigError: a variable that holds a token is not set, or the instance has no site that this resets.
    """
    limit_s, all_sites = options.limit_s, frozenset(urls)
    match options.method:
        case "server":
            return ServerReset(options.url, all_sites, limit_s=limit_s)
        case "embedded":
            token = _held(options.token_env or TOKEN_ENV, environ, key)
            return ServedReset(options.url, all_sites, token=token, limit_s=limit_s)
        case "classifieds":
            if CLASSIFIEDS.name not in urls:
                raise ConfigError(
                    f"{key}: method classifieds resets that site alone, and the instance has no URL of it"
                )
            token = _held(options.token_env, environ, key) if options.token_env else PUBLISHED_TOKEN
            return ClassifiedsReset(urls[CLASSIFIEDS.name], token=token, limit_s=limit_s)
        case "command":
            return _command(options, urls, name=name, environ=environ, key=key)
        case "container":
            raise ConfigError(
                f"{key}: method container is for the provider docker, which knows its containers; for others write a "
                "command that recreates them (method command)"
            )


def _command(
    options: ResetOptions, urls: Mapping[str, str], *, name: str, environ: Mapping[str, str], key: str
) -> CommandReset:
    if absent := [site for site in options.sites if site not in urls]:
        raise ConfigError(f"{key}.sites: the instance has no URL of {', '.join(absent)}; leave it out")
    changeable = [site for site in urls if not OFFICIAL_SITES[site].stateless]
    sites = frozenset(options.sites or (urls if options.whole else changeable))
    given = {"WA_INSTANCE": name}
    for site, url in urls.items():
        given |= {site.upper(): url, f"WA_{site.upper()}": url}
    environment = {**environ, **given}
    return CommandReset(options.command, sites, whole=options.whole, environ=environment, limit_s=options.limit_s)


def _held(variable: str, environ: Mapping[str, str], key: str) -> str:
    if not environ.get(variable):
        raise ConfigError(f"{key}: environment variable {variable}, which holds the token, is not set; export it")
    return environ[variable]
