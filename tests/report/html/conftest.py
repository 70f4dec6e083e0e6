"""A real browser for the pages of reports, and the command line."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.cli.conftest import invoke, workdir
from webarena_runner.browser.find import find_browser, launch_args

__all__ = ["invoke", "workdir"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser().path, args=launch_args(root=True))
        yield browser
        await browser.close()
