"""One Chromium for all tests of the browser; an episode of its own for each test."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest
import pytest_asyncio

from tests.support.local_site import Site, serve
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings

Start = Callable[..., AbstractAsyncContextManager[EpisodeEnvironment]]


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as site:
        yield site


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def session() -> AsyncIterator[BrowserSession]:
    async with BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings()) as session:
        yield session


@pytest.fixture
def start(session: BrowserSession, site: Site) -> Start:
    """Starts an episode on the given pages of the test's site."""

    def episode(*urls: str) -> AbstractAsyncContextManager[EpisodeEnvironment]:
        return session.episode(urls={"shopping": site.url}, start_urls=list(urls))

    return episode
