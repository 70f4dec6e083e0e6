"""One pool for the workers of several nodes, asked by plain values; no site is opened."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import StorageState

from tests.support.shared_sites import shared_sites
from webarena_runner.running.cluster.shared_sites import HostedSites
from webarena_runner.sites.allocation import Request
from webarena_runner.sites.circuits import Fault
from webarena_runner.sites.login import SignedIn
from webarena_runner.sites.providers import no_browser
from webarena_runner.sites.shared import SharedSites

LIMIT_S = 20
READS, WRITES = Request(("reddit",)), Request(("reddit",), writes=True)


@pytest.fixture
def sites() -> SharedSites:
    return shared_sites({"reddit": "http://127.0.0.1:9"}, new_context=no_browser)


@pytest_asyncio.fixture
async def hosted(sites: SharedSites) -> AsyncIterator[HostedSites]:
    async with sites, HostedSites(sites, free=False) as found:
        yield found


async def test_what_may_start_is_given_by_its_place_in_the_queue_and_no_more_than_there_is_room_for(
    hosted: HostedSites,
) -> None:
    first = await hosted.look([READS, WRITES, READS, READS], 2)
    assert [(place, each.instance, each.writes) for place, each in first.items()] == [(0, "1", False), (2, "1", False)]
    assert await hosted.look([WRITES], 1) == {}, "readers are there"


async def test_who_waits_hears_of_a_change_also_of_one_before_it_asked(hosted: HostedSites) -> None:
    (granted,) = (await hosted.look([WRITES], 1)).values()
    before = await asyncio.wait_for(hosted.changed(-1), LIMIT_S)
    waiting = asyncio.create_task(hosted.changed(before))
    await asyncio.sleep(0)
    await hosted.release(granted.number)
    assert await asyncio.wait_for(waiting, LIMIT_S) > before
    assert len(await hosted.look([WRITES], 1)) == 1


async def test_sites_of_a_lost_node_are_given_to_others_and_who_comes_back_must_not_go_on(hosted: HostedSites) -> None:
    (lost,) = (await hosted.look([WRITES], 1)).values()
    await hosted.begin(lost.number)
    version = await hosted.changed(-1)
    await hosted.forfeit(lost.number, 0.0)
    await asyncio.wait_for(hosted.changed(version), LIMIT_S)
    assert len(await hosted.look([WRITES], 1)) == 1
    assert (await hosted.told([lost.number]))[lost.number][1] == "its sites were given to another episode"
    assert await hosted.left(lost.number, Fault("late", is_of_site=True, is_doubtful=True), ((), ()), "") == ()
    assert await hosted.release(lost.number) == ()


async def test_a_reader_is_told_that_another_one_has_written(hosted: HostedSites) -> None:
    one, other = (await hosted.look([READS, READS], 2)).values()
    await hosted.wrote(one.number, "reddit")
    assert (await hosted.told([other.number]))[other.number] == (("reddit",), "")
    assert await hosted.release(other.number) == ("reddit",)


async def test_log_ins_before_a_reset_are_known_to_be_over(hosted: HostedSites, sites: SharedSites) -> None:
    (before,) = (await hosted.look([READS], 1)).values()
    sites.forget_sessions("1", "reddit")
    (after,) = (await hosted.look([READS], 1)).values()
    assert (before.renewals, after.renewals) == ({"reddit": 0}, {"reddit": 1})


async def test_workers_take_turns_with_the_only_session_of_an_account(hosted: HostedSites) -> None:
    assert await hosted.borrow_login("1", "reddit") is None
    second = asyncio.create_task(hosted.borrow_login("1", "reddit"))
    await asyncio.sleep(0)
    assert not second.done()
    session = SignedIn(StorageState(cookies=[], origins=[]), "Chromium")
    await hosted.return_login("1", "reddit", session)
    assert await asyncio.wait_for(second, LIMIT_S) == session
    await hosted.return_login("1", "reddit", None)
    assert await hosted.borrow_login("1", "reddit") == session


async def test_what_no_copy_has_will_never_start(hosted: HostedSites) -> None:
    assert await hosted.stuck([Request(("gitlab",))]) == "no instance has all of gitlab"
    assert await hosted.stuck([Request(("gitlab",)), READS]) == ""
