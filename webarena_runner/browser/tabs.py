"""The tabs of one episode, in the order in which they were opened."""

import asyncio

from playwright.async_api import BrowserContext, Page

from webarena_runner.browser.failures import answer_within
from webarena_runner.browser.observe.devtools import Handler, ProtocolError
from webarena_runner.browser.tab import Tab
from webarena_runner.errors import BrowserError

ATTACH_TIMEOUT_S = 10.0
NEW_PAGE_LIMIT_S = 60.0


class Tabs:
    """Attaches to every page of the context, popups included; a popup does not become the current tab (official).

    `on_request` is called with the DevTools event of each request of their pages.
    """

    def __init__(self, context: BrowserContext, endpoint: str | None, *, on_request: Handler | None = None) -> None:
        self.context = context
        self._endpoint = endpoint
        self._on_request = on_request
        self._attaching: dict[Page, asyncio.Task[Tab]] = {}
        self._hidden: set[Page] = set()
        self._current: Tab | None = None
        self._own = 0
        self._seen = 0
        self._arrived = asyncio.Event()
        context.on("page", self._on_page)

    @property
    def current(self) -> Tab:
        if self._current is None:
            raise RuntimeError("no tab has been opened yet")
        return self._current

    async def new(self) -> Tab:
        """A blank tab, which becomes the current one."""
        self._current = await self._attached(await self._new_page())
        return self._current

    async def new_hidden(self) -> Tab:
        """A blank tab that the agent does not see."""
        page = await self._new_page()
        self._hidden.add(page)
        return await self._attached(page)

    async def all(self) -> list[Tab]:
        """Open tabs, popups of this moment included.

        Raises:
            BrowserError: a tab does not answer.
        """
        tabs = []
        for page in self._pages():
            try:
                tabs.append(await self._attached(page))
            except ProtocolError:
                if not page.is_closed():
                    raise
        return tabs

    @property
    def popups(self) -> int:
        """How many windows the pages of the episode have opened."""
        return self._seen - self._own

    async def await_popups(self, number: int) -> None:
        """Waits until `popups` is that many."""
        while self.popups < number:
            self._arrived.clear()
            await self._arrived.wait()

    async def focus(self, number: int) -> bool:
        """Makes the tab with this number current; False when there is none."""
        tabs = await self.all()
        if number >= len(tabs) or number < 0:
            return False
        self._current = tabs[number]
        async with answer_within(ATTACH_TIMEOUT_S, "bringing a tab to the front"):
            await self._current.page.bring_to_front()
        return True

    async def close_current(self) -> None:
        """The last tab becomes current; a blank one when that was the only one."""
        await self.current.page.close()
        await self.replace_closed()

    async def replace_closed(self) -> bool:
        """Whether the current tab was closed, by the agent or by its own script, and another took its place."""
        if not self.current.page.is_closed():
            return False
        tabs = await self.all()
        if tabs:
            self._current = tabs[-1]
        else:
            await self.new()
        return True

    async def aclose(self) -> None:
        """Ends the connections; the pages go with their context."""
        self.context.remove_listener("page", self._on_page)
        tasks, self._attaching = list(self._attaching.values()), {}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled() and task.exception() is None:
                await task.result().tools.aclose()

    def _pages(self) -> list[Page]:
        return [page for page in self.context.pages if page not in self._hidden and not page.is_closed()]

    async def _new_page(self) -> Page:
        self._own += 1
        async with answer_within(NEW_PAGE_LIMIT_S, "opening a tab"):
            return await self.context.new_page()

    def _on_page(self, page: Page) -> None:
        self._seen += 1
        self._arrived.set()
        self._attach(page)

    def _attach(self, page: Page) -> asyncio.Task[Tab]:
        if page not in self._attaching:
            self._attaching[page] = asyncio.create_task(Tab.attach(page, self._endpoint, on_request=self._on_request))
            page.once("close", self._forget)
        return self._attaching[page]

    async def _attached(self, page: Page) -> Tab:
        try:
            async with asyncio.timeout(ATTACH_TIMEOUT_S):
                return await self._attach(page)
        except TimeoutError as error:
            raise BrowserError(f"{page.url}: a tab does not answer within {ATTACH_TIMEOUT_S:g} s") from error

    async def _forget(self, page: Page) -> None:
        task = self._attaching.pop(page, None)
        if task is None:
            return
        await asyncio.wait([task])
        if not task.cancelled() and task.exception() is None:
            await task.result().tools.aclose()
