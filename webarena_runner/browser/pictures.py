"""Pictures of the pages of one episode, as often as `browser.screenshots` says."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from webarena_runner.browser.observe.capture import PageText, ScreenshotType, take_screenshot
from webarena_runner.browser.observe.devtools import ProtocolError
from webarena_runner.browser.observe.marks import draw_marks
from webarena_runner.browser.tab import Tab
from webarena_runner.settings.records import Screenshots

log = logging.getLogger(__name__)
# Chromium forgets a screenshot that is asked for while a new page replaces the old one.
ATTEMPTS = 2
LIMIT_S = 1.0
# PNG is for models and programs, which cannot do without.
NEEDED_LIMIT_S = 5.0


class Pictures:
    """`patient` makes a limit that counts only time in which a page could run."""

    def __init__(
        self, how: Screenshots, kind: ScreenshotType, patient: Callable[[float], AbstractAsyncContextManager[None]]
    ) -> None:
        self.kind = kind
        self._wanted = how != "none"
        # Who sees gets the page of this moment, whatever the log keeps.
        self._saves = how == "changed" and kind != "png"
        self._limit_s = NEEDED_LIMIT_S if kind == "png" else LIMIT_S
        self._patient = patient
        self._last: tuple[Tab, PageText, bytes] | None = None

    async def take(self, tab: Tab, reading: asyncio.Future[PageText], *, untouched: bool) -> bytes | None:
        """A picture is for readers of the log: a step does not fail when none can be taken.

        The last one again where only the changed are kept, the page was `untouched` since, and `reading` gives the same
        text and places.
        """
        if not self._wanted:
            return None
        if self._saves and untouched and self._last is not None:
            await asyncio.wait([reading])
            last_tab, page, picture = self._last
            if last_tab is tab and not reading.exception() and reading.result().rendered == page.rendered:
                return picture
        return await self._taken(tab)

    async def finished(self, tab: Tab, page: PageText, picture: bytes | None) -> bytes | None:
        """The picture as it is shown, with the page's marks; what `take` may give again."""
        if picture is None:
            self._last = None
            return None
        is_again = self._last is not None and picture is self._last[2]
        if page.marked and not is_again:
            marked = page.marked
            picture = await asyncio.to_thread(draw_marks, picture, marked.marks, marked.screen, self.kind)
        self._last = (tab, page, picture) if self._saves else None
        return picture

    async def _taken(self, tab: Tab) -> bytes | None:
        for _ in range(ATTEMPTS):
            try:
                async with self._patient(self._limit_s):
                    return await take_screenshot(tab.tools, self.kind)
            except ProtocolError as error:
                log.info("%s: no screenshot: %s", tab.page.url, error)
                return None
            except TimeoutError:
                log.info("%s: no screenshot within %g s", tab.page.url, self._limit_s)
        return None
