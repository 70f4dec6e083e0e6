"""All sites of all instances probed side by side, under one limit."""

import asyncio
from collections.abc import Sequence

from webarena_runner.errors import BrowserError
from webarena_runner.interfaces import NewContext
from webarena_runner.official.sites import LOGIN_FORMS, LoginForm, in_order
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.probes.findings import Finding, Place, as_warning
from webarena_runner.sites.probes.instances import Named
from webarena_runner.sites.probes.quick import probe_site
from webarena_runner.sites.probes.site import STEPS, Probe
from webarena_runner.sites.probes.wanted import Wanted

# More pages at once only make each of them slower.
AT_ONCE = 4
# A browser context opens and closes in milliseconds, and in seconds on a machine that is busy.
OPENING_S = 10.0
WHOLE = "limit"


async def examine(
    named: Named, wanted: Wanted, *, new_context: NewContext, limit_s: float, thorough: bool = True
) -> Sequence[Finding]:
    """What is found, instance by instance in the order of the sites; `limit_s` is for each check.

    `thorough` False leaves out what only shows when a site is asked several times, and log-ins that no task needs.
    """
    turn = asyncio.Semaphore(AT_ONCE)

    async def probed(probe: Probe) -> Sequence[Finding]:
        async with turn:
            return await _within(STEPS * limit_s + OPENING_S, probe)

    probes = [
        Probe(instance, site, wanted, new_context, limit_s, name=named.name_of(instance), thorough=thorough)
        for instance in named.instances
        for site in in_order(instance.urls)
    ]
    async with asyncio.TaskGroup() as group:
        jobs = [group.create_task(probed(probe)) for probe in probes]
    told = [finding if wanted.has(finding.site) else as_warning(finding) for finding in named.findings]
    return [*told, *(finding for job in jobs for finding in job.result())]


async def glance(
    named: Named, *, new_context: NewContext | None, limit_s: float
) -> Sequence[tuple[Place, Sequence[Finding]]]:
    """The cheap probe of each site, without logging in."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def probed(instance: Instance, site: str) -> Sequence[Finding]:
        async with turn:
            return await probe_site(
                site,
                instance.urls[site],
                limit_s=limit_s,
                instance=named.name_of(instance),
                headers=instance.headers.get(site),
                more_urls=instance.more_urls,
                form=own_form(instance, site),
                new_context=new_context,
            )

    async with asyncio.TaskGroup() as group:
        jobs = {
            Place(site, instance.urls[site], named.name_of(instance)): group.create_task(probed(instance, site))
            for instance in named.instances
            for site in in_order(instance.urls)
        }
    return [(place, job.result()) for place, job in jobs.items()]


def own_form(instance: Instance, site: str) -> LoginForm | None:
    """The log-in form of another application than the official one; None: it is the official one."""
    form = instance.logins.get(site)
    return None if form is LOGIN_FORMS.get(site) else form


async def _within(limit_s: float, probe: Probe) -> Sequence[Finding]:
    place, limit = Place(probe.site, probe.instance.urls[probe.site], probe.name), asyncio.timeout(limit_s)
    try:
        async with limit:
            return await probe.findings()
    except BrowserError as error:
        return [place.failure("browser", str(error), "try again, with fewer things running beside it")]
    except TimeoutError:
        if not limit.expired():
            raise
        found = f"{place.url}: its checks were not done within {limit_s:g} s"
        return [place.failure(WHOLE, found, "give more time with --limit, or see why it is so slow")]
