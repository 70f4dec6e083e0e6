"""The instances that settings name, as far as they can be probed."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from webarena_runner.interfaces import NewContext
from webarena_runner.official.sites import in_order
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.probes.findings import Finding, Place
from webarena_runner.sites.providers import build_provider, known_instances, provider_states, served_sites

VARIABLES = "variables"
_UNSET = "unset variable "


@dataclass(frozen=True)
class Named:
    """Instances without what variables that are not set would hold, of which `findings` tell."""

    instances: Sequence[Instance]
    findings: Sequence[Finding] = ()

    def name_of(self, instance: Instance) -> str:
        """The only one needs no name."""
        return instance.name if len(self.instances) > 1 else ""


@asynccontextmanager
async def named_instances(
    spec: SitesSpec, environ: Mapping[str, str], *, new_context: NewContext
) -> AsyncIterator[Named]:
    """Those that run already; of another provider one lease of all its sites, which it may start for that.

    Raises:
        ConfigError: no such provider, or options that it cannot be built with.
        SiteError: it cannot start its sites.
    """
    known = running_instances(spec, environ)
    if known is not None:
        yield known
        return
    served = in_order(served_sites(spec))
    async with (
        build_provider(spec, environ, new_context=new_context) as sites,
        sites.lease(served, login_sites=(), writes=False) as lease,
    ):
        yield Named([Instance("", lease.urls, lease.more_urls, lease.headers, lease.credentials)])


async def states_beside(spec: SitesSpec, environ: Mapping[str, str], named: Named) -> Sequence[Finding]:
    """What the provider itself says of what its sites run in, where it says anything."""
    states = await provider_states(spec, environ)
    return [
        replace(states[url], instance=named.name_of(instance))
        for instance in named.instances
        for url in instance.urls.values()
        if url in states
    ]


def running_instances(spec: SitesSpec, environ: Mapping[str, str]) -> Named | None:
    """Those that the provider knows before it is entered; None: it knows none."""
    instances = known_instances(spec, _Told(environ))
    if instances is None:
        return None
    instances = [instance for instance in instances if instance.urls]
    named = Named([_without_unset(instance) for instance in instances])
    places = [
        (Place(site, url, named.name_of(instance)), variables)
        for instance in instances
        for site, url in instance.urls.items()
        if (variables := list(_unset_of(instance, site)))
    ]
    findings = [
        place.failure(
            VARIABLES,
            f"environment variable {', '.join(variables)} is not set",
            f"export {' '.join(f'{name}=...' for name in variables)}",
        )
        for place, variables in places
    ]
    return Named(named.instances, [*findings, *_hidden(named, environ)])


def _hidden(named: Named, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Of variables that somebody has set in vain: following a remedy would change nothing."""
    for instance in named.instances:
        for site, url in instance.urls.items():
            plain, winner = site.upper(), f"WA_{site.upper()}"
            vain = environ.get(plain, "")
            if vain and environ.get(winner, "").rstrip("/") == url.rstrip("/") != vain.rstrip("/"):
                place = Place(site, url, named.name_of(instance))
                found = f"{plain} is {vain}, and {winner}, which wins over it, is {url}"
                yield place.warning(VARIABLES, found, f"unset {winner}, or give both the same URL")


class _Told(Mapping[str, str]):
    """Environment variables, of which those that are not set have a value that says so."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        return self._environ.get(name) or f"{_UNSET}{name}"

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


def _unset_of(instance: Instance, site: str) -> Iterator[str]:
    values = [*instance.credentials.get(site, ()), *instance.headers.get(site, {}).values()]
    yield from dict.fromkeys(value.partition(_UNSET)[2] for value in values if _UNSET in value)


def _without_unset(instance: Instance) -> Instance:
    def is_set(values: Sequence[str]) -> bool:
        return not any(_UNSET in value for value in values)

    credentials = {site: account for site, account in instance.credentials.items() if is_set(account)}
    headers = {site: named for site, named in instance.headers.items() if is_set(list(named.values()))}
    return replace(instance, credentials=credentials, headers=headers)
