"""The embedded sites as a run's episodes get them: leases from a process of its own."""

import asyncio
import os
import signal
import subprocess

import httpx
import pytest

from webarena_mini.catalog import MODULES
from webarena_runner.errors import SitesGone
from webarena_runner.official.sites import LOGIN_FORMS, in_order
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.embedded import EmbeddedSites
from webarena_runner.sites.probes.examine import glance
from webarena_runner.sites.probes.findings import Level
from webarena_runner.sites.probes.instances import named_instances
from webarena_runner.sites.providers import no_browser


async def test_a_lease_has_its_sites_logged_in_and_the_home_page_that_lists_them() -> None:
    async with EmbeddedSites() as sites:
        async with sites.lease(["homepage", "reddit"], login_sites=["reddit"], writes=True) as lease:
            assert set(lease.urls) == {"homepage", "reddit"}
        async with sites.lease(["reddit"], login_sites=["reddit"], writes=True) as lease:
            assert set(lease.urls) == {"homepage", "reddit"}
            assert set(lease.credentials) == {"reddit"}
            cookies = {each["name"]: each["value"] for each in (lease.storage_state or {})["cookies"]}
            async with httpx.AsyncClient(trust_env=False, cookies=cookies) as visitor:
                assert lease.urls["reddit"] in (await visitor.get(lease.urls["homepage"])).text
                assert "MarvelsGrantMan136" in (await visitor.get(lease.urls["reddit"])).text


async def test_all_of_them_are_healthy() -> None:
    async with named_instances(SitesSpec(provider="embedded"), {}, new_context=no_browser) as named:
        seen = await glance(named, new_context=None, limit_s=30)
    assert [place.site for place, _ in seen] == in_order(MODULES)
    assert {place.site: found for place, found in seen if {each.level for each in found} != {Level.OK}} == {}
    assert {each.site for _, found in seen for each in found if each.check == "log-in page"} == set(LOGIN_FORMS)


async def test_sites_that_are_killed_end_what_is_played_on_them_at_once_and_are_started_again() -> None:
    async with EmbeddedSites() as sites:
        with pytest.raises(SitesGone, match="ended with code -9; it is started afresh"):
            await wait_on(sites)
        async with (
            sites.lease(["reddit"], login_sites=[], writes=True) as lease,
            httpx.AsyncClient(trust_env=False) as visitor,
        ):
            assert (await visitor.get(lease.urls["reddit"])).status_code == 200
    assert sites_processes() == []


async def wait_on(sites: EmbeddedSites) -> None:
    """Holds a lease of sites that are killed meanwhile."""
    async with asyncio.timeout(5), sites.lease(["reddit"], login_sites=[], writes=True):
        for pid in sites_processes():
            os.kill(pid, signal.SIGKILL)
        await asyncio.Event().wait()


def sites_processes() -> list[int]:
    listed = subprocess.run(["ps", "-wweo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    ours = (line.split(None, 2) for line in listed.splitlines() if "webarena_mini.server" in line)
    return [int(pid) for pid, parent, _ in ours if int(parent) == os.getpid()]
