"""What shared sites make of a site that goes away: leases on real servers that stop and come back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext

from tests.support.local_site import Site, serve
from webarena_runner.errors import EpisodeError, LoginError, ModelError, SiteAway, SiteError, StoreError
from webarena_runner.interfaces import SiteEvent, SiteLease
from webarena_runner.interfaces.watching import Document
from webarena_runner.settings.records import OutageSettings
from webarena_runner.settings.resetting import Resetting
from webarena_runner.sites.allocation import Request
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.shared import SharedSites

QUICK: dict[str, Any] = {"pause_s": 0.05, "longest_pause_s": 0.05, "ask_limit_s": 2}
FORUM = Request(("reddit",))


@asynccontextmanager
async def no_context() -> AsyncIterator[BrowserContext]:
    pytest.fail("nothing here logs in")
    yield


class Server:
    """A site that can be stopped and started again on its port."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self.port = 0
        self.start()

    def start(self) -> None:
        site: Site = self._running.enter_context(serve(self.port))
        site.page("/", "<h1>Forum</h1>")
        site.page("/login", "<h1>Log in</h1>")
        self.url, self.port = site.url, urlsplit(site.url).port or 0

    def stop(self) -> None:
        self._running.close()


@contextmanager
def servers(count: int) -> Iterator[list[Server]]:
    started = [Server() for _ in range(count)]
    try:
        yield started
    finally:
        for server in started:
            server.stop()


def shared(running: Sequence[Server], **outages: Any) -> SharedSites:
    instances = [Instance(str(number), {"reddit": server.url}) for number, server in enumerate(running, 1)]
    return SharedSites(
        instances, label="static", new_context=no_context, outages=OutageSettings(**{**QUICK, **outages})
    )


async def use(sites: SharedSites, *, ends: Callable[[SiteLease], EpisodeError | None] | None = None) -> str:
    """Instance of a lease in which the start page was there, or `ends` said what went wrong."""
    async with sites.lease(("reddit",), login_sites=(), writes=False) as lease:
        error = ends(lease) if ends else None
        if error is not None:
            raise error
        lease.watch.good.append(Document(lease.urls["reddit"] + "/", 200, latency_s=0.1))
        return lease.label


def loses(lease: SiteLease) -> EpisodeError:
    """What an episode sees whose site went away."""
    url = lease.urls["reddit"] + "/"
    lease.watch.failed.append(Document(url, error="net::ERR_CONNECTION_REFUSED"))
    lease.watch.blamed = url
    return SiteError(f"a site of this task went away: {url}")


async def until(sites: SharedSites, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await sites.pool.changed()


async def test_a_site_that_is_gone_is_paused_and_used_again_once_one_episode_went_well(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with servers(1) as (server,):
        async with shared([server]) as sites:
            server.stop()
            with pytest.raises(SiteAway, match="went away") as raised:
                await use(sites, ends=loses)
            assert raised.value.away == ("reddit of instance 1",)
            assert not sites.pool.ready(FORUM)
            server.start()
            await until(sites, lambda: sites.pool.ready(FORUM))
            async with sites.lease(("reddit",), login_sites=(), writes=False):
                assert not sites.pool.ready(FORUM), "one episode tries it"
            await use(sites)
            assert sites.pool.ready(FORUM)
    told = [record.message for record in caplog.records if record.message.startswith("reddit of instance 1: ")]
    assert "paused, asked again in 0 s: a site of this task went away" in told[0]
    assert "it answers again after" in told[-2]
    assert "any number of episodes: it was down for" in told[-1]


async def test_the_other_instance_goes_on() -> None:
    with servers(2) as (first, second):
        async with shared([first, second], pause_s=60) as sites:
            first.stop()
            outcomes = [await _outcome(sites, {"1": loses}) for _ in range(4)]
            assert outcomes.count("away") == 1
            assert sites.pool.ready(FORUM)
            assert {await use(sites) for _ in range(3)} == {"static#2"}


async def _outcome(sites: SharedSites, ends: dict[str, Callable[[SiteLease], EpisodeError]]) -> str:
    def end(lease: SiteLease) -> EpisodeError | None:
        at = ends.get(lease.label.partition("#")[2])
        return at(lease) if at else None

    try:
        return await use(sites, ends=end)
    except SiteAway:
        return "away"


async def test_an_episode_that_is_on_the_site_when_it_goes_away_is_told_that_it_must_not_go_on() -> None:
    with servers(1) as (server,):
        async with shared([server]) as sites, sites.lease(("reddit",), login_sites=(), writes=False) as lease:
            server.stop()
            with pytest.raises(SiteAway):
                await use(sites, ends=loses)
            assert lease.watch.lost.startswith("reddit of instance 1 is down: a site of this task went away")


@pytest.mark.parametrize("error", [SiteError("5xx"), LoginError("not done within 60 s")], ids=["site", "login"])
async def test_what_may_be_due_to_an_outage_has_the_site_asked(error: EpisodeError) -> None:
    with servers(1) as (server,):
        async with shared([server], pause_s=60) as sites:
            with pytest.raises(type(error), match=str(error)):
                await use(sites, ends=lambda _: error)
            assert sites.pool.ready(FORUM), "it is there"
            server.stop()
            with pytest.raises(SiteAway):
                await use(sites, ends=lambda _: error)
            assert not sites.pool.ready(FORUM)


async def test_what_is_no_matter_of_sites_is_left_alone() -> None:
    with servers(1) as (server,):
        async with shared([server], pause_s=60) as sites:
            server.stop()
            with pytest.raises(ModelError):
                await use(sites, ends=lambda _: ModelError("no answer"))
            assert sites.pool.ready(FORUM)


async def test_a_site_that_answers_and_on_which_all_end_is_paused_and_their_errors_are_tries() -> None:
    with servers(1) as (server,):
        async with shared([server], pause_s=60, failures=2) as sites:
            for _ in range(2):
                assert sites.pool.ready(FORUM)
                with pytest.raises(SiteError) as raised:
                    await use(sites, ends=loses)
                assert not isinstance(raised.value, SiteAway)
            assert not sites.pool.ready(FORUM)


async def test_a_site_that_stays_away_is_none_that_is_waited_for() -> None:
    with servers(1) as (server,):
        async with shared([server], longest_s=0.2) as sites:
            server.stop()
            with pytest.raises(SiteAway):
                await use(sites, ends=loses)
            assert sites.pool.hopeless(FORUM) == ""
            await until(sites, lambda: sites.pool.hopeless(FORUM) != "")
            assert "reddit of instance 1: down for" in sites.pool.hopeless(FORUM)
            server.start()
            await until(sites, lambda: sites.pool.hopeless(FORUM) == "")


class Restarts:
    """A way to reset that starts the server again."""

    whole, sites, limit_s = True, frozenset({"reddit"}), 5.0

    def __init__(self, server: Server) -> None:
        self._server = server
        self.resets = 0

    async def reset(self, sites: Sequence[str]) -> None:
        self.resets += 1
        self._server.start()


@pytest.mark.parametrize(("when", "resets"), [("before-run", 1), ("never", 0)])
async def test_a_site_that_stays_away_is_reset_where_resets_are_wanted(when: str, resets: int) -> None:
    with servers(1) as (server,):
        way = Restarts(server)
        instance = Instance("1", {"reddit": server.url}, resetter=way, reset_when=when)
        settings = OutageSettings(**QUICK, reset_after=2, longest_s=0.5)
        goes_on = Resetting(at_start=False)
        async with SharedSites(
            [instance], label="static", new_context=no_context, outages=settings, resetting=goes_on
        ) as sites:
            server.stop()
            with pytest.raises(SiteAway):
                await use(sites, ends=loses)
            await until(sites, lambda: sites.pool.ready(FORUM) or sites.pool.hopeless(FORUM) != "")
            assert way.resets == resets
            assert sites.pool.ready(FORUM) == bool(resets)


async def test_a_disk_that_is_full_when_a_site_is_reset_ends_the_waiting_for_that_site() -> None:
    def full(event: SiteEvent) -> None:
        raise StoreError("no space left on device")

    with servers(1) as (server,):
        instance = Instance("1", {"reddit": server.url}, resetter=Restarts(server), reset_when="before-run")
        settings = OutageSettings(**QUICK, reset_after=1)
        async with SharedSites(
            [instance],
            label="static",
            new_context=no_context,
            outages=settings,
            resetting=Resetting(at_start=False),
            on_event=full,
        ) as sites:
            server.stop()
            with pytest.raises(SiteAway):
                await use(sites, ends=loses)
            with pytest.raises(StoreError, match="no space left"):
                await until(sites, lambda: sites.pool.ready(FORUM))
