"""One Chromium for many episodes at once, each with a context of its own; replaced when it is old or has crashed."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

from playwright.async_api import Browser, BrowserContext, Playwright, ProxySettings, StorageState, async_playwright
from playwright.async_api import Error as PlaywrightError

from webarena_runner import registry
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.failures import first_line, target_gone
from webarena_runner.browser.find import find_browser, launch_args
from webarena_runner.browser.observe.capture import ScreenshotType
from webarena_runner.browser.observe.devtools import find_endpoint
from webarena_runner.browser.policy import Fence, RefusingProxy
from webarena_runner.browser.settle.settler import Settler
from webarena_runner.browser.tabs import Tabs
from webarena_runner.browser.trace import NetworkTrace
from webarena_runner.errors import BrowserError, BrowserMissing
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings

# For our own connections: a port on the loopback that Chromium chooses, and the switch that lets us ask which.
DEVTOOLS_ARGS = ("--remote-debugging-port=0", "--enable-automation")
LOCALE = "en-US"


@dataclass
class _Engine:
    """A running Chromium; `endpoint` None: no DevTools connections of our own."""

    browser: Browser
    endpoint: str | None
    episodes: int = 0
    active: int = 0


class BrowserSession:
    """Hands out browsers to episodes. `direct` False keeps to Playwright's connection (slower, same text).

    Raises ConfigError for an observer that cannot be loaded.
    """

    def __init__(
        self,
        settings: BrowserSettings,
        observation: ObservationSettings,
        settle: SettleSettings,
        *,
        screenshot_type: ScreenshotType = "jpeg",
        direct: bool = True,
    ) -> None:
        self._settings = settings
        self._observation = observation
        self._observers = {name: registry.load("observers", name)() for name in observation.observers}
        self._settle = settle
        self._screenshot_type = screenshot_type
        self._direct = direct
        self._stack = AsyncExitStack()
        self._launching = asyncio.Lock()  # guards _engine: one browser is started at a time
        self._engine: _Engine | None = None
        self._engines: list[_Engine] = []
        self._version = ""

    async def __aenter__(self) -> Self:
        """Raises BrowserMissing when there is no browser, or it does not start."""
        settings = self._settings
        found = await asyncio.to_thread(find_browser, settings.executable, headless=settings.headless)
        self._found = found
        try:
            self._playwright: Playwright = await self._stack.enter_async_context(async_playwright())
            self._proxy = await self._stack.enter_async_context(RefusingProxy())
            self._engine = await self._launch()
        except PlaywrightError as error:
            await self._stack.aclose()
            raise BrowserMissing(f"{found.path} does not start: {first_line(error)}; see `wa-run doctor`") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for engine in list(self._engines):
            await self._close(engine)
        await self._stack.aclose()

    @property
    def version(self) -> str:
        """Chromium's version, and whether it is the headless shell."""
        return f"{self._version} headless shell" if self._found.is_shell else self._version

    @asynccontextmanager
    async def episode(
        self,
        *,
        urls: Mapping[str, str],
        storage_state: Mapping[str, Any] | None = None,
        start_urls: Sequence[str],
        more_urls: Sequence[str] = (),
        traced: bool = False,
    ) -> AsyncIterator[EpisodeEnvironment]:
        """A fresh context on its start pages, fenced in to the sites of `urls` and `more_urls`; `traced` with a log.

        Raises:
            SiteError: a start page does not answer.
            BrowserError: the browser is gone.
        """
        fence = Fence([*urls.values(), *more_urls])
        settler = Settler(self._settle, secret=f"_{secrets.token_hex(8)}")
        proxy = ProxySettings(server=self._proxy.url, bypass=fence.bypass)
        async with self._lent_context(proxy=proxy, storage_state=storage_state) as (context, endpoint):
            await context.add_init_script(settler.init_script)
            tabs = Tabs(context, endpoint)
            try:
                environment = EpisodeEnvironment(
                    tabs,
                    fence,
                    settler,
                    self._settings,
                    self._observation,
                    self._screenshot_type,
                    observers=self._observers,
                    trace=NetworkTrace(context) if traced else None,
                )
                await environment.open_start_pages(start_urls)
                yield environment
            finally:
                await tabs.aclose()

    @asynccontextmanager
    async def context(self) -> AsyncIterator[BrowserContext]:
        """An empty context outside any episode, not fenced in: for logging in to sites."""
        async with self._lent_context(proxy=None, storage_state=None) as (context, _):
            yield context

    @asynccontextmanager
    async def _lent_context(
        self, *, proxy: ProxySettings | None, storage_state: Mapping[str, Any] | None
    ) -> AsyncIterator[tuple[BrowserContext, str | None]]:
        engine = await self._current_engine()
        engine.episodes += 1
        engine.active += 1
        try:
            context = await self._new_context(engine, proxy, storage_state)
            try:
                yield context, engine.endpoint
            finally:
                await _close_context(context)
        except PlaywrightError as error:
            raise BrowserError(f"the browser failed: {first_line(error)}") from error
        finally:
            engine.active -= 1
            if engine is not self._engine and not engine.active:
                await self._close(engine)

    async def _new_context(
        self, engine: _Engine, proxy: ProxySettings | None, storage_state: Mapping[str, Any] | None
    ) -> BrowserContext:
        context = await engine.browser.new_context(
            viewport={"width": self._settings.viewport_width, "height": self._settings.viewport_height},
            device_scale_factor=1,
            locale=LOCALE,
            accept_downloads=False,
            proxy=proxy,
            storage_state=cast(StorageState, dict(storage_state)) if storage_state is not None else None,
        )
        context.set_default_timeout(1000 * self._settings.navigation_timeout_s)
        return context

    async def _current_engine(self) -> _Engine:
        async with self._launching:
            engine = self._engine
            if engine and engine.browser.is_connected() and engine.episodes < self._settings.recycle_after:
                return engine
            try:
                self._engine = await self._launch()
            except PlaywrightError as error:
                raise BrowserError(f"Chromium does not start again: {first_line(error)}") from error
            if engine and not engine.active:
                await self._close(engine)
            return self._engine

    async def _launch(self) -> _Engine:
        devtools = DEVTOOLS_ARGS if self._direct else ()
        browser = await self._playwright.chromium.launch(
            executable_path=self._found.path,
            headless=self._settings.headless,
            args=[*launch_args(root=os.geteuid() == 0), *devtools],
        )
        self._version = browser.version
        engine = _Engine(browser, await find_endpoint(browser) if self._direct else None)
        self._engines.append(engine)
        return engine

    async def _close(self, engine: _Engine) -> None:
        if engine in self._engines:
            self._engines.remove(engine)
            await engine.browser.close()


async def _close_context(context: BrowserContext) -> None:
    try:
        await context.close()
    except PlaywrightError as error:
        if not target_gone(error):
            raise
