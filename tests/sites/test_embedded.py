"""The embedded sites as a run's episodes get them: leases from a process of its own."""

import httpx

from webarena_mini.catalog import MODULES
from webarena_runner.official.sites import LOGIN_FORMS, in_order
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.embedded import EmbeddedSites
from webarena_runner.sites.health import check_provider


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
    checked = await check_provider(SitesSpec(provider="embedded"), {}, limit_s=30)
    assert [health.site for health in checked] == in_order(MODULES)
    assert {health.site: health.problem for health in checked if health.problem} == {}
    assert {health.site for health in checked if health.login == 200} == set(LOGIN_FORMS)
