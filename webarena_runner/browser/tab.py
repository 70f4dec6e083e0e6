"""One tab: Playwright's page, our DevTools connection to it, and what it is busy with."""

import asyncio
import logging
from dataclasses import dataclass, field

from playwright.async_api import Dialog, Page
from playwright.async_api import Error as PlaywrightError

from webarena_runner.browser.documents import Documents
from webarena_runner.browser.failures import first_line, target_gone
from webarena_runner.browser.observe.devtools import DevTools, Handler, ProtocolError, connect
from webarena_runner.browser.parts import Parts
from webarena_runner.browser.settle.activity import Activity
from webarena_runner.browser.settle.allowance import patient
from webarena_runner.browser.settle.settler import Settled, Settler
from webarena_runner.errors import BrowserError, SiteError
from webarena_runner.interfaces.watching import Document

log = logging.getLogger(__name__)
SERVER_ERRORS = range(500, 600)
AGREE_WAIT_S = 2.0
STATUS = "() => performance.getEntriesByType('navigation')[0]?.responseStatus ?? 0"
# A page can make as many as it likes, and each stands in the next prompt where `actions.show_errors` is on.
MAX_NOTICES, MAX_NOTICE_CHARACTERS = 5, 240


@dataclass
class Tab:
    """`notices` are the first things that happened by themselves since they were last read: dialogs, downloads.

    `more_notices` counts those after them.
    """

    page: Page
    tools: DevTools
    activity: Activity
    documents: Documents
    parts: Parts
    notices: list[str] = field(default_factory=list)
    more_notices: int = 0
    crashed: bool = False
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def attach(cls, page: Page, endpoint: str | None, *, on_request: Handler | None = None) -> "Tab":
        """Raises ProtocolError when the page closes meanwhile."""
        tools, frame_id = await connect(page, endpoint)
        activity = Activity(tools, frame_id)

        def main_frame() -> str:
            return activity.main_frame

        tab = cls(page, tools, activity, Documents(tools, main_frame), Parts(tools, main_frame))
        if on_request is not None:
            tools.on("Network.requestWillBeSent", on_request)
        page.on("crash", tab._on_crash)
        page.on("dialog", tab._on_dialog)
        page.on("framenavigated", lambda _: tab._told.set())
        page.on("download", lambda download: tab._notice(f"download not kept: {download.suggested_filename}"))
        # Before the first navigation, as official does: node ids are handed out from here on.
        await asyncio.gather(tools.send("Accessibility.enable"), tab.activity.start())
        return tab

    async def open(self, url: str, *, refused: range = SERVER_ERRORS) -> None:
        """Loads a page of a site that has to answer.

        Raises:
            SiteError: it does not, or with a status of `refused`.
            BrowserError: the tab is gone.
        """
        try:
            response = await self.page.goto(url)
        except PlaywrightError as error:
            if target_gone(error) or self.crashed:
                raise BrowserError(f"{url}: the tab went away while opening it: {first_line(error)}") from error
            raise SiteError(f"{url}: the site does not answer: {first_line(error)}") from error
        if response is not None and response.status in refused:
            raise SiteError(f"{url}: the site answers with status {response.status}")

    async def settle(self, settler: Settler) -> Settled:
        settled = await settler.settle(self.tools, self.activity, self.activity.url or self.page.url)
        await self._agree(settler)
        return settled

    async def settle_whole(self, settler: Settler) -> Settled:
        """Waits also for the document that it was asked for, until that has come whole."""
        settled = await self.settle(settler)
        if self._awaits_document(settler):
            await self.await_document(settler)
            settled = await self.settle(settler)
        return settled

    async def await_document(self, settler: Settler) -> None:
        """Waits for the document of a slow site, and gives up its navigation at the limit."""
        try:
            async with asyncio.timeout(settler.longest_s):
                while self._awaits_document(settler):
                    await self.activity.changes()
        except TimeoutError:
            if self.activity.replacing:
                await self.stop_loading()
            else:
                settler.gives_up(self.activity.url)

    def _awaits_document(self, settler: Settler) -> bool:
        is_coming = self.activity.arriving and settler.awaits_end(self.activity.url)
        return self.activity.replacing or is_coming

    async def stop_loading(self) -> None:
        """Ends a navigation that does not come to an end; the old document stays."""
        self.documents.give_up()
        try:
            await self.tools.send("Page.stopLoading")
        except ProtocolError as error:
            log.info("%s: %s", self.page.url, error)

    async def shown(self) -> Document | None:
        """What became of its latest main document; None where that cannot be told."""
        if self.documents.latest is not None or self.crashed:
            return self.documents.latest
        # That of a window which a page has opened may have come before we could listen.
        try:
            async with asyncio.timeout(AGREE_WAIT_S):
                status = await self.page.evaluate(STATUS)
        except (PlaywrightError, TimeoutError):
            return None
        return Document(self.page.url, status) if status else None

    async def _agree(self, settler: Settler) -> None:
        """Playwright hears of navigations on a connection of its own, on a busy machine later than we do."""
        if self.activity.url in ("", self.page.url):
            return
        try:
            async with patient(settler.strain, AGREE_WAIT_S, settler.longest_s):
                while self.activity.url not in ("", self.page.url) and not self.tools.closed:
                    self._told.clear()
                    await self._told.wait()
        except TimeoutError:
            log.info("Playwright has %s for %s", self.page.url, self.activity.url)
            self.activity.url = ""

    def take_notices(self) -> list[str]:
        taken = [*self.notices, *([f"{self.more_notices} more like it"] if self.more_notices else [])]
        self.notices, self.more_notices = [], 0
        return taken

    def _notice(self, text: str) -> None:
        if len(self.notices) < MAX_NOTICES:
            self.notices.append(text[:MAX_NOTICE_CHARACTERS])
        else:
            self.more_notices += 1

    async def _on_crash(self, page: Page) -> None:
        self.crashed = True
        # Commands to a crashed page are never answered; closing ends the wait for them.
        await self.tools.aclose()

    async def _on_dialog(self, dialog: Dialog) -> None:
        """Does what Playwright does with nobody listening."""
        self._notice(f"{dialog.type} dialog closed by itself: {dialog.message!r:.200}")
        try:
            if dialog.type == "beforeunload":
                await dialog.accept()
            else:
                await dialog.dismiss()
        except PlaywrightError as error:
            if not target_gone(error):
                self._notice(f"dialog: {first_line(error)}")
