"""Read and write leases on shared sites."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from playwright.async_api import BrowserContext

from tests.support.shared_sites import shared_sites
from webarena_runner.errors import LoginError, SiteError
from webarena_runner.interfaces import SiteLease
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.sites.shared import SharedSites

URLS = {site: f"http://{site}.example" for site in ("shopping", "reddit", "gitlab", "wikipedia", "homepage")}


@asynccontextmanager
async def no_context() -> AsyncIterator[BrowserContext]:
    pytest.fail("nothing here logs in")
    yield


@pytest.fixture
def sites() -> SharedSites:
    return shared_sites(URLS, more_urls=("http://tiles.example",), new_context=no_context)


def lease(sites: SharedSites, *names: str, writes: bool) -> AbstractAsyncContextManager[SiteLease]:
    return sites.lease(names, login_sites=(), writes=writes)


async def waits(leasing: AbstractAsyncContextManager[SiteLease]) -> bool:
    """Whether a lease is still waited for once everything that can run has run."""

    async def take() -> None:
        async with leasing:
            pass

    taking = asyncio.create_task(take())
    for _ in range(10):
        await asyncio.sleep(0)
    if taking.done():
        return False
    taking.cancel()
    await asyncio.wait([taking])
    return True


async def test_readers_share_a_site(sites: SharedSites) -> None:
    async with lease(sites, "shopping", writes=False):
        assert not await waits(lease(sites, "shopping", writes=False))


async def test_a_writer_has_its_site_alone(sites: SharedSites) -> None:
    async with lease(sites, "shopping", writes=True):
        assert await waits(lease(sites, "shopping", writes=False))
        assert await waits(lease(sites, "shopping", writes=True))
        assert not await waits(lease(sites, "reddit", writes=True))


async def test_a_writer_waits_for_readers(sites: SharedSites) -> None:
    async with lease(sites, "gitlab", writes=False):
        assert await waits(lease(sites, "gitlab", writes=True))
    assert not await waits(lease(sites, "gitlab", writes=True))


async def test_a_waiting_writer_is_not_overtaken_by_readers_that_come_after_another_has_ended(
    sites: SharedSites,
) -> None:
    order: list[str] = []

    async def take(name: str, *, writes: bool) -> None:
        async with lease(sites, "reddit", writes=writes):
            order.append(name)

    async with asyncio.TaskGroup() as group, lease(sites, "reddit", writes=False):
        group.create_task(take("writer", writes=True))
        await asyncio.sleep(0)
        group.create_task(take("reader beside the first", writes=False))
        await asyncio.sleep(0)
        group.create_task(take("late reader", writes=False))
        await asyncio.sleep(0)
        assert order == ["reader beside the first"]
    assert order == ["reader beside the first", "writer", "late reader"]


async def test_a_cancelled_wait_lets_the_others_go_on(sites: SharedSites) -> None:
    async with lease(sites, "reddit", writes=False):
        assert await waits(lease(sites, "reddit", writes=True))
        assert not await waits(lease(sites, "reddit", writes=False))


async def test_leases_on_several_sites_do_not_lock_each_other_out(sites: SharedSites) -> None:
    async def take(*names: str) -> None:
        for _ in range(20):
            async with lease(sites, *names, writes=True):
                await asyncio.sleep(0)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(take("reddit", "gitlab"))
        group.create_task(take("gitlab", "reddit"))
        group.create_task(take("shopping", "gitlab", "reddit"))


async def test_nobody_writes_to_the_encyclopedia(sites: SharedSites) -> None:
    async with lease(sites, "wikipedia", writes=True):
        assert not await waits(lease(sites, "wikipedia", writes=True))


async def test_a_lease_carries_what_its_task_needs_and_the_home_page_and_no_more(sites: SharedSites) -> None:
    async with lease(sites, "reddit", writes=False) as granted:
        assert granted.urls == {site: URLS[site] for site in ("reddit", "homepage")}
        assert granted.credentials == {"reddit": OFFICIAL_ACCOUNTS["reddit"]}
        assert granted.more_urls == ("http://tiles.example",)
        assert granted.storage_state is None


async def test_the_account_that_the_shops_rest_interface_takes_comes_with_the_shop(sites: SharedSites) -> None:
    async with lease(sites, "shopping", writes=False) as granted:
        assert set(granted.credentials) == {"shopping", "shopping_admin"}


async def test_a_lease_keeps_passwords_out_of_messages(sites: SharedSites) -> None:
    async with lease(sites, "reddit", writes=False) as granted:
        assert OFFICIAL_ACCOUNTS["reddit"][1] not in repr(granted)


async def test_nobody_waits_for_the_home_page(sites: SharedSites) -> None:
    async with lease(sites, "shopping", writes=True):
        assert not await waits(lease(sites, "reddit", writes=True))


async def test_a_site_without_url_is_an_error_that_says_how_to_give_it(sites: SharedSites) -> None:
    with pytest.raises(SiteError, match="no URL for map; export MAP="):
        async with lease(sites, "map", writes=False):
            pass


async def test_a_site_without_a_log_in_cannot_be_logged_in_to(sites: SharedSites) -> None:
    with pytest.raises(LoginError, match="wikipedia: there is no log-in"):
        async with sites.lease(["wikipedia"], login_sites=["wikipedia"], writes=False):
            pass
    assert not await waits(lease(sites, "wikipedia", writes=True))
