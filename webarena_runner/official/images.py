"""The published container images of the sites: one record each, in two families whose contents differ.

Read from the publishers' set-up pages and compose files in November 2026; none of the images was run for this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Setup = Literal["none", "magento", "magento_admin", "postmill", "gitlab", "env_ctrl"]
_METIS = "http://metis.lti.cs.cmu.edu/webarena-images"
_MAP_DATA = "https://webarena-map-server-data.s3.amazonaws.com"


@dataclass(frozen=True)
class Volume:
    """A named volume at `path`. `archive` and `member` are the file and the folder inside it that it is filled from.

    Without an archive the container fills it by itself.
    """

    name: str
    path: str
    archive: str = ""
    member: str = ""


@dataclass(frozen=True)
class DataFile:
    """A file that the container reads from the folder that is mounted at `mounted_at`, with where it is published."""

    name: str
    url: str
    mounted_at: str


@dataclass(frozen=True)
class SiteImage:
    """One site's image; ports are the published ones, `web_port` and `control_port` inside, the others outside.

    `setup` is the way it is told its address, `url_variable` the environment variable that its control server takes
    that from. `archive` is where the image is published as a file for `docker load`; without one it is pulled.
    `boot_limit_s` is what the published scripts allow, `whole_limit_s` what pages need to be whole after that.
    Sizes are of the unpacked image and of its data; `memory_gb` None: nothing is published.
    `container` is the name in the published commands, `arguments` what follows the image there. `login_header` takes
    `user:password`.
    """

    site: str
    family: str
    image: str
    container: str
    web_port: int
    port: int
    setup: Setup = "none"
    control_port: int | None = None
    control_published: int | None = None
    url_variable: str = ""
    archive: str = ""
    arguments: tuple[str, ...] = ()
    shared_memory: str = ""
    platform: str = ""
    boot_limit_s: float = 120
    whole_limit_s: float = 0
    image_gb: float = 0
    data_gb: float = 0
    memory_gb: float | None = None
    volumes: tuple[Volume, ...] = ()
    data_file: DataFile | None = None
    login_header: str = ""

    @property
    def archive_name(self) -> str:
        return self.archive.rpartition("/")[2]


OFFICIAL, VERIFIED = "official", "webarena-verified"
_ZIM = "wikipedia_en_all_maxi_2022-05.zim"
_ENV_CTRL_PORT, _ENV_CTRL_URL = 8877, "WA_ENV_CTRL_EXTERNAL_SITE_URL"


def _map_volume(name: str, path: str, archive: str = "", member: str = "") -> Volume:
    return Volume(f"webarena-verified-map-{name}", path, f"{_MAP_DATA}/{archive}" if archive else "", member)


_MAP = SiteImage(
    site="map",
    family=VERIFIED,
    image="am1n3e/webarena-verified-map",
    container="webarena-verified-map",
    web_port=8080,
    port=3000,
    control_port=_ENV_CTRL_PORT,
    control_published=3001,
    platform="linux/amd64",
    data_gb=200,
    memory_gb=4,
    volumes=(
        _map_volume("tile-db", "/data/database", "osm_tile_server.tar", "data/database"),
        _map_volume("routing-car", "/data/routing/car", "osrm_routing.tar", "data/routing/car"),
        _map_volume("routing-bike", "/data/routing/bike", "osrm_routing.tar", "data/routing/bike"),
        _map_volume("routing-foot", "/data/routing/foot", "osrm_routing.tar", "data/routing/foot"),
        _map_volume("nominatim-db", "/data/nominatim/postgres", "nominatim_volumes.tar", "data/nominatim/postgres"),
        _map_volume(
            "nominatim-flatnode", "/data/nominatim/flatnode", "nominatim_volumes.tar", "data/nominatim/flatnode"
        ),
        _map_volume("website-db", "/var/lib/postgresql/14/main"),
        _map_volume("tiles", "/data/tiles"),
        _map_volume("style", "/data/style"),
    ),
)


def _kiwix(family: str, image: str, web_port: int, argument: str) -> SiteImage:
    return SiteImage(
        site="wikipedia",
        family=family,
        image=image,
        container="wikipedia",
        web_port=web_port,
        port=8888,
        arguments=(argument,),
        data_gb=95,
        data_file=DataFile(_ZIM, f"{_METIS}/{_ZIM}", "/data"),
    )


_OFFICIAL = (
    SiteImage(
        site="shopping",
        family=OFFICIAL,
        image="shopping_final_0712",
        container="shopping",
        web_port=80,
        port=7770,
        setup="magento",
        archive=f"{_METIS}/shopping_final_0712.tar",
        boot_limit_s=300,
        whole_limit_s=30,
        image_gb=117,
    ),
    SiteImage(
        site="shopping_admin",
        family=OFFICIAL,
        image="shopping_admin_final_0719",
        container="shopping_admin",
        web_port=80,
        port=7780,
        setup="magento_admin",
        archive=f"{_METIS}/shopping_admin_final_0719.tar",
        boot_limit_s=300,
        whole_limit_s=30,
        image_gb=19.9,
    ),
    SiteImage(
        site="reddit",
        family=OFFICIAL,
        image="postmill-populated-exposed-withimg",
        container="forum",
        web_port=80,
        port=9999,
        setup="postmill",
        archive=f"{_METIS}/postmill-populated-exposed-withimg.tar",
        image_gb=107,
    ),
    SiteImage(
        site="gitlab",
        family=OFFICIAL,
        image="gitlab-populated-final-port8023",
        container="gitlab",
        web_port=8023,
        port=8023,
        setup="gitlab",
        archive=f"{_METIS}/gitlab-populated-final-port8023.tar",
        arguments=("/opt/gitlab/embedded/bin/runsvdir-start",),
        boot_limit_s=600,
        image_gb=155,
        memory_gb=4,
    ),
    _kiwix(OFFICIAL, "ghcr.io/kiwix/kiwix-serve:3.3.0", 80, _ZIM),
    # The official map is no image but a machine image with a compose file on it.
    _MAP,
)


def _verified(site: str, container_port: int, port: int, control_published: int, **more: object) -> SiteImage:
    fields: dict[str, object] = {
        "site": site,
        "family": VERIFIED,
        "image": f"am1n3e/webarena-verified-{site}",
        "container": f"webarena-verified-{site}",
        "web_port": container_port,
        "port": port,
        "control_port": _ENV_CTRL_PORT,
        "control_published": control_published,
        "url_variable": _ENV_CTRL_URL,
    }
    return SiteImage(**{**fields, **more})  # type: ignore[arg-type]


_OPTIMISED = (
    _verified(
        "shopping",
        80,
        7770,
        7771,
        setup="env_ctrl",
        boot_limit_s=300,
        whole_limit_s=30,
        image_gb=13.3,
        login_header="X-M2-Customer-Auto-Login",
    ),
    _verified(
        "shopping_admin",
        80,
        7780,
        7781,
        setup="env_ctrl",
        boot_limit_s=300,
        whole_limit_s=30,
        image_gb=2.9,
        login_header="X-M2-Admin-Auto-Login",
    ),
    _verified("reddit", 80, 9999, 9998, image_gb=8.4, login_header="X-Postmill-Auto-Login"),
    # Its control server takes no address over HTTP, so it is told as the official one is.
    _verified(
        "gitlab", 8023, 8023, 8024, setup="gitlab", shared_memory="2g", boot_limit_s=600, image_gb=31.6, memory_gb=4
    ),
    # That family's own image is published for arm64 only; its launch scripts take this one.
    _kiwix(VERIFIED, "ghcr.io/kiwix/kiwix-serve:3.8.0", 8080, _ZIM),
    _MAP,
)
IMAGES: Mapping[str, Mapping[str, SiteImage]] = {
    OFFICIAL: {image.site: image for image in _OFFICIAL},
    VERIFIED: {image.site: image for image in _OPTIMISED},
}


def images_of(family: str, sites: tuple[str, ...]) -> str:
    """The family, with what of these sites comes from another one, as results record it."""
    others = [site for site in sites if IMAGES[family][site].family != family]
    return "; ".join([family, *(f"{site}: {IMAGES[family][site].family}" for site in others)])
