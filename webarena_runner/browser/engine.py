"""One Chromium with a driver of its own: started together, watched while episodes use them, ended together."""

import asyncio
import logging
import os
import signal
from contextlib import suppress
from time import monotonic
from typing import Any

import websockets
from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

from webarena_runner.browser.driver import Driver
from webarena_runner.browser.failures import first_line
from webarena_runner.browser.find import FoundBrowser, launch_args
from webarena_runner.browser.memory import half_of_all_mb, memory_mb
from webarena_runner.browser.observe.devtools import DirectDevTools, ProtocolError, find_endpoint
from webarena_runner.errors import BrowserError
from webarena_runner.lifeline import Lifeline
from webarena_runner.settings.records import BrowserSettings

log = logging.getLogger(__name__)
# For our own connections: a port on the loopback that Chromium chooses, and the switch that lets us ask which.
DEVTOOLS_ARGS = ("--remote-debugging-port=0", "--enable-automation")
LAUNCH_LIMIT_S = 60.0
TRIAL_LIMIT_S = 20.0
CLOSE_LIMIT_S = 5.0
# How often it is asked whether it is there, and how long it may take to say so on a machine that is busy.
PULSE_S = 5.0
PULSE_LIMIT_S = 45.0
# Every so many pulses its memory is measured, which takes some milliseconds for each of its processes.
WEIGHED_EVERY = 6
LOST = "Chromium, or Playwright's driver, {what} while the episode was under way; the browser is started afresh"


class Engine:
    """A running Chromium; `endpoint` None: no DevTools connections of our own.

    Its `lifeline` is cut when Chromium or its driver ends, or no longer answers.
    """

    def __init__(self, driver: Driver, browser: Browser, pid: int | None) -> None:
        self.browser = browser
        self.endpoint: str | None = None
        self.lifeline = Lifeline()
        self.episodes = 0
        self.active = 0
        self.memory_mb = 0.0
        self._started = monotonic()
        self._driver = driver
        self._pid = pid
        self._pulse: DirectDevTools | None = None
        self._watcher: asyncio.Task[None] | None = None
        browser.on("disconnected", lambda _: self.lifeline.cut(LOST.format(what="ended")))

    @classmethod
    async def start(
        cls, found: FoundBrowser, *, headless: bool, sandbox: bool, direct: bool = True, own_surfaces: bool = True
    ) -> "Engine":
        """`own_surfaces`: see `Driver.start`. Raises BrowserError."""
        driver = await Driver.start(own_surfaces=own_surfaces)
        try:
            browser = await driver.playwright.chromium.launch(
                executable_path=found.path,
                headless=headless,
                # Without it Playwright adds the switch that root needs.
                chromium_sandbox=sandbox,
                args=[*launch_args(root=False), *(DEVTOOLS_ARGS if direct else ())],
                timeout=1000 * LAUNCH_LIMIT_S,
                # Who starts the run decides when it ends, and the runner when Chromium does.
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
            engine = cls(driver, browser, await _process_id(browser))
            if direct:
                await engine._connect()
                await engine._weigh()
        except PlaywrightError as error:
            await driver.aclose()
            raise BrowserError(f"{found.path} does not start: {first_line(error)}") from error
        except BaseException:
            await driver.aclose()
            raise
        return engine

    def outworn(self, settings: BrowserSettings) -> str:
        """Why the next episode gets a new one; "" when it does not."""
        age_s, most_mb = monotonic() - self._started, settings.recycle_above_mb or half_of_all_mb()
        if self.episodes >= settings.recycle_after:
            return f"{self.episodes} episodes (browser.recycle_after)"
        if age_s > settings.recycle_age_s:
            return f"{age_s:.0f} s old (browser.recycle_age_s)"
        if self.memory_mb > most_mb:
            return f"{self.memory_mb:.0f} MiB (browser.recycle_above_mb)"
        return ""

    async def _weigh(self) -> None:
        if self._pid is not None:
            self.memory_mb = await asyncio.to_thread(memory_mb, self._pid)

    async def aclose(self) -> None:
        """Ends Chromium and the driver, by force where they do not end by themselves."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self.browser.close()
        except (PlaywrightError, TimeoutError) as error:
            log.debug("closing Chromium: %s", error)
        await self._driver.aclose()
        self._kill()

    async def _connect(self) -> None:
        found = await find_endpoint(self.browser)
        if found is None:
            return
        self.endpoint, path = found
        try:
            pulse = await DirectDevTools.open(f"{self.endpoint}{path}")
        except (OSError, websockets.WebSocketException, TimeoutError) as error:
            log.warning("Chromium's end can only be heard of by Playwright: %s", error)
        else:
            self._pulse = pulse
            self._watcher = asyncio.create_task(self._watch(pulse))

    async def processes(self) -> dict[int, str]:
        """Chromium's processes by id, with their types; none where it cannot be asked, or has ended."""
        if self._pulse is None:
            return {}
        try:
            answer: dict[str, Any] = await self._pulse.send("SystemInfo.getProcessInfo")
        except ProtocolError:
            return {}
        return {each["id"]: each["type"] for each in answer["processInfo"]}

    async def _watch(self, pulse: DirectDevTools) -> None:
        pulses = 0
        try:
            while not await pulse.until_closed(PULSE_S):
                async with asyncio.timeout(PULSE_LIMIT_S):
                    await pulse.send("Browser.getVersion")
                pulses += 1
                if pulses % WEIGHED_EVERY == 0:
                    await self._weigh()
            self.lifeline.cut(LOST.format(what="ended"))
        except ProtocolError:
            self.lifeline.cut(LOST.format(what="ended"))
        except TimeoutError:
            self.lifeline.cut(LOST.format(what=f"gave no answer for {PULSE_LIMIT_S:g} s"))
            self._kill()
        finally:
            await pulse.aclose()

    def _kill(self) -> None:
        """All of Chromium's processes: its driver gives each Chromium a process group of its own."""
        if self._pid is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            group = os.getpgid(self._pid)
            if group != os.getpgrp():
                os.killpg(group, signal.SIGKILL)
        self._pid = None


async def start_sandboxed(
    found: FoundBrowser, *, headless: bool, direct: bool = True, own_surfaces: bool = True
) -> Engine | None:
    """None where Chromium does not start, or opens no page, inside its sandbox on this machine; always so for root."""
    if os.geteuid() == 0:
        return None
    try:
        engine = await Engine.start(found, headless=headless, sandbox=True, direct=direct, own_surfaces=own_surfaces)
    except BrowserError as error:
        log.info("no Chromium sandbox on this machine: %s", error)
        return None
    try:
        async with asyncio.timeout(TRIAL_LIMIT_S):
            page = await engine.browser.new_page()
            await page.goto("about:blank")
            await page.close()
    except (PlaywrightError, TimeoutError) as error:
        log.info("no Chromium sandbox on this machine: %s", error)
        await engine.aclose()
        return None
    except BaseException:
        await engine.aclose()
        raise
    return engine


async def _process_id(browser: Browser) -> int | None:
    session = await browser.new_browser_cdp_session()
    try:
        answer: dict[str, Any] = await session.send("SystemInfo.getProcessInfo")
    except PlaywrightError as error:
        log.debug("Chromium does not say its process id: %s", error.message)
        return None
    finally:
        await session.detach()
    return next((each["id"] for each in answer["processInfo"] if each["type"] == "browser"), None)
