"""Whether sites answer, how fast, and whether their log-in pages are there."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from webarena_runner.errors import SiteError
from webarena_runner.inside import send
from webarena_runner.official.sites import LOGIN_FORMS, in_order
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.providers import build_provider, no_browser, served_sites


@dataclass(frozen=True)
class SiteHealth:
    """One request to a site's start page; `problem` is "" when it is fine.

    `login` is the status of the log-in page, None where the site has none or did not answer.
    """

    site: str
    url: str
    status: int | None
    elapsed_ms: float
    login: int | None
    problem: str


async def check_provider(spec: SitesSpec, environ: Mapping[str, str], *, limit_s: float = 10) -> Sequence[SiteHealth]:
    """Leases all sites that a provider serves, without logging in to them, and asks them; empty when it serves none.

    Raises:
        ConfigError: the provider cannot be built with these options and variables.
        SiteError: it cannot start its sites.
    """
    served = in_order(served_sites(spec))
    if not served:
        return ()
    async with (
        build_provider(spec, environ, new_context=no_browser) as sites,
        sites.lease(served, login_sites=(), writes=False) as lease,
    ):
        return await check_sites(lease.urls, limit_s=limit_s)


async def check_sites(urls: Mapping[str, str], *, limit_s: float = 10) -> Sequence[SiteHealth]:
    """Asks all sites at once, in the given order; a site is healthy when its start page answers below 400.

    `limit_s` is for all that a site is asked, and a redirect to another host is a problem.
    """
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
        async with asyncio.TaskGroup() as group:
            jobs = [group.create_task(_check(client, site, url, limit_s)) for site, url in urls.items()]
        return [job.result() for job in jobs]


async def _check(client: httpx.AsyncClient, site: str, url: str, limit_s: float) -> SiteHealth:
    begin = time.perf_counter()
    try:
        async with asyncio.timeout(limit_s):
            status = await _status(client, url)
            elapsed_ms = (time.perf_counter() - begin) * 1000
            form = LOGIN_FORMS.get(site)
            login = await _status(client, url + form.path) if form and status < 400 else None
    except TimeoutError:
        return SiteHealth(site, url, None, limit_s * 1000, None, f"no answer within {limit_s:g} s")
    except (SiteError, httpx.InvalidURL) as error:
        return SiteHealth(site, url, None, (time.perf_counter() - begin) * 1000, None, str(error))
    problem = f"start page answers {status}" if status >= 400 else ""
    if login is not None and login >= 400:
        problem = f"log-in page answers {login}"
    return SiteHealth(site, url, status, elapsed_ms, login, problem)


async def _status(client: httpx.AsyncClient, url: str) -> int:
    return (await send(client, client.build_request("GET", url), limit_s=None)).status_code
