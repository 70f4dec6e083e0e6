"""What a sites file says of resetting one instance."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from webarena_runner.official.sites import SITES, normalise_url
from webarena_runner.settings.options import PlugInOptions
from webarena_runner.settings.records import Duration
from webarena_runner.settings.resetting import ResetWhen

Method = Literal["server", "classifieds", "command", "embedded", "container"]
# Keys that a method takes besides those that all have, and whether it needs them.
_KEYS: dict[str, dict[str, bool]] = {
    "server": {"url": True},
    "classifieds": {"token_env": False},
    "command": {"command": True, "whole": False, "sites": False},
    "embedded": {"url": True, "token_env": False},
    "container": {},
}
_OWN_KEYS = ("url", "token_env", "command", "whole", "sites")
_ENV_CTRL = ("env-ctrl", "env_ctrl")


def _not_env_ctrl(method: object) -> object:
    if method in _ENV_CTRL:
        raise ValueError(
            "the env-ctrl server of the optimised images starts, stops and configures a site, and does not reset its "
            "data: recreate the container instead (method command, or the provider docker)"
        )
    return method


def _known(sites: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := [site for site in sites if site not in SITES]:
        raise ValueError(f"unknown site '{unknown[0]}'; expected some of {', '.join(SITES)}")
    return sites


class ResetOptions(PlugInOptions):
    """How the sites of an instance are put back to their first state, and when."""

    method: Annotated[Method, BeforeValidator(_not_env_ctrl)]
    """server, classifieds, command or embedded

    server: the reset server of webarena-setup, which recreates all containers. classifieds: the reset page of
    VisualWebArena's classifieds site. command: a shell command of yours. embedded: `wa-run sites serve`. container: the
    provider docker recreates its containers; it needs no other key.
    """
    when: ResetWhen | None = None
    """never, before-run, per-task, after-write or every:N (tasks); null: before-run (--reset wins)"""
    url: Annotated[str, AfterValidator(normalise_url)] = ""
    """server: its address, such as http://HOST:7565; embedded: the address that `sites serve` prints as WA_RESET_URL"""
    token_env: str = ""
    """environment variable that holds the token of classifieds (else the published one) or embedded (WA_RESET_TOKEN)"""
    command: str = ""
    """shell command, run once for each site to reset

    It finds the site's name in WA_SITE, the instance's in WA_INSTANCE, and the URLs of the instance's sites in
    SHOPPING, WA_SHOPPING and so on. Exit code 0 means done.
    """
    whole: bool = False
    """the command resets all sites of the instance at once; it is run once, without WA_SITE"""
    sites: Annotated[tuple[str, ...], AfterValidator(_known)] = ()
    """sites that the command can reset; empty: all of the instance that tasks can change"""
    limit_s: Duration = 600
    """seconds, or a time such as 10m, until the sites must answer again"""

    @model_validator(mode="after")
    def _fits_its_method(self) -> Self:
        takes = _KEYS[self.method]
        for key in _OWN_KEYS:
            given = key in self.model_fields_set and getattr(self, key) not in ("", ())
            if given and key not in takes:
                using = " and ".join(method for method, keys in _KEYS.items() if key in keys)
                raise ValueError(f"method {self.method} has no '{key}', which is of {using}; leave it out")
            if takes.get(key) and not given:
                raise ValueError(f"method {self.method} needs '{key}', and it is missing")
        if self.whole and self.sites:
            raise ValueError("a command that resets the whole instance resets all its sites; leave 'sites' out")
        return self
