"""The script that one would write without a runner: an episode's actions with the plain Playwright API.

It finds elements by role and name, as reference actions have them, and waits for nothing but the load of a page.
"""

import ast
import asyncio
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from playwright.async_api import Browser, BrowserContext, CDPSession, Locator, Page, ViewportSize, async_playwright

from webarena_runner.browser.engine import DEVTOOLS_ARGS
from webarena_runner.browser.observe.devtools import DevTools, connect, find_endpoint
from webarena_runner.interfaces import SiteLease
from webarena_runner.official.notation import render
from webarena_runner.official.sites import sites_needed
from webarena_runner.sites.embedded import EmbeddedSites
from webarena_runner.types import (
    ActedOn,
    Action,
    Box,
    Click,
    CloseTab,
    GoBack,
    Goto,
    Hover,
    NewTab,
    Press,
    Scroll,
    Stop,
    TabFocus,
    Task,
    Type,
)

SCROLL = "(sign) => document.scrollingElement.scrollBy(0, sign * innerHeight)"
# How long a page is watched for whether an action loads another one, when the actions are learned.
LEARN_S = 0.7
SAME_PLACE = 2.0
# Of an observation, without its id; roles of ARIA's are in small letters.
LINE = re.compile(r"""(?P<role>[a-z]+) (?P<name>'(?:[^'\\]|\\.)+'|"(?:[^"\\]|\\.)+")(?: |$)""")
VIEWPORT = ViewportSize(width=1280, height=720)


@dataclass(frozen=True)
class Move:
    """`element` is what it acted on in an episode of the runner; `url` of a goto has its sites' placeholders.

    `nth` is the element's number among those of its role and name; None for one that is only found by its place.
    """

    action: Action
    element: ActedOn | None = None
    nth: int | None = None
    loads: bool = False


class BareScript:
    """One browser; `tree` and `picture` say what is read of each page, `endpoint` where for connections of its own."""

    def __init__(
        self, browser: Browser, sites: EmbeddedSites, *, tree: bool, picture: bool, endpoint: str | None
    ) -> None:
        self._browser = browser
        self._sites = sites
        self._tree = tree
        self._picture = picture
        self._endpoint = endpoint

    @classmethod
    async def open(
        cls, stack: AsyncExitStack, executable: Path, sites: EmbeddedSites, *, tree: bool, picture: bool, direct: bool
    ) -> Self:
        """`direct`: trees come by a connection of its own to each page, as the runner has them."""
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=executable, args=[*DEVTOOLS_ARGS] if direct else None
        )
        stack.push_async_callback(browser.close)
        found = await find_endpoint(browser) if direct else None
        return cls(browser, sites, tree=tree, picture=picture, endpoint=found[0] if found else None)

    async def play(self, task: Task, moves: Sequence[Move], *, learn: bool = False) -> tuple[str, tuple[Move, ...]]:
        """The URL that it ends at; with `learn`, it finds out which moves load a page."""
        async with self._sites.lease(sites_needed(task), login_sites=task.login_sites, writes=task.writes) as lease:
            context = await self._browser.new_context(
                storage_state=lease.storage_state,  # type: ignore[arg-type]
                viewport=VIEWPORT,
                locale="en-US",
            )
            episode = _Episode(context, lease, self._endpoint)
            for url in task.start_urls:
                await (await episode.new_tab()).goto(render(url, lease.urls))
            await episode.focus(0)
            played = []
            for move in moves:
                if self._tree:
                    await episode.read_tree()
                if self._picture:
                    await episode.page.screenshot(type="jpeg", quality=70)
                played.append(await episode.do(move, learn=learn))
            end = episode.page.url
            await context.close()
            await episode.aclose()
        return end, tuple(played)


class _Episode:
    def __init__(self, context: BrowserContext, lease: SiteLease, endpoint: str | None) -> None:
        self._context = context
        self._lease = lease
        self._endpoint = endpoint
        self._devtools: dict[Page, CDPSession | DevTools] = {}
        self._current: Page | None = None

    @property
    def page(self) -> Page:
        if self._current is None:
            raise RuntimeError("no tab has been opened yet")
        return self._current

    async def aclose(self) -> None:
        for session in self._devtools.values():
            if not isinstance(session, CDPSession):
                await session.aclose()

    async def new_tab(self) -> Page:
        self._current = await self._context.new_page()
        return self._current

    async def focus(self, number: int) -> None:
        self._current = self._context.pages[number]
        await self._current.bring_to_front()

    async def read_tree(self) -> None:
        if self.page not in self._devtools:
            session: CDPSession | DevTools
            if self._endpoint is None:
                session = await self._context.new_cdp_session(self.page)
            else:
                session, _ = await connect(self.page, self._endpoint)
            await session.send("Accessibility.enable")
            self._devtools[self.page] = session
        await self._devtools[self.page].send("Accessibility.getFullAXTree")

    async def do(self, move: Move, *, learn: bool) -> Move:
        page = self.page
        if learn:
            move = replace(move, nth=await self._number_of(move.element))
            before = await page.evaluate("performance.timeOrigin")
            await self._act(move)
            await asyncio.sleep(LEARN_S)
            loads = not page.is_closed() and before != await page.evaluate("performance.timeOrigin")
            return replace(move, loads=loads and not isinstance(move.action, Goto | GoBack))
        if move.loads:
            async with page.expect_event("load"):
                await self._act(move)
        else:
            await self._act(move)
        return move

    async def _act(self, move: Move) -> None:
        page = self.page
        match move.action:
            case Click():
                await self._click(move)
            case Hover():
                await (page.mouse.move(*_centre(move)) if move.nth is None else self._located(move).hover())
            case Type(text=text, press_enter=press_enter):
                await self._click(move)
                await page.keyboard.type(text)
                if press_enter:
                    await page.keyboard.press("Enter")
            case Press(key_comb=keys):
                await page.keyboard.press(keys)
            case Scroll(direction=direction):
                await page.evaluate(SCROLL, 1 if direction == "down" else -1)
            case Stop():
                return
            case _:
                await self._navigate(move.action)

    async def _click(self, move: Move) -> None:
        await (self.page.mouse.click(*_centre(move)) if move.nth is None else self._located(move).click())

    def _located(self, move: Move) -> Locator:
        role, name = _role_and_name(move.element)
        return self.page.get_by_role(role, name=name, exact=True).nth(move.nth or 0)  # type: ignore[arg-type]

    async def _number_of(self, element: ActedOn | None) -> int | None:
        role, name = _role_and_name(element)
        if element is None or element.box is None or not role:
            return None
        found = self.page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
        for number in range(await found.count()):
            box = await found.nth(number).bounding_box()
            if box and abs(box["x"] - element.box.x) + abs(box["y"] - element.box.y) < SAME_PLACE:
                return number
        return None

    async def _navigate(self, action: Action) -> None:
        match action:
            case Goto(url=url):
                await self.page.goto(render(url, self._lease.urls))
            case NewTab():
                await self.new_tab()
            case TabFocus(page_number=number):
                await self.focus(number)
            case CloseTab():
                await self.page.close()
                await self.focus(-1)
            case GoBack():
                await self.page.go_back()
            case _:
                raise ValueError(f"the bare script does not know the action {action.kind}")


def _role_and_name(element: ActedOn | None) -> tuple[str, str]:
    """ "" and "" for what has no role in ARIA, such as StaticText."""
    found = LINE.match(element.line) if element else None
    return (found["role"], ast.literal_eval(found["name"])) if found else ("", "")


def _centre(move: Move) -> tuple[float, float]:
    box: Box | None = move.element.box if move.element else None
    if box is None:
        raise ValueError("an action on an element without a place")
    return box.x + box.width / 2, box.y + box.height / 2
