"""What has become of the containers, for those who ask whether the sites are well."""

from collections.abc import Mapping

from webarena_runner.errors import ConfigError, SiteError
from webarena_runner.sites.docker.engine import find_engine, remote_host
from webarena_runner.sites.docker.found import Container, find_named
from webarena_runner.sites.docker.lift import RUNNING
from webarena_runner.sites.docker.options import DockerOptions, places_of
from webarena_runner.sites.docker.placing import Place
from webarena_runner.sites.probes.findings import Finding, Level

CHECK = "container"


async def states_of(options: DockerOptions, environ: Mapping[str, str]) -> dict[str, Finding]:
    """By the URL of its site; an engine that cannot be asked is a fault of each.

    Raises:
        ConfigError: options that no containers can be made with.
    """
    places = places_of(options, remote_host=remote_host(dict(environ)))
    try:
        found = await find_named(find_engine(options.engine, environ), [place.name for place in places])
    except (ConfigError, SiteError) as error:
        told, _, remedy = str(error).partition("\n")
        return {place.url: _finding(place, Level.FAIL, told, remedy or "see that the engine runs") for place in places}
    return {place.url: _of(place, found.get(place.name)) for place in places}


def _of(place: Place, there: Container | None) -> Finding:
    up = f"wa-run sites up --only {place.site}"
    if there is None:
        return _finding(place, Level.FAIL, f"there is no container {place.name}", up)
    if not there.is_ours:
        remedy = f"docker rename {place.name} OTHER, then {up}"
        return _finding(place, Level.FAIL, f"{place.name} was not made by this runner", remedy)
    if there.state != RUNNING:
        logs = f"wa-run sites logs {place.name} says why; {up} starts it again"
        return _finding(place, Level.FAIL, f"{place.name} is {there.state}, code {there.code}", logs)
    return _finding(place, Level.OK, f"{place.name} runs {place.image.image}")


def _finding(place: Place, level: Level, found: str, remedy: str = "") -> Finding:
    return Finding(CHECK, place.site, "", level, found, remedy)
