"""What an episode's browser tells the provider of its sites of how they are."""

import pytest

from tests.support.local_site import Site, serve
from webarena_runner.browser.session import BrowserSession
from webarena_runner.errors import SiteError
from webarena_runner.interfaces.watching import LeaseWatch
from webarena_runner.types import Goto

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_pages_of_the_sites_are_told_with_their_time_and_those_of_others_are_not(
    site: Site, session: BrowserSession
) -> None:
    watch = LeaseWatch()
    home = site.page("/", "<h1>Home</h1>")
    slow = site.page("/slow", "<h1>Slow</h1>", after_s=0.4)
    bad = site.page("/bad", "<h1>Oops</h1>", status=503)
    with serve() as gone:
        pass
    async with session.episode(urls={"shopping": site.url}, start_urls=[home], watch=watch) as environment:
        for url in (slow, bad, f"{gone.url}/"):
            seen = await environment.step(Goto(url=url))
    assert [document.url for document in watch.good] == [home, slow]
    assert 0.4 <= watch.good[1].latency_s < 5
    assert watch.good[0].latency_s < watch.good[1].latency_s
    assert [(document.url, document.status) for document in watch.failed] == [(bad, 503)]
    assert seen.outage == ""
    assert watch.blamed == ""


async def test_a_start_page_that_fails_is_told(site: Site, session: BrowserSession) -> None:
    watch = LeaseWatch()
    home = site.page("/", "<h1>Maintenance</h1>", status=503)
    with pytest.raises(SiteError):
        async with session.episode(urls={"shopping": site.url}, start_urls=[home], watch=watch):
            pass
    assert [document.status for document in watch.failed] == [503]


async def test_the_page_that_ends_an_episode_is_named(site: Site, session: BrowserSession) -> None:
    watch = LeaseWatch()
    home = site.page("/", "<h1>Home</h1>")
    bad = site.page("/bad", "<h1>Bad Gateway</h1>", status=502)
    async with session.episode(urls={"shopping": site.url}, start_urls=[home], watch=watch) as environment:
        site.page("/", "<h1>Bad Gateway</h1>", status=502)
        seen = await environment.step(Goto(url=bad))
    assert "its root does not answer either" in seen.outage
    assert watch.blamed == bad
