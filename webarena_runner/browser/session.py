"""One Chromium for many episodes at once, each with a context of its own; replaced when it is old or has ended."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Any, Self, cast

from playwright.async_api import BrowserContext, ProxySettings, StorageState, ViewportSize
from playwright.async_api import Error as PlaywrightError

from webarena_runner import registry
from webarena_runner.browser.admission import Admission
from webarena_runner.browser.engine import Engine, start_sandboxed
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.failures import answer_within, first_line, target_gone
from webarena_runner.browser.find import find_browser
from webarena_runner.browser.observe.captions import PageCaptions
from webarena_runner.browser.observe.capture import ScreenshotType
from webarena_runner.browser.outside import Dial, dial
from webarena_runner.browser.policy import Fence
from webarena_runner.browser.proxy import EpisodeProxy
from webarena_runner.browser.record.recorder import Recorder, Recording
from webarena_runner.browser.relay import SiteRelay, own_ways_of
from webarena_runner.browser.settle.settler import Settler
from webarena_runner.browser.strain import Strain
from webarena_runner.browser.tabs import Tabs
from webarena_runner.browser.writes import Writes
from webarena_runner.errors import BrowserError, BrowserGone, BrowserMissing, OutsideSites
from webarena_runner.interfaces import Captioner
from webarena_runner.interfaces.watching import LeaseWatch
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Geolocation, Viewport

log = logging.getLogger(__name__)
LOCALE = "en-US"
# Chromium answers these in milliseconds; on a machine that is busy it may take seconds.
OPEN_LIMIT_S = 60.0
CLOSE_LIMIT_S = 10.0


class BrowserSession:
    """Hands out browsers to episodes. `direct` False keeps to Playwright's connection (slower, same text).

    `connect` is how hosts outside are reached, where `browser.offsite` allows them.

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
        connect: Dial = dial,
        captioner: Captioner | None = None,
    ) -> None:
        self._settings = settings
        self._observation = observation
        self._observers = {name: registry.load("observers", name)() for name in observation.observers}
        self._settle = settle
        self._screenshot_type = screenshot_type
        self._direct = direct
        self._connect = connect
        self._captioner = captioner
        self._stack = AsyncExitStack()
        self._launching = asyncio.Lock()  # guards _engine: one browser is started at a time
        self._engine: Engine | None = None
        self._engines: list[Engine] = []
        self._strain = Strain(self._processes)
        self._admission = Admission(settings.concurrency, self._strain)
        self._version = ""
        self._sandbox = False

    async def __aenter__(self) -> Self:
        """Raises BrowserMissing when there is no browser, or it does not start."""
        settings = self._settings
        found = await asyncio.to_thread(find_browser, settings.executable, headless=settings.headless)
        self._found = found
        # PNG is for those who cannot do without a picture.
        how = {"headless": settings.headless, "direct": self._direct, "own_surfaces": self._screenshot_type == "png"}
        engine = await start_sandboxed(found, **how)
        self._start = partial(Engine.start, found, sandbox=engine is not None, **how)
        self._sandbox = engine is not None
        try:
            self._engine = self._launched(engine) if engine else await self._launch()
        except BrowserError as error:
            await self._stack.aclose()
            raise BrowserMissing(f"{error}; see `wa-run doctor`") from error
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

    @property
    def sandbox(self) -> bool:
        """On wherever the machine allows it; Playwright by itself leaves it off for everybody."""
        return self._sandbox

    @property
    def in_line(self) -> int:
        """How many wait for a turn in the browser now."""
        return self._admission.in_line

    @property
    def starved_s(self) -> float:
        """Seconds in which the browser, or the runner, was kept from a core."""
        return self._strain.lost_s

    @asynccontextmanager
    async def episode(
        self,
        *,
        urls: Mapping[str, str],
        storage_state: Mapping[str, Any] | None = None,
        start_urls: Sequence[str],
        more_urls: Sequence[str] = (),
        traced: bool = False,
        recording: Recording | None = None,
        geolocation: Geolocation | None = None,
        viewport: Viewport | None = None,
        blocked: MutableMapping[str, int] | None = None,
        visited: MutableMapping[str, int] | None = None,
        headers: Mapping[str, Mapping[str, str]] | None = None,
        apart: Mapping[str, Mapping[str, Any]] | None = None,
        watch: LeaseWatch | None = None,
        timings_ms: MutableMapping[str, float] | None = None,
        on_write: Callable[[str], None] | None = None,
    ) -> AsyncIterator[EpisodeEnvironment]:
        """A fresh context on its start pages, fenced in to the sites of `urls` and `more_urls`; `traced` with a log.

        What is in `recording` is closed when the context is, or before: `EpisodeEnvironment.end_recording`.
        `geolocation` is what its pages are told of where they are, `viewport` another size than that of the settings.
        `blocked` is filled with the hosts that the fence keeps them from, and how often, `visited` with those outside
        the sites that they reach, `watch` with what the sites gave and failed to give, `timings_ms` with how long the
        turn was waited for (queue), and what context and start_page took. `headers` are sent with every request to a
        site, by its name, and to no other. Sites in `apart`, each with its logged-in state, do not share cookies that
        pages cannot read. `on_write` is told which sites its pages are seen to change.

        Raises:
            SiteError: a start page does not answer, or is no page of these sites.
            BrowserError: the browser is gone.
            ConfigError: headers of, or cookies apart for, a site that is not served by plain http.
        """
        own_ways = own_ways_of(urls, storage_state, headers or {}, apart or {})
        fence = Fence(
            [*urls.values(), *more_urls],
            blocked,
            visited=visited,
            offsite=self._settings.offsite,
            through_proxy=[relay.url for relay in own_ways.relays],
        )
        _require_inside(fence, start_urls)
        settings = _with_viewport(self._settings, viewport)
        own = {"viewport": _size(settings), **_located(geolocation)}
        settler = Settler(
            self._settle, f"_{secrets.token_hex(8)}", self._strain, longest_s=settings.navigation_timeout_s
        )
        spent = _Parts({} if timings_ms is None else timings_ms)
        async with AsyncExitStack() as stack:
            async with self._admission.turn():
                spent.ends("queue")
                proxy = await stack.enter_async_context(self._fenced(fence, own_ways.relays))
                lent = self._lent_context(proxy=proxy, storage_state=own_ways.state, own=own)
                context, endpoint = await stack.enter_async_context(lent)
                await context.add_init_script(settler.init_script)
                recorder = await Recorder.start(context, recording or Recording(), traced=traced)
                stack.push_async_callback(recorder.aclose)
                tabs = Tabs(context, endpoint, on_request=Writes(urls, on_write).sent if on_write else None)
                stack.push_async_callback(tabs.aclose)
                environment = EpisodeEnvironment(
                    tabs,
                    fence,
                    settler,
                    settings,
                    self._observation,
                    self._screenshot_type,
                    admission=self._admission,
                    observers=self._observers,
                    recorder=recorder,
                    watch=watch,
                    cookies=own_ways.cookies,
                    captions=PageCaptions(self._captioner) if self._captioner else None,
                )
                spent.ends("context")
                await environment.open_start_pages(start_urls)
                spent.ends("start_page")
            yield environment

    @asynccontextmanager
    async def _fenced(self, fence: Fence, relays: Sequence[SiteRelay]) -> AsyncIterator[ProxySettings]:
        async with EpisodeProxy(fence, relays, self._connect) as proxy:
            yield ProxySettings(server=proxy.url, bypass=fence.bypass)

    @asynccontextmanager
    async def context(
        self, urls: Sequence[str] | None = None, *, headers: Mapping[str, Mapping[str, str]] | None = None
    ) -> AsyncIterator[BrowserContext]:
        """An empty context outside any episode, fenced in to these sites (None: not), for logging in to them.

        `headers` are sent with every request to one of them, by its URL.
        """
        relays = [SiteRelay(url, sent) for url, sent in (headers or {}).items() if sent]
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._admission.turn())
            proxy = None
            if urls is not None:
                fence = Fence(urls, through_proxy=[relay.url for relay in relays])
                proxy = await stack.enter_async_context(self._fenced(fence, relays))
            context, _ = await stack.enter_async_context(self._lent_context(proxy=proxy, storage_state=None))
            yield context

    @asynccontextmanager
    async def _lent_context(
        self,
        *,
        proxy: ProxySettings | None,
        storage_state: Mapping[str, Any] | None,
        own: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[tuple[BrowserContext, str | None]]:
        """`own` are options of this context alone."""
        engine = await self._current_engine()
        engine.episodes += 1
        engine.active += 1
        try:
            async with engine.lifeline.held(BrowserGone), _browser_errors():
                async with answer_within(OPEN_LIMIT_S, "opening a context"):
                    context = await self._new_context(
                        engine, proxy, storage_state, own or {"viewport": _size(self._settings)}
                    )
                try:
                    yield context, engine.endpoint
                finally:
                    await _close_context(context)
        finally:
            engine.active -= 1
            if engine is not self._engine and not engine.active:
                await self._close(engine)

    async def _new_context(
        self,
        engine: Engine,
        proxy: ProxySettings | None,
        storage_state: Mapping[str, Any] | None,
        own: Mapping[str, Any],
    ) -> BrowserContext:
        context = await engine.browser.new_context(
            **own,
            device_scale_factor=1,
            locale=LOCALE,
            accept_downloads=False,
            proxy=proxy,
            storage_state=cast(StorageState, dict(storage_state)) if storage_state is not None else None,
        )
        context.set_default_timeout(1000 * self._settings.navigation_timeout_s)
        return context

    async def _current_engine(self) -> Engine:
        async with self._launching:
            engine = self._engine
            if engine and not engine.lifeline.is_cut:
                why = engine.outworn(self._settings)
                if not why:
                    return engine
                log.info("Chromium is started afresh for the next episodes: %s", why)
            self._engine = await self._launch()
            if engine and not engine.active:
                await self._close(engine)
            return self._engine

    async def _processes(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for engine in self._engines:
            found |= await engine.processes()
        return found

    async def _launch(self) -> Engine:
        return self._launched(await self._start())

    def _launched(self, engine: Engine) -> Engine:
        self._version = engine.browser.version
        self._engines.append(engine)
        return engine

    async def _close(self, engine: Engine) -> None:
        if engine in self._engines:
            self._engines.remove(engine)
            await engine.aclose()


class _Parts:
    """Says which parts of an episode took how long, one after the other."""

    def __init__(self, timings_ms: MutableMapping[str, float]) -> None:
        self._timings_ms = timings_ms
        self._clock = monotonic()

    def ends(self, part: str) -> None:
        began, self._clock = self._clock, monotonic()
        self._timings_ms[part] = self._timings_ms.get(part, 0.0) + 1000 * (self._clock - began)


@asynccontextmanager
async def _browser_errors() -> AsyncIterator[None]:
    try:
        yield
    except PlaywrightError as error:
        raise BrowserError(f"the browser failed: {first_line(error)}") from error


async def _close_context(context: BrowserContext) -> None:
    """What fails here takes away neither a score nor the news that the run is to stop."""
    try:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await context.close()
    except (PlaywrightError, TimeoutError) as error:
        if not (isinstance(error, PlaywrightError) and target_gone(error)):
            log.warning("a browser context could not be closed: %s", str(error) or f"no answer for {CLOSE_LIMIT_S:g} s")


def _require_inside(fence: Fence, start_urls: Sequence[str]) -> None:
    for url in start_urls:
        if not fence.allows(url):
            raise OutsideSites(f"{url[:500]!r}: a start page is outside this task's sites ({fence})")


def _with_viewport(settings: BrowserSettings, viewport: Viewport | None) -> BrowserSettings:
    """Of a viewport that a task says only the width or the height of, the other is that of the settings."""
    if viewport is None:
        return settings
    size = {"viewport_width": viewport.width, "viewport_height": viewport.height}
    return settings.model_copy(update={key: value for key, value in size.items() if value is not None})


def _size(settings: BrowserSettings) -> ViewportSize:
    return {"width": settings.viewport_width, "height": settings.viewport_height}


def _located(geolocation: Geolocation | None) -> dict[str, Any]:
    """Officially nobody grants the permission, and pages that ask where they are get no answer."""
    if geolocation is None:
        return {}
    return {"geolocation": geolocation.model_dump(), "permissions": ["geolocation"]}
