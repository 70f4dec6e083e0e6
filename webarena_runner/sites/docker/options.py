"""What a sites file says of containers that this runner starts."""

import re
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, PositiveInt, ValidationInfo, field_validator

from webarena_runner.errors import ConfigError
from webarena_runner.official.images import IMAGES, OFFICIAL
from webarena_runner.official.sites import in_order
from webarena_runner.settings.options import PlugInOptions
from webarena_runner.settings.records import Duration
from webarena_runner.settings.resetting import ResetWhen
from webarena_runner.sites.docker.placing import Place, place
from webarena_runner.sites.url_options import SiteName, SiteUrl

LOCAL = ("localhost", "127.0.0.1", "::1")
LOOPBACK = "127.0.0.1"
# It becomes part of commands that set a base URL.
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]")
_ADDRESS = re.compile(r"[0-9.]+|[0-9A-Fa-f:]+")


def _host_name(host: str) -> str:
    if host and not _HOST.fullmatch(host):
        raise ValueError("expected a host name or an address, such as lab-7.example.org, without http:// and port")
    return host


def _ip_address(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise ValueError("expected an address of the machine, such as 127.0.0.1 or 0.0.0.0")
    return address


class DockerOptions(PlugInOptions):
    """Sites in containers of the published images, which the runner starts, configures and recreates."""

    family: Literal["official", "webarena-verified"] = "official"
    """official, or webarena-verified: the same sites in smaller images whose contents differ in places

    Of the map no official image is published; both families have the same one. Results record the family.
    """
    only: tuple[SiteName, ...] = ()
    """the sites that are run; empty: all that the family has"""
    replicas: PositiveInt = 1
    """copies of each site that tasks can change; encyclopedia and map have one for all"""
    port_base: Annotated[int | None, Field(ge=1, le=65_000)] = None
    """first of the ports, two for each site; null: the published ones (7770, 7780, 9999, 8023, 8888, 3000)"""
    host: Annotated[str, AfterValidator(_host_name)] = ""
    """host name in the sites' URLs; empty: localhost, or the machine of DOCKER_HOST"""
    bind: Annotated[str, AfterValidator(_ip_address)] = LOOPBACK
    """address that the ports are opened on; with another one than 127.0.0.1 others on the network reach the sites,
    whose passwords are published"""
    engine: Literal["", "docker", "podman"] = ""
    """docker or podman; empty: the first one on PATH"""
    data: str = ""
    """folder of image archives and of the encyclopedia's and the map's data; empty: in your data folder"""
    download: bool = False
    """get archives and data that are missing from where they are published: hundreds of GB"""
    up: bool = True
    """start what is not up when a run begins; false: it must be up"""
    reset: ResetWhen | None = None
    """when containers are recreated: never, before-run, per-task, after-write or every:N (tasks); null: before-run

    --reset wins. It takes minutes a time.
    """
    limits_s: dict[SiteName, Duration] = Field(default_factory=dict)
    """seconds, or a time such as 10m, that a site may take to answer, where the published limit does not fit"""
    auto_login: bool = False
    """sign in by the request headers of the webarena-verified images, and not through the log-in forms"""
    urls: dict[SiteName, SiteUrl] = Field(default_factory=dict)
    """sites that run elsewhere, by name, such as the home page, or a map of your own; they are not started"""
    more_urls: tuple[SiteUrl, ...] = ()
    """further addresses that the sites' pages need, such as routing servers of the map"""

    @field_validator("urls")
    @classmethod
    def _sites_that_are_there(cls, urls: dict[str, str]) -> dict[str, str]:
        return {site: url for site, url in urls.items() if url}

    @field_validator("only")
    @classmethod
    def _has_images(cls, only: tuple[str, ...]) -> tuple[str, ...]:
        known = IMAGES[OFFICIAL]
        if absent := [site for site in only if site not in known]:
            raise ValueError(f"there is no published image of {', '.join(absent)}; expected some of {', '.join(known)}")
        return only

    @field_validator("auto_login")
    @classmethod
    def _has_headers(cls, auto_login: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - the shape of a validator
        if auto_login and info.data.get("family") == OFFICIAL:
            raise ValueError("only the webarena-verified images have such headers; set family too")
        return auto_login

    @property
    def folder(self) -> Path:
        return Path(self.data).expanduser() if self.data else user_data_path("webarena-runner") / "sites"

    @property
    def sites(self) -> tuple[str, ...]:
        """Those that are run in containers."""
        return tuple(in_order(set(self.only or IMAGES[self.family]) - set(self.urls)))


def places_of(options: DockerOptions, *, remote_host: str) -> tuple[Place, ...]:
    """The containers of all the sites.

    Raises:
        ConfigError: the ports would be open where nobody reaches them from here, or there are not enough ports.
    """
    if remote_host and options.bind == LOOPBACK and not options.host:
        raise ConfigError(
            f"DOCKER_HOST is the machine {remote_host}, and ports that are opened on {LOOPBACK} there cannot be "
            "reached from here; give --bind 0.0.0.0 (whoever reaches that machine then reaches the sites, whose "
            "passwords are published), or --host localhost when you forward the ports yourself"
        )
    return place(
        options.sites,
        family=options.family,
        replicas=options.replicas,
        port_base=options.port_base,
        host=options.host or remote_host or "localhost",
        bind=options.bind,
    )
