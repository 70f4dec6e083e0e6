"""Carrying out an action as the official code does: by the element box that was stored when the page was observed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, ViewportSize
from playwright.async_api import TimeoutError as PlaywrightTimeout

from webarena_runner.actions.browsergym_grammar import plain_action
from webarena_runner.actions.keys import META, for_platform, in_official_table
from webarena_runner.actions.kinds import element_of
from webarena_runner.browser.act.browsergym import NoElement
from webarena_runner.browser.act.browsergym import perform as call_browsergym
from webarena_runner.browser.act.playwright import perform, target_box
from webarena_runner.browser.failures import first_line, target_gone
from webarena_runner.browser.policy import Fence
from webarena_runner.browser.tab import Tab
from webarena_runner.browser.tabs import Tabs
from webarena_runner.errors import BrowserError, RunnerError
from webarena_runner.official.addresses import is_plain
from webarena_runner.types import (
    Action,
    Box,
    BrowserGymCalls,
    Clear,
    Click,
    CloseTab,
    GoBack,
    GoForward,
    Goto,
    Hover,
    Invalid,
    NewTab,
    Node,
    PlaywrightCall,
    Press,
    Scroll,
    Stop,
    TabFocus,
    Type,
)

SCROLL = """(sign) => {
  const target = document.scrollingElement || document.body;
  target.scrollTop = target.scrollTop + sign * window.innerHeight;
}"""
# Longer text is put in at once: typing takes two messages to the browser for each character.
MAX_TYPED_CHARACTERS = 5000
MAX_ERROR_CHARACTERS = 500
SELECT_ALL = f"{META}+A"


class ActionFailed(RunnerError):
    """The action could not be done; the episode goes on."""


@dataclass(frozen=True)
class Outcome:
    """`error` is why nothing happened ("" when it worked); `deviations` say where official would have differed.

    `box` is where the element was, of an action that finds it itself.
    """

    error: str = ""
    deviations: tuple[str, ...] = ()
    box: Box | None = None


class Actor:
    """Acts on the tabs of one episode; no action takes longer than `limit_s`."""

    def __init__(self, tabs: Tabs, fence: Fence, viewport: ViewportSize, limit_s: float) -> None:
        self._tabs = tabs
        self._fence = fence
        self._viewport = viewport
        self._limit_s = limit_s
        self._box: Box | None = None

    async def execute(self, action: Action, nodes: Mapping[str, Node]) -> Outcome:
        """`nodes` are those of the observation that the action answers to.

        Raises:
            BrowserError: the browser or the page is gone.
        """
        tab = self._tabs.current
        self._box = None
        error = await self._error_of(action, nodes, tab)
        return Outcome(_shortened(error), _deviations(action), self._box)

    async def _error_of(self, action: Action, nodes: Mapping[str, Node], tab: Tab) -> str:
        """Why the action was not done, "" when it was."""
        try:
            async with asyncio.timeout(self._limit_s):
                await self._do(action, nodes)
        except ActionFailed as failed:
            return str(failed)
        except TimeoutError:
            return f"{action.kind}: not finished within {self._limit_s:g} s"
        except PlaywrightError as error:
            browser = self._tabs.context.browser
            if tab.crashed or browser is None or not browser.is_connected():
                raise BrowserError(f"{action.kind}: the page or the browser crashed: {first_line(error)}") from error
            if target_gone(error) and not tab.page.is_closed():
                raise BrowserError(f"{action.kind}: {first_line(error)}") from error
            return f"{action.kind}: {first_line(error)}"
        return ""

    async def _do(self, action: Action, nodes: Mapping[str, Node]) -> None:
        page = self._tabs.current.page
        match action:
            case Click(element_id=element_id):
                await page.mouse.click(*self._centre(element_id, nodes))
            case Hover(element_id=element_id):
                await page.mouse.move(*self._centre(element_id, nodes))
            case Type():
                await page.mouse.click(*self._centre(action.element_id, nodes))
                await _type(page, action)
            case Clear(element_id=element_id):
                await page.mouse.click(*self._centre(element_id, nodes))
                await _press(page, SELECT_ALL)
                await page.keyboard.press("Backspace")
            case Press(key_comb=keys):
                await _press(page, keys)
            case Scroll(direction=direction):
                await page.evaluate(SCROLL, 1 if direction == "down" else -1)
            case PlaywrightCall() | BrowserGymCalls():
                await self._call(action, page)
            case Stop() | Invalid():
                return
            case _:
                await self._navigate(action)
        self._require_inside(action, nodes)

    async def _call(self, action: PlaywrightCall | BrowserGymCalls, page: Page) -> None:
        if isinstance(action, PlaywrightCall):
            self._box = await target_box(page, action.calls)
            if fault := await perform(page, action.calls):
                raise ActionFailed(f"playwright: {fault}")
            return
        for call in action.calls:
            going = plain_action(call)
            if isinstance(going, Stop):
                continue
            if going is not None:
                await self._navigate(going)
                continue
            try:
                await call_browsergym(self._tabs.current.page, call, force=action.force)
            except NoElement as missing:
                raise ActionFailed(str(missing)) from missing

    async def _navigate(self, action: Action) -> None:
        tab = self._tabs.current
        match action:
            case Goto(url=url):
                self._require_allowed(url)
                try:
                    await tab.page.goto(url)
                except PlaywrightTimeout:
                    await tab.stop_loading()
                    raise
            case NewTab():
                await self._tabs.new()
            case TabFocus(page_number=number):
                if not await self._tabs.focus(number):
                    raise ActionFailed(f"tab_focus: there is no tab {number}")
            case CloseTab():
                await self._tabs.close_current()
            case GoBack() | GoForward():
                back = isinstance(action, GoBack)
                history = await tab.tools.send("Page.getNavigationHistory")
                last = 0 if back else len(history["entries"]) - 1
                if history["currentIndex"] == last:
                    raise ActionFailed(f"{action.kind}: there is no {'earlier' if back else 'later'} page in this tab")
                await (tab.page.go_back() if back else tab.page.go_forward())

    def _require_allowed(self, url: str) -> None:
        if not is_plain(url):
            raise ActionFailed(f"goto: {url[:200]!r} has a backslash or a control character in it")
        if not self._fence.lets_out(url):
            self._fence.refuse(url)
            raise ActionFailed(f"goto: {url[:200]!r} is not an address of this task's sites ({self._fence})")

    def _centre(self, element_id: str, nodes: Mapping[str, Node]) -> tuple[float, float]:
        node = nodes.get(element_id)
        if node is None:
            raise ActionFailed(f"no matching element: the observation has no [{element_id}]")
        if node.box is None:
            raise ActionFailed(f"no matching element: [{element_id}] has no place on the page")
        # The official code passes on fractions of the viewport; the same rounding needs the same steps.
        width, height = self._viewport["width"], self._viewport["height"]
        left = (node.box.x + node.box.width / 2) / width
        top = (node.box.y + node.box.height / 2) / height
        return left * width, top * height

    def _require_inside(self, action: Action, nodes: Mapping[str, Node]) -> None:
        """Official clicks outside the viewport too, where nothing can happen; so do we, and say it."""
        element_id = element_of(action)
        if element_id is None:
            return
        x, y = self._centre(element_id, nodes)
        if not (0 <= x < self._viewport["width"] and 0 <= y < self._viewport["height"]):
            raise ActionFailed(f"{action.kind}: the centre of [{element_id}] is outside the viewport")


def _shortened(error: str) -> str:
    """Errors quote the action, whose text may be long."""
    return error if len(error) <= MAX_ERROR_CHARACTERS else f"{error[:MAX_ERROR_CHARACTERS]}..."


async def _type(page: Page, action: Type) -> None:
    if len(action.text) > MAX_TYPED_CHARACTERS:
        await page.keyboard.insert_text(action.text)
    else:
        await page.keyboard.type(action.text)
    if action.press_enter:
        await page.keyboard.press("Enter")


async def _press(page: Page, keys: str) -> None:
    if META in keys:
        keys = for_platform(keys, await page.evaluate("navigator.platform"))
    await page.keyboard.press(keys)


def _deviations(action: Action) -> tuple[str, ...]:
    if not isinstance(action, Type):
        return ()
    found = []
    outside = sum(not in_official_table(character) for character in action.text)
    if outside:
        found.append(f"type: {outside} characters outside the official key table")
    if len(action.text) > MAX_TYPED_CHARACTERS:
        found.append("type: long text put in at once")
    return tuple(found)
