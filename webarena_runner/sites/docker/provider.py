"""Containers of the published images as a provider: the runner starts, configures, shares and recreates them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from webarena_runner.errors import SiteError
from webarena_runner.interfaces import SiteSetup
from webarena_runner.official.images import IMAGES, images_of
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.settings.resetting import DEFAULT
from webarena_runner.sites.docker.engine import Engine, find_engine
from webarena_runner.sites.docker.found import find_named, require_ours
from webarena_runner.sites.docker.lift import RUNNING, bring_up
from webarena_runner.sites.docker.options import DockerOptions, places_of
from webarena_runner.sites.docker.placing import Place
from webarena_runner.sites.docker.reset import ContainerReset
from webarena_runner.sites.docker.states import states_of
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.probes.findings import Finding
from webarena_runner.sites.shared import SharedSites
from webarena_runner.sites.url_options import urls_from
from webarena_runner.sites.watch import Watch


class DockerSites(SharedSites):
    """One instance for each replica; encyclopedia and map are in all of them."""

    Options = DockerOptions

    @classmethod
    def build(cls, setup: SiteSetup) -> Self:
        """Raises ConfigError when there is no engine, or the ports would be out of reach."""
        options: DockerOptions = setup.options
        engine = find_engine(options.engine, setup.environ)
        return cls(
            instances_of(engine, options),
            label="docker",
            new_context=setup.new_context,
            outages=setup.outages,
            resetting=setup.resetting,
            on_event=setup.on_event,
        )

    @classmethod
    async def prepare(
        cls, options: DockerOptions, environ: Mapping[str, str], *, sites: Iterable[str], watch: Watch
    ) -> Sequence[tuple[str, str]]:
        """Before a run: brings up what these sites need, or sees that it is up; which of them, by replica, are as new.

        Raises:
            ConfigError: it cannot be brought up, or is not up and must not be (`up: false`).
            SiteError: some did not come up.
        """
        engine, wanted = find_engine(options.engine, environ), frozenset(sites)
        if not options.up:
            await _require_up(engine, options, wanted)
            return ()
        places = [place for place in places_of(options, remote_host=engine.remote_host) if place.site in wanted]
        there = await find_named(engine, [place.name for place in places])
        await bring_up(engine, options, watch=watch, sites=wanted)
        created = [place for place in places if place.name not in there]
        return [(str(replica), place.site) for place in created for replica in place.replicas]

    @classmethod
    async def states(cls, options: DockerOptions, environ: Mapping[str, str]) -> dict[str, Finding]:
        """Of the containers, by the URLs of their sites."""
        return await states_of(options, environ)

    @classmethod
    def serves(cls, options: DockerOptions) -> frozenset[str]:
        """Those with an image, and those that run elsewhere."""
        return frozenset((*options.sites, *options.urls))

    @classmethod
    def copies(cls, options: DockerOptions) -> list[frozenset[str]]:
        """One for each replica."""
        return [cls.serves(options)] * options.replicas

    @classmethod
    def addresses(cls, options: DockerOptions, sites: Sequence[str]) -> list[str]:
        """What all replicas have: of sites that tasks can change each has its own."""
        of_replicas = [set(instance.urls.items()) for instance in _bare_instances(options, remote="")]
        common = dict(set.intersection(*of_replicas))
        return [*(common[site] for site in sites if site in common), *options.more_urls]

    @classmethod
    def images_of(cls, options: DockerOptions) -> str:
        """The family."""
        return images_of(options.family, options.sites)

    @classmethod
    def lacking(cls, missing: Mapping[str, int], tasks: int) -> str:
        """Says how else to have them."""
        listed = "\n".join(f"  {site}: {count} of {tasks} tasks" for site, count in missing.items())
        first = next(iter(missing))
        return (
            f"{len(missing)} site(s) that the chosen tasks need are not there:\n{listed}\n"
            f"The provider docker has those of `only`, or all with a published image: {', '.join(IMAGES['official'])}. "
            "Give the URL of one that runs elsewhere under urls, or choose tasks without it, e.g. "
            f"--tasks '... & !site:{first}'"
        )

    @classmethod
    def options_from(cls, environ: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
        """URLs of sites without an image, such as HOMEPAGE."""
        urls = given.get("urls") if isinstance(given.get("urls"), Mapping) else {}
        found = {
            site: url
            for site, url in urls_from(environ).items()
            if site not in IMAGES["official"] and site not in (urls or {})
        }
        return {"urls": found} if found else {}


def instances_of(engine: Engine, options: DockerOptions) -> tuple[Instance, ...]:
    """The replicas, each of which is reset by recreating its containers."""
    return tuple(
        Instance(
            name=each.name,
            urls=each.urls,
            more_urls=each.more_urls,
            headers=each.headers,
            credentials=each.credentials,
            resetter=ContainerReset(engine, options, places),
            reset_when=options.reset or DEFAULT,
        )
        for each, places in zip(
            _bare_instances(options, remote=engine.remote_host),
            _by_replica(options, remote=engine.remote_host),
            strict=True,
        )
    )


def _bare_instances(options: DockerOptions, *, remote: str) -> list[Instance]:
    return [
        Instance(
            name=str(number),
            urls={site: place.url for site, place in places.items()} | options.urls,
            more_urls=options.more_urls,
            headers=_headers(places) if options.auto_login else {},
            credentials=dict(OFFICIAL_ACCOUNTS),
        )
        for number, places in enumerate(_by_replica(options, remote=remote), 1)
    ]


def _by_replica(options: DockerOptions, *, remote: str) -> list[dict[str, Place]]:
    places = places_of(options, remote_host=remote)
    return [
        {place.site: place for place in places if replica in place.replicas}
        for replica in range(1, options.replicas + 1)
    ]


def _headers(places: Mapping[str, Place]) -> dict[str, dict[str, str]]:
    return {
        site: {place.image.login_header: ":".join(OFFICIAL_ACCOUNTS[site])}
        for site, place in places.items()
        if place.image.login_header
    }


async def _require_up(engine: Engine, options: DockerOptions, sites: frozenset[str]) -> None:
    places = [place for place in places_of(options, remote_host=engine.remote_host) if place.site in sites]
    found = await find_named(engine, [place.name for place in places])
    require_ours(places, found)
    down = [place.name for place in places if place.name not in found or found[place.name].state != RUNNING]
    if down:
        raise SiteError(f"not up, and up is false: {', '.join(down)}; start them with wa-run sites up")
