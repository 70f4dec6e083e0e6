"""A real Chromium for the log-in flows."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest_asyncio
from playwright.async_api import BrowserContext, async_playwright

from webarena_runner.browser.find import find_browser, launch_args

NewContext = Callable[[], AbstractAsyncContextManager[BrowserContext]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def new_context() -> AsyncIterator[NewContext]:
    """One Chromium for a module of tests; each context is empty."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser().path, args=launch_args(root=os.geteuid() == 0)
        )

        @asynccontextmanager
        async def opened() -> AsyncIterator[BrowserContext]:
            context = await browser.new_context()
            try:
                yield context
            finally:
                await context.close()

        yield opened
        await browser.close()
