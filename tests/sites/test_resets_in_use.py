"""When shared sites are reset while episodes use them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from playwright.async_api import BrowserContext

from tests.support.local_site import Site, serve
from webarena_runner.errors import SiteError, StoreError
from webarena_runner.interfaces import ResetBegun, SiteEvent, SiteLease
from webarena_runner.settings.resetting import NO_RESETS, Resetting
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.resets import carrying_out
from webarena_runner.sites.shared import SharedSites
from webarena_runner.types import SiteReset

AFTER_WRITE = Resetting("after-write")


class Way:
    """A way to reset that waits until it may end."""

    limit_s = 5.0
    sites = frozenset({"shopping", "gitlab", "map"})

    def __init__(self, *, whole: bool = False, fault: str = "") -> None:
        self.whole = whole
        self.asked: list[list[str]] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self._fault = fault

    async def reset(self, sites: Sequence[str]) -> None:
        self.asked.append(list(sites))
        await self.may_end.wait()
        if self._fault:
            raise SiteError(self._fault)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(carrying_out, "TRY_AGAIN_AFTER_S", 0.01)
    with serve() as found:
        for path in ("/", "/customer/account/login/", "/users/sign_in"):
            found.page(path, "<p>Here")
        yield found


@asynccontextmanager
async def no_context(urls: Sequence[str] | None = None) -> AsyncIterator[BrowserContext]:
    pytest.fail("nothing here logs in")
    yield


def shared(
    site: Site, *ways: Way, resetting: Resetting = AFTER_WRITE, events: list[SiteEvent] | None = None
) -> SharedSites:
    urls = dict.fromkeys(("shopping", "gitlab", "map"), site.url)
    instances = [Instance(str(number), urls, resetter=way) for number, way in enumerate(ways, 1)]
    heard = [] if events is None else events
    return SharedSites(instances, label="static", new_context=no_context, resetting=resetting, on_event=heard.append)


def lease(sites: SharedSites, *names: str, writes: bool = False) -> AbstractAsyncContextManager[SiteLease]:
    return sites.lease(names, login_sites=(), writes=writes)


async def use(sites: SharedSites, *names: str, writes: bool = False) -> str:
    """Which instance it was."""
    async with lease(sites, *names, writes=writes) as leased:
        return leased.label


async def until_asked(way: Way, times: int) -> None:
    async with asyncio.timeout(20):
        while len(way.asked) < times:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_a_site_is_reset_before_its_first_task_and_after_each_that_may_have_written(site: Site) -> None:
    way, events = Way(), list[SiteEvent]()
    async with shared(site, way, events=events) as sites:
        for writes in (False, False, True, False, True):
            await use(sites, "shopping", writes=writes)
    assert way.asked == [["shopping"]] * 2
    assert [(type(event), event.sites, event.why) for event in events] == [
        (ResetBegun, ("shopping",), "before the run"),
        (SiteReset, ("shopping",), "before the run"),
        (ResetBegun, ("shopping",), "shopping written to"),
        (SiteReset, ("shopping",), "shopping written to"),
    ]


@pytest.mark.parametrize(
    ("policy", "times"),
    [("never", 0), ("before-run", 1), ("per-task", 5), ("after-write", 2), ("every:2", 3)],
)
async def test_how_often_each_policy_resets(site: Site, policy: str, times: int) -> None:
    way = Way()
    async with shared(site, way, resetting=Resetting(policy)) as sites:
        for writes in (False, False, True, False, False):
            await use(sites, "shopping", writes=writes)
    assert len(way.asked) == times


async def test_a_run_that_goes_on_resets_nothing_before_it(site: Site) -> None:
    way = Way()
    async with shared(site, way, resetting=Resetting(None, at_start=False)) as sites:
        await use(sites, "shopping", writes=True)
    assert way.asked == []


async def test_who_only_looks_at_the_sites_resets_nothing(site: Site) -> None:
    way = Way()
    async with shared(site, way, resetting=NO_RESETS) as sites:
        await use(sites, "shopping", writes=True)
    assert way.asked == []


async def test_what_was_seen_to_be_written_counts_as_a_write(site: Site) -> None:
    way = Way()
    async with shared(site, way) as sites:
        async with lease(sites, "shopping") as leased:
            leased.on_write("shopping")
        await use(sites, "shopping")
    assert way.asked == [["shopping"]] * 2


async def test_a_reset_of_all_sites_waits_for_whoever_reads_one_of_them(site: Site) -> None:
    way = Way(whole=True)
    async with shared(site, way) as sites:
        await use(sites, "shopping", writes=True)
        async with lease(sites, "map"):
            waiting = asyncio.create_task(use(sites, "shopping"))
            for _ in range(20):
                await asyncio.sleep(0.01)
            assert (len(way.asked), waiting.done()) == (1, False)
        await waiting
    assert way.asked == [["shopping", "gitlab", "map"]] * 2


async def test_nobody_begins_on_an_instance_that_is_being_reset_as_a_whole(site: Site) -> None:
    way = Way(whole=True)
    async with shared(site, way) as sites:
        await use(sites, "shopping", writes=True)
        way.may_end.clear()
        writer = asyncio.create_task(use(sites, "shopping", writes=True))
        await until_asked(way, 2)
        reader = asyncio.create_task(use(sites, "map"))
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert not reader.done()
        way.may_end.set()
        await asyncio.gather(writer, reader)


async def test_a_site_that_is_reset_alone_leaves_the_others_in_use(site: Site) -> None:
    way = Way()
    async with shared(site, way) as sites:
        await use(sites, "shopping", writes=True)
        async with lease(sites, "map"), lease(sites, "gitlab"):
            await use(sites, "shopping")
    assert way.asked.count(["shopping"]) == 2


async def test_an_instance_that_cannot_be_reset_is_left_to_the_others(site: Site) -> None:
    bad, good = Way(fault="disk full"), Way()
    async with shared(site, bad, good) as sites:
        used = [await use(sites, "shopping", writes=True) for _ in range(4)]
    assert set(used) == {"static#2"}
    assert len(bad.asked) <= carrying_out.TRIES


async def test_what_ends_the_run_in_a_reset_ends_who_waits_for_it(site: Site) -> None:
    def no_room(event: SiteEvent) -> None:
        raise StoreError("no space left")

    urls = {"shopping": site.url}
    async with SharedSites(
        [Instance("1", urls, resetter=Way())],
        label="static",
        new_context=no_context,
        resetting=AFTER_WRITE,
        on_event=no_room,
    ) as sites:
        with pytest.raises(StoreError, match="no space left"):
            await use(sites, "shopping")


async def test_when_no_instance_can_be_reset_it_is_told_why(site: Site) -> None:
    async with shared(site, Way(fault="disk full")) as sites:
        with pytest.raises(SiteError, match="shopping of instance 1: it could not be reset: disk full"):
            await use(sites, "shopping")


async def test_several_instances_are_reset_side_by_side(site: Site) -> None:
    ways = Way(), Way()
    for way in ways:
        way.may_end.clear()
    async with shared(site, *ways) as sites:
        waiting = [asyncio.create_task(use(sites, "shopping", writes=True)) for _ in ways]
        for way in ways:
            await until_asked(way, 1)
        for way in ways:
            way.may_end.set()
        assert len(await asyncio.gather(*waiting)) == 2


async def test_a_site_that_is_as_new_is_not_reset_before_its_first_task(site: Site) -> None:
    way = Way()
    async with shared(site, way, resetting=Resetting("after-write", as_new=(("1", "shopping"),))) as sites:
        await use(sites, "shopping", writes=True)
        await use(sites, "gitlab")
        assert way.asked == [["gitlab"]]
        await use(sites, "shopping")
    assert way.asked == [["gitlab"], ["shopping"]]
