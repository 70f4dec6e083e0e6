"""The browser of one episode: execute, settle, observe."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import StorageState, ViewportSize

from webarena_runner.actions.kinds import argument_of, element_of
from webarena_runner.browser.act.actor import Actor, Outcome
from webarena_runner.browser.admission import Admission
from webarena_runner.browser.arrival import open_start_page, require_arrived
from webarena_runner.browser.departures import show_refusal
from webarena_runner.browser.observe.captions import PageCaptions
from webarena_runner.browser.observe.capture import PageText, ScreenshotType, read_page, read_title
from webarena_runner.browser.observe.devtools import ProtocolError
from webarena_runner.browser.observe.ids import StableIds, browser_id
from webarena_runner.browser.observe.limits import MAX_TITLE_CHARACTERS, MAX_URL_CHARACTERS, cut, shortened
from webarena_runner.browser.observe.observers import LivePage, extras_of
from webarena_runner.browser.pictures import Pictures
from webarena_runner.browser.policy import Fence
from webarena_runner.browser.probe import Probe
from webarena_runner.browser.record.recorder import Recorder
from webarena_runner.browser.relay import OwnCookies
from webarena_runner.browser.settle.allowance import Allowance, patient
from webarena_runner.browser.settle.settler import MOST_LOST, Settled, Settler
from webarena_runner.browser.tab import Tab
from webarena_runner.browser.tabs import Tabs
from webarena_runner.browser.witness import Witness
from webarena_runner.errors import BrowserError, LimitExceeded
from webarena_runner.interfaces import Exchange, Observer
from webarena_runner.interfaces.watching import Document, LeaseWatch
from webarena_runner.log.wellformed import well_formed
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, PageChecks
from webarena_runner.time_limits import time_limit
from webarena_runner.types import Action, Goto, Invalid, Node, Observation, Scroll, Stop

log = logging.getLogger(__name__)
READ_ATTEMPTS = 5
LOAD_WAIT_S = 2.0
TITLE_TIMEOUT_S = 2.0
CLOSE_WAIT_S = 1.0
MAX_NAME_CHARACTERS = 100
# What the official code prints for every tab when one title cannot be read: its format string lacks the f.
UNREADABLE_TAB = "Tab {idx}"
CLOSED_ITSELF = "tab: closed by its own script, where official has no page left to observe"


@dataclass(frozen=True)
class _Seen:
    """One reading of the current tab, with the titles of all; `read_at` is when the text and `extras` were there."""

    page: PageText
    tab_line: str
    titles: tuple[str, ...]
    screenshot: bytes | None
    extras: dict[str, Any]
    read_at: float
    long_title: bool = False


@dataclass(frozen=True)
class _Before:
    """The tabs before a step, the windows that they had asked for, and those that had come."""

    tabs: Sequence[Tab]
    windows: int
    popups: int


class EpisodeEnvironment:
    """One agent's `tabs`. Not for two tasks at once."""

    def __init__(
        self,
        tabs: Tabs,
        fence: Fence,
        settler: Settler,
        browser: BrowserSettings,
        observation: ObservationSettings,
        screenshot_type: ScreenshotType,
        *,
        admission: Admission,
        observers: Mapping[str, Observer],
        recorder: Recorder | None = None,
        watch: LeaseWatch | None = None,
        cookies: Mapping[str, OwnCookies] | None = None,
        captions: PageCaptions | None = None,
    ) -> None:
        self.tabs = tabs
        self._fence = fence
        self._settler = settler
        self._settings = browser
        self._observation = observation
        self._stable_ids = StableIds() if observation.ids == "stable" else None
        self._pictures = Pictures(browser.screenshots, screenshot_type, self._patient)
        # Whether the page can look as it did at the last observation, and whether it changes by itself.
        self._untouched = False
        self._restless = False
        self._admission = admission
        self._observers = observers
        self._recorder = recorder or Recorder()
        self._steps = 0
        self._nodes: Mapping[str, Node] = {}
        self._deviations: list[str] = []
        self._settled = Settled()
        self._witness = Witness(fence, watch)
        self._late = False
        self._cookies = cookies or {}
        self._captions = captions
        viewport = ViewportSize(width=browser.viewport_width, height=browser.viewport_height)
        # A little more than a navigation may take, so that Playwright can say which one it was.
        self._actor = Actor(tabs, fence, viewport, limit_s=browser.navigation_timeout_s + 1)

    @property
    def url(self) -> str:
        return self.tabs.current.page.url

    def probe(self, page_checks: PageChecks = "agent_tab") -> Probe:
        limit_s = self._settings.observation_timeout_s
        return Probe(self.tabs, self._fence, self._settler, self._admission, page_checks=page_checks, limit_s=limit_s)

    def trace(self) -> Sequence[Exchange]:
        return self._recorder.exchanges()

    def visits(self) -> tuple[Sequence[Document], bool]:
        """Main documents since the last call, and whether a page has asked for anything by which people sign out."""
        return self._witness.visits()

    async def state_of(self, site: str) -> StorageState:
        """The cookies that the site is sent now."""
        own, jar = self._cookies.get(site), await self.tabs.context.cookies()
        return cast(StorageState, {"cookies": own.of_site(jar) if own else jar, "origins": []})

    async def end_recording(self) -> None:
        """What pages show or ask from here on is in no recording; the log for evaluators stays."""
        await self._recorder.aclose()

    async def open_start_pages(self, urls: Sequence[str]) -> None:
        """Opens one tab a URL, in order, or a blank one without any; the first is then the current one (official).

        Raises:
            SiteError: a page does not answer, answers with status 400 or above, or is on another host than its site.
        """
        if not urls:
            await self.tabs.new()
        for url in urls:
            tab = await self.tabs.new()
            try:
                await open_start_page(tab, url, self._fence)
            finally:
                self._witness.outages.saw(tab.documents.take())
        await self.tabs.focus(0)
        self._settled = await self.tabs.current.settle_whole(self._settler)
        self._restless = self._settled.goes_on
        # A script of the page may have led on by now.
        if urls and (document := self.tabs.current.documents.latest):
            require_arrived(urls[0], document, self._fence)

    async def run_script(self, script: str) -> None:
        """Runs a script in the current tab's page, and waits until that is quiet again.

        Raises:
            ScriptError: it throws.
            BrowserError: the page cannot run it.
        """
        await self.probe().evaluate(script)
        async with self._admission.turn():
            await self.tabs.current.settle(self._settler)

    async def observe(self) -> Observation:
        async with self._turn("the first look") as waited_s:
            tabs = await self.tabs.all()
            self._witness.look(tabs, known=tabs)
            return await self._observe(Outcome(), {"queue": 1000 * waited_s})

    async def step(self, action: Action) -> Observation:
        async with self._turn(f"a step ({action.kind})") as waited_s:
            spent_ms = {"queue": 1000 * waited_s}
            self._untouched = isinstance(action, Stop | Invalid | Scroll)
            if isinstance(action, Stop | Invalid):
                return await self._observe(Outcome(action.reason if isinstance(action, Invalid) else ""), spent_ms)
            return await self._step(action, spent_ms)

    @asynccontextmanager
    async def _turn(self, what: str) -> AsyncIterator[float]:
        """Waits for a turn, and ends what is done in it at its limit, wherever it hangs."""
        limit_s = self._settings.step_timeout_s
        async with self._admission.turn() as waited_s:
            error = LimitExceeded(f"{what} took longer than {limit_s:g} s (browser.step_timeout_s)")
            async with time_limit(limit_s, error):
                yield waited_s

    async def _step(self, action: Action, spent_ms: dict[str, float]) -> Observation:
        started = time.monotonic()
        tabs = await self.tabs.all()
        before = _Before(tabs, _windows(tabs), self.tabs.popups)
        for tab in tabs:
            tab.activity.begin_action()
        allowance = Allowance(self._settler.strain, self._settings.navigation_timeout_s, 0)
        async with self._recorder.step(self._named(action)):
            outcome = await self._actor.execute(action, self._nodes)
        self._late = not allowance.rest_s and allowance.lost_share > MOST_LOST
        executed = time.monotonic()
        await self._settle(before)
        if await self._replace_closed():
            await self._settle(before)
        if self._settings.follow_new_tabs:
            await self._follow(before)
        if isinstance(action, Goto) and not self._fence.lets_out(action.url):
            self._witness.departures.at(action.url)
        self._witness.look(await self.tabs.all(), known=before.tabs)
        with suppress(ProtocolError):
            await show_refusal(self.tabs.current)
        spent = {"execute": 1000 * (executed - started), "settle": 1000 * (time.monotonic() - executed)}
        return await self._observe(outcome, spent_ms | spent)

    async def require_up(self) -> None:
        """Raises SiteError when a site failed and has not come back, or its failure is what the agent ended on."""
        tabs = await self.tabs.all()
        self._witness.look(tabs, known=tabs)
        await self._witness.outages.require_up(await self.tabs.current.shown())

    def _named(self, action: Action) -> str:
        """The step for readers of a recording."""
        self._steps += 1
        node = self._nodes.get(element_of(action) or "")
        what = node.line if node else argument_of(action) or ""
        return f"step {self._steps}: {action.kind} {what!s:.{MAX_NAME_CHARACTERS}}".strip()

    async def _settle(self, before: _Before) -> None:
        """Waits for the current tab, and for windows that have opened since `before`."""
        tab = self.tabs.current
        self._settled = await tab.settle_whole(self._settler)
        self._restless = self._settled.goes_on
        popups = before.popups + _windows(before.tabs) - before.windows
        if self.tabs.popups < popups:
            with suppress(TimeoutError):
                async with self._patient(LOAD_WAIT_S):
                    await self.tabs.await_popups(popups)
        for opened in await self.tabs.all():
            if opened not in before.tabs and opened is not self.tabs.current:
                await opened.settle(self._settler)

    async def _follow(self, before: _Before) -> None:
        """The newest tab becomes current when there is one more than before (the rule of VisualWebArena)."""
        tabs = await self.tabs.all()
        if any(tab not in before.tabs for tab in tabs):
            await self.tabs.focus(len(tabs) - 1)

    def _patient(self, limit_s: float) -> AbstractAsyncContextManager[None]:
        return patient(self._settler.strain, limit_s, self._settings.navigation_timeout_s)

    async def _replace_closed(self) -> bool:
        """Whether the current tab was closed by its page, and another one has taken its place."""
        tab = self.tabs.current
        if tab.tools.closed and not (tab.crashed or tab.page.is_closed()):
            # Our connection can hear of it before Playwright does.
            with suppress(PlaywrightError):
                await tab.page.wait_for_event("close", timeout=1000 * CLOSE_WAIT_S)
        replaced = await self.tabs.replace_closed()
        if replaced:
            self._deviations.append(CLOSED_ITSELF)
        return replaced

    async def _observe(self, outcome: Outcome, timings_ms: dict[str, float]) -> Observation:
        in_words = await self._described() if self._captions else None
        started = time.monotonic()
        limit_s = self._settings.observation_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                seen = await self._read()
        except TimeoutError as error:
            raise BrowserError(f"{self.url}: the page could not be read within {limit_s:g} s") from error
        self._nodes = {node_id: _loggable(node) for node_id, node in seen.page.rendered.nodes.items()}
        deviations, self._deviations = self._deviations, []
        settled, self._settled = self._settled, Settled()
        late, self._late = self._late, False
        notices = [notice for tab in await self.tabs.all() for notice in tab.take_notices()]
        left_to = self._witness.departures.take()
        # The refusal of a goto says it already.
        if (told := self._witness.departures.told(left_to)) and not outcome.error:
            notices.append(told)
        return Observation(
            url=shortened(self.url, MAX_URL_CHARACTERS),
            tabs=tuple(map(well_formed, seen.titles)),
            text=well_formed(seen.page.below(seen.tab_line, in_words)),
            nodes=self._nodes,
            screenshot=seen.screenshot,
            screenshot_type=self._pictures.kind,
            action_error="; ".join([*([outcome.error] if outcome.error else []), *notices]),
            timings_ms={
                **timings_ms,
                "observe": 1000 * (seen.read_at - started),
                "screenshot": 1000 * (time.monotonic() - seen.read_at),
            },
            deviations=(*outcome.deviations, *deviations, *seen.page.rendered.deviations, *self._cut(seen)),
            still_busy=settled.unfinished,
            not_awaited=settled.ignored,
            starved=settled.starved or late,
            site_failures=self._witness.outages.take(),
            outage=await self._witness.outages.end(),
            left_to=left_to,
            extras=seen.extras,
            acted_box=outcome.box,
        )

    async def _described(self) -> str | None:
        """Has the page's pictures described in it; the description of a tab that shows a picture."""
        assert self._captions is not None
        tab = self.tabs.current
        where = tab.tools, tab.activity.main_frame, tab.page.url
        try:
            if (text := await self._captions.of_tab(*where)) is not None:
                return text
            await self._captions.write(*where)
        except ProtocolError as error:
            log.info("%s: pictures are not described: %s", tab.page.url, error)
        return None

    def _cut(self, seen: _Seen) -> list[str]:
        return [
            *([cut("url", MAX_URL_CHARACTERS)] if len(self.url) > MAX_URL_CHARACTERS else []),
            *([cut("title", MAX_TITLE_CHARACTERS)] if seen.long_title else []),
        ]

    async def _read(self) -> _Seen:
        """Reads the current tab; again, when it navigates meanwhile."""
        reasons = []
        for _ in range(READ_ATTEMPTS):
            tab = self.tabs.current
            try:
                return await self._read_once(tab)
            except ProtocolError as error:
                if tab.crashed:
                    raise BrowserError(f"{tab.page.url}: the page crashed") from error
                reasons.append(str(error))
            await self._replace_closed()
            await self.tabs.current.await_document(self._settler)
        raise BrowserError(f"{self.url}: not readable in {READ_ATTEMPTS} attempts: {'; '.join(dict.fromkeys(reasons))}")

    async def _read_once(self, tab: Tab) -> _Seen:
        tabs = await self.tabs.all()
        frame_id = tab.activity.main_frame
        number = self._stable_ids.of_page(frame_id) if self._stable_ids else browser_id
        reading = asyncio.ensure_future(read_page(tab.tools, frame_id, self._observation, number))
        picture = asyncio.create_task(
            self._pictures.take(tab, reading, untouched=self._untouched and not self._restless)
        )
        try:
            page, others = await asyncio.gather(reading, self._titles([other for other in tabs if other is not tab]))
            extras = await self._extras(tab, tabs) if self._observers else {}
            read_at = time.monotonic()
            screenshot = await self._pictures.finished(tab, page, await picture)
        finally:
            picture.cancel()
        if others is None:
            return _Seen(page, " | ".join([UNREADABLE_TAB] * len(tabs)), (), screenshot, extras, read_at)
        rest = iter(others)
        whole = [page.title if other is tab else next(rest) for other in tabs]
        titles = tuple(shortened(title, MAX_TITLE_CHARACTERS) for title in whole)
        shown = [
            f"Tab {number}{' (current)' if other is tab else ''}: {title}"
            for number, (other, title) in enumerate(zip(tabs, titles, strict=True))
        ]
        is_long = any(len(title) > MAX_TITLE_CHARACTERS for title in whole)
        return _Seen(page, " | ".join(shown), titles, screenshot, extras, read_at, is_long)

    async def _extras(self, tab: Tab, tabs: Sequence[Tab]) -> dict[str, Any]:
        urls = [each.page.url for each in tabs]
        return await extras_of(LivePage(tab.page.url, tab.tools, urls, tabs.index(tab)), self._observers)

    async def _titles(self, tabs: Sequence[Tab]) -> list[str] | None:
        """None when one of them cannot be read."""
        if not tabs:
            return []
        try:
            async with self._patient(TITLE_TIMEOUT_S):
                return await asyncio.gather(*(read_title(tab.tools) for tab in tabs))
        except (ProtocolError, TimeoutError):
            return None


def _loggable(node: Node) -> Node:
    line = well_formed(node.line)
    return node if line is node.line else node.model_copy(update={"line": line})


def _windows(tabs: Sequence[Tab]) -> int:
    return sum(tab.activity.windows for tab in tabs)
