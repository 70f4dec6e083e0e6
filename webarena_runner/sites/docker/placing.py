"""Which containers there are to be: their names, ports and addresses."""

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webarena_runner.errors import ConfigError
from webarena_runner.official.images import IMAGES, SiteImage
from webarena_runner.official.sites import OFFICIAL_SITES, in_order

# Further than the published ports of two sites with a common last digit lie apart.
REPLICA_STRIDE = 20
LAST_PORT = 65_535
CONNECT_LIMIT_S = 2.0


@dataclass(frozen=True)
class Place:
    """One container. `replicas` are those that it serves: a site that nothing changes has one container for all."""

    image: SiteImage
    replica: int
    replicas: tuple[int, ...]
    host: str
    bind: str
    port: int
    control_port: int | None

    @property
    def site(self) -> str:
        return self.image.site

    @property
    def name(self) -> str:
        return f"wa-{self.site}-{self.replica}"

    @property
    def root(self) -> str:
        """The address that its application is told, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """What tasks call the site's URL."""
        return self.root + OFFICIAL_SITES[self.site].landing_path

    @property
    def control_url(self) -> str:
        return f"http://{self.host}:{self.control_port}"

    @property
    def ports(self) -> tuple[int, ...]:
        return (self.port,) if self.control_port is None else (self.port, self.control_port)


def place(
    sites: Iterable[str], *, family: str, replicas: int, port_base: int | None, host: str, bind: str
) -> tuple[Place, ...]:
    """All containers, first replica first.

    Ports are the published ones, or two for each of all sites from `port_base` on; those of the next replica are
    REPLICA_STRIDE higher.

    Raises:
        ConfigError: more replicas than there are ports.
    """
    chosen = in_order(set(sites))
    everything = in_order(IMAGES[family])
    places = []
    for replica in range(1, replicas + 1):
        for site in chosen:
            shared = OFFICIAL_SITES[site].stateless
            if shared and replica > 1:
                continue
            image = IMAGES[family][site]
            port, control = image.port, image.control_published
            if port_base is not None:
                port = port_base + 2 * everything.index(site)
                control = port + 1 if image.control_port else None
            shift = REPLICA_STRIDE * (replica - 1)
            serves = tuple(range(1, replicas + 1)) if shared else (replica,)
            places.append(
                Place(image, replica, serves, host, bind, port + shift, None if control is None else control + shift)
            )
    _require_apart(places)
    return tuple(places)


def _require_apart(places: Sequence[Place]) -> None:
    owners: dict[int, str] = {}
    for each in places:
        for port in each.ports:
            if port > LAST_PORT:
                raise ConfigError(
                    f"{each.name} would have port {port}, and the last one is {LAST_PORT}; take fewer replicas, or "
                    "lower ports with port_base (--port-base)"
                )
            if port in owners:
                raise ConfigError(
                    f"{owners[port]} and {each.name} would both have port {port}; take other ports with port_base "
                    "(--port-base)"
                )
            owners[port] = each.name


def taken_ports(places: Iterable[Place], *, remote: bool) -> list[tuple[Place, int]]:
    """Ports of these containers at which something else is already; of another machine, what can be seen from here."""
    return [(each, port) for each in places for port in each.ports if _is_taken(each, port, remote=remote)]


def _is_taken(each: Place, port: int, *, remote: bool) -> bool:
    if remote:
        with socket.socket() as probe:
            probe.settimeout(CONNECT_LIMIT_S)
            return _reaches(probe, each.host, port)
    family = socket.AF_INET6 if ":" in each.bind else socket.AF_INET
    with socket.socket(family) as probe:
        # As engines do: what has just been closed does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((each.bind, port))
        except PermissionError:
            # Below 1024 the engine may, though we may not.
            return False
        except OSError:
            return True
    return False


def _reaches(probe: socket.socket, host: str, port: int) -> bool:
    try:
        return probe.connect_ex((host, port)) == 0
    except OSError:
        return False
