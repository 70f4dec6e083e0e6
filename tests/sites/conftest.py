"""A real Chromium for the log-in flows."""

from collections.abc import AsyncIterator

import pytest_asyncio

from webarena_runner.browser.session import BrowserSession
from webarena_runner.interfaces import NewContext
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def new_context() -> AsyncIterator[NewContext]:
    """One Chromium for a module of tests; each context is empty."""
    async with BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings()) as session:
        yield session.context
