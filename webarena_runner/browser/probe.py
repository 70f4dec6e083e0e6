"""What evaluators see: the agent's tab, and the pages that checks name, in that tab or in fresh ones."""

import asyncio
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from webarena_runner.browser.admission import Admission
from webarena_runner.browser.failures import first_line, target_gone
from webarena_runner.browser.policy import Fence
from webarena_runner.browser.settle.settler import Settler
from webarena_runner.browser.tab import Tab
from webarena_runner.browser.tabs import Tabs
from webarena_runner.errors import BrowserError, OutsideSites, Overload, ScriptError
from webarena_runner.log.wellformed import well_formed, well_formed_value
from webarena_runner.settings.records import PageChecks

LAST = "last"


class Probe:
    """Same cookies as the agent; with `fresh_tab` the agent's tab stays as it is."""

    def __init__(
        self,
        tabs: Tabs,
        fence: Fence,
        settler: Settler,
        admission: Admission,
        *,
        page_checks: PageChecks = "agent_tab",
        limit_s: float,
    ) -> None:
        self._tabs = tabs
        self._fence = fence
        self._settler = settler
        self._admission = admission
        self._limit_s = limit_s
        self._page_checks = page_checks
        self._agent_tab = tabs.current
        self._fresh_tab: Tab | None = None
        self._agent_inside = fence.allows(self.url)
        self._shown = ""

    @property
    def url(self) -> str:
        return self._agent_tab.page.url

    async def open(self, url: str) -> str:
        """Raises SiteError when the site does not answer, BrowserError when the browser is gone.

        OutsideSites when the page is not one of the sites', or has sent the tab elsewhere; Overload when the machine is
        too busy to load it.
        """
        async with self._admission.turn():
            return await self._open(url)

    async def _open(self, url: str) -> str:
        if url == LAST:
            return self.url
        if not self._fence.has(url):
            raise OutsideSites(f"{url[:500]!r}: a page to check is outside this task's sites ({self._fence})")
        self._shown = ""
        tab = await self._tab_for_checks()
        await tab.open(url)
        settled = await tab.settle(self._settler)
        if settled.starved:
            raise Overload(f"{url[:500]}: a page to check had not its time to load, since the machine was too busy")
        self._shown = url
        self._require_inside(tab.page, url)
        return tab.page.url

    async def content(self, url: str = LAST) -> str:
        async with self._admission.turn():
            return await self._content(url)

    async def _content(self, url: str) -> str:
        page = await self._page(url)
        try:
            async with asyncio.timeout(self._limit_s):
                return well_formed(await page.content())
        except TimeoutError as error:
            raise BrowserError(f"{page.url}: no content within {self._limit_s:g} s") from error
        except PlaywrightError as error:
            raise BrowserError(f"{page.url}: {first_line(error)}") from error

    async def evaluate(self, script: str, url: str = LAST) -> Any:
        """Raises ScriptError when the script throws, BrowserError when the page cannot run it."""
        async with self._admission.turn():
            return await self._evaluate(script, url)

    async def _evaluate(self, script: str, url: str) -> Any:
        page = await self._page(url)
        try:
            async with asyncio.timeout(self._limit_s):
                value = well_formed_value(await page.evaluate(script))
        except TimeoutError as error:
            raise BrowserError(f"{page.url}: a script has not ended within {self._limit_s:g} s") from error
        except PlaywrightError as error:
            if target_gone(error):
                raise BrowserError(f"{page.url}: {first_line(error)}") from error
            self._require_inside(page, url)
            raise ScriptError(first_line(error)) from error
        self._require_inside(page, url)
        return value

    async def _page(self, url: str) -> Page:
        """The page that checks of this URL look at, while it is still where it was opened or an agent left it."""
        if url != LAST and self._shown != url:
            await self._open(url)
        page = self._agent_tab.page if url == LAST or self._fresh_tab is None else self._fresh_tab.page
        self._require_inside(page, url)
        return page

    def _require_inside(self, page: Page, url: str) -> None:
        """A script of the check, or a redirect, may have taken it elsewhere, where it only sees our refusal."""
        if (url != LAST or self._agent_inside) and not self._fence.allows(page.url):
            raise OutsideSites(f"{page.url[:500]}: a check left this task's sites ({self._fence})")

    async def _tab_for_checks(self) -> Tab:
        if self._page_checks == "agent_tab":
            return self._agent_tab
        used, self._fresh_tab = self._fresh_tab, await self._tabs.new_hidden()
        if used is not None:
            await used.page.close()
        return self._fresh_tab
