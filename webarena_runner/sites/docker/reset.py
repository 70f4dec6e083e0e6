"""The reset method `container`: the container is recreated from its image, and set up again."""

from collections.abc import Mapping, Sequence

from webarena_runner.errors import ConfigError, SiteError
from webarena_runner.official.sites import OFFICIAL_SITES
from webarena_runner.sites.docker.engine import Engine
from webarena_runner.sites.docker.lift import recreate, side_by_side
from webarena_runner.sites.docker.options import DockerOptions
from webarena_runner.sites.docker.placing import Place
from webarena_runner.sites.watch import Logged


class ContainerReset:
    """Of one replica; `places` are its containers by site. Sites that nothing changes are left as they are."""

    whole = False

    def __init__(self, engine: Engine, options: DockerOptions, places: Mapping[str, Place]) -> None:
        self._engine = engine
        self._options = options
        self._places = {site: place for site, place in places.items() if not OFFICIAL_SITES[site].stateless}
        self.sites = frozenset(self._places)
        images = [place.image for place in self._places.values()]
        slowest = max((image.boot_limit_s + image.whole_limit_s for image in images), default=600.0)
        # Booting, setting up, and booting again.
        self.limit_s = 3 * slowest

    async def reset(self, sites: Sequence[str]) -> None:
        """Returns when they answer with their own pages again. Raises SiteError."""
        places = [self._places[site] for site in sites if site in self._places]
        watch = Logged()
        try:
            await side_by_side(places, lambda place: recreate(self._engine, place, self._options, watch=watch))
        except ConfigError as error:
            raise SiteError(str(error)) from error
