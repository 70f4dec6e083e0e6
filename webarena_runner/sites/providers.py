"""The provider that settings name: its options, the object that a run uses, and which sites it lacks."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from webarena_runner import registry
from webarena_runner.errors import ConfigError, LoginError
from webarena_runner.interfaces import NewContext, SiteEvent, SiteProvider, SiteSetup, ignore_site_event
from webarena_runner.official.sites import in_order, sites_needed
from webarena_runner.settings.options import plug_in_options
from webarena_runner.settings.records import OutageSettings, SitesSpec
from webarena_runner.settings.resetting import NO_RESETS, Resetting
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.watch import Watch
from webarena_runner.types import Task

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext


def build_provider(
    spec: SitesSpec,
    environ: Mapping[str, str],
    *,
    new_context: NewContext,
    outages: OutageSettings | None = None,
    resetting: Resetting = NO_RESETS,
    on_event: Callable[[SiteEvent], None] = ignore_site_event,
) -> SiteProvider:
    """Nothing is started before the provider is entered; what is optional is as in `SiteSetup`.

    Raises:
        ConfigError: no such provider, or options that it cannot be built with.
    """
    provider, options = _provider(spec)
    built: SiteProvider = provider.build(
        SiteSetup(options, new_context, environ, outages or OutageSettings(), resetting, on_event)
    )
    return built


async def prepare_sites(
    spec: SitesSpec, environ: Mapping[str, str], *, sites: Sequence[str], watch: Watch
) -> Sequence[tuple[str, str]]:
    """Before a run with these sites: has the provider bring them up, where it does such things.

    Returns those that are as new, each by its instance and name.

    Raises:
        ConfigError: they cannot be.
        SiteError: some did not come up.
    """
    provider, options = _provider(spec)
    if not hasattr(provider, "prepare"):
        return ()
    return tuple(await provider.prepare(options, environ, sites=sites, watch=watch))


async def provider_states(spec: SitesSpec, environ: Mapping[str, str]) -> Mapping[str, Any]:
    """A `probes.findings.Finding` by the URL of its site, of providers whose sites run in what they make."""
    provider, options = _provider(spec)
    found: Mapping[str, Any] = await provider.states(options, environ) if hasattr(provider, "states") else {}
    return found


def instances_of_provider(spec: SitesSpec, environ: Mapping[str, str]) -> Sequence[Instance]:
    """The copies of the sites that a provider shares among episodes; nothing is started.

    Raises:
        ConfigError: it cannot be built, or it shares none.
    """
    instances = known_instances(spec, environ)
    if instances is not None:
        return instances
    why = "each episode has fresh ones" if gives_fresh(spec) else "the provider does not say which it has"
    raise ConfigError(f"provider '{spec.provider}' has no sites that can be reset: {why}")


def known_instances(spec: SitesSpec, environ: Mapping[str, str]) -> Sequence[Instance] | None:
    """As `instances_of_provider`, None when it shares none."""
    provider = build_provider(spec, environ, new_context=no_browser)
    return tuple(provider.instances) if hasattr(provider, "instances") else None


def no_browser(
    urls: Sequence[str] | None = None, *, headers: Mapping[str, Mapping[str, str]] | None = None
) -> AbstractAsyncContextManager["BrowserContext"]:
    """For providers that nobody leases sites of which are to be logged in to."""
    raise LoginError("nothing is to be logged in to, so no browser was started for it")


def served_sites(spec: SitesSpec) -> frozenset[str]:
    """Official names of the sites that the provider has with its options."""
    provider, options = _provider(spec)
    served: frozenset[str] = provider.serves(options)
    return served


def missing_sites(spec: SitesSpec, tasks: Iterable[Task]) -> Mapping[str, int]:
    """How many of the tasks need each site that the provider does not serve."""
    served = served_sites(spec)
    return Counter(site for task in tasks for site in sites_needed(task) if site not in served)


def require_sites(spec: SitesSpec, tasks: Iterable[Task]) -> None:
    """Raises ConfigError when the provider does not serve all sites of the tasks; it says which, and what to do."""
    chosen = list(tasks)
    missing = missing_sites(spec, chosen)
    if not missing:
        _require_together(spec, chosen)
        return
    provider, _ = _provider(spec)
    if hasattr(provider, "lacking"):
        raise ConfigError(provider.lacking(missing, len(chosen)))
    listed = "\n".join(f"  {site}: {count} of {len(chosen)} tasks" for site, count in missing.items())
    served = ", ".join(sorted(served_sites(spec))) or "none"
    raise ConfigError(
        f"{len(missing)} site(s) that the chosen tasks need are not there:\n{listed}\n"
        f"Provider '{spec.provider}' serves {served}; choose others with --sites, or tasks without these sites, "
        f"e.g. --tasks '... & !site:{next(iter(missing))}'"
    )


def _require_together(spec: SitesSpec, tasks: Sequence[Task]) -> None:
    copies = site_copies(spec)
    wanted = Counter(frozenset(sites_needed(task)) for task in tasks)
    apart = {sites: count for sites, count in wanted.items() if copies and not any(sites <= copy for copy in copies)}
    if apart:
        listed = "\n".join(f"  {' and '.join(in_order(sites))}: {count} tasks" for sites, count in apart.items())
        raise ConfigError(
            f"{sum(apart.values())} of {len(tasks)} tasks need sites that no instance has together:\n{listed}\n"
            "A task has all its sites from one instance; give one the URLs that it lacks, or choose other tasks"
        )


def site_copies(spec: SitesSpec) -> Sequence[frozenset[str]]:
    """The sites of each copy that episodes share; none where each episode has its own, or the provider does not say."""
    provider, options = _provider(spec)
    return tuple(provider.copies(options)) if hasattr(provider, "copies") else ()


def known_urls(spec: SitesSpec, sites: Iterable[str]) -> list[str] | None:
    """What an episode with these sites will reach, as far as it is known before one; None: the provider cannot say."""
    provider, options = _provider(spec)
    return list(provider.addresses(options, list(sites))) if hasattr(provider, "addresses") else None


def gives_fresh(spec: SitesSpec) -> bool:
    """Whether every episode has sites that nothing was done to before."""
    return bool(getattr(_provider(spec)[0], "fresh", False))


def _provider(spec: SitesSpec) -> tuple[Any, Any]:
    """The provider's class and its options."""
    provider = registry.load("sites", spec.provider)
    where = {"": f"options of sites provider '{spec.provider}'"}
    return provider, plug_in_options(provider.Options, spec.options, where)
