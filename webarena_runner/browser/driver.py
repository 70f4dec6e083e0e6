"""Playwright's driver, a process of Node's, out of reach of the signals that a terminal sends to all of a run."""

import asyncio
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from platformdirs import user_cache_path
from playwright.async_api import Playwright, async_playwright

from webarena_runner.errors import BrowserError

log = logging.getLogger(__name__)
START_LIMIT_S = 60.0
STOP_LIMIT_S = 5.0
# Node keeps there what it has compiled of the driver, which takes a quarter off its start.
COMPILE_CACHE = "NODE_COMPILE_CACHE"
# Since version 1.55 Playwright has Chromium draw each picture on a surface of its own, for pages that would keep one
# waiting; drawing all anew for it takes 4 % of a step's processor time.
AS_BEFORE = "PLAYWRIGHT_LEGACY_SCREENSHOT"
# Playwright reports the end of its driver to a future of its own that nobody reads once the driver runs.
UNREAD = "Connection closed while reading from the driver"


class Driver:
    """One running driver; when it ends, so does every Chromium that it has started."""

    def __init__(self, playwright: Playwright, process: asyncio.SubprocessTransport) -> None:
        self.playwright = playwright
        self._process = process

    @classmethod
    async def start(cls, *, own_surfaces: bool = True) -> "Driver":
        """`own_surfaces` False: pictures are of what is drawn already, and cheaper; one may fail to come.

        Raises BrowserError.
        """
        _take_unread_end(asyncio.get_running_loop())
        try:
            async with asyncio.timeout(START_LIMIT_S):
                with _started_our_way({} if own_surfaces else {AS_BEFORE: "1"}) as started:
                    playwright = await async_playwright().start()
        except Exception as error:  # noqa: BLE001 - Playwright has bare Exceptions for a driver that ends at its start
            raise BrowserError(f"Playwright's driver does not start: {error or 'no answer'}") from error
        return cls(playwright, started[0])

    async def aclose(self) -> None:
        """Asks it to end, and ends it when it does not."""
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self.playwright.stop()
        except TimeoutError:
            log.warning("Playwright's driver does not end within %g s; it is killed", STOP_LIMIT_S)
            self.kill()
        except Exception as error:  # noqa: BLE001 - whatever the way in which a driver that is gone cannot be stopped
            log.debug("stopping Playwright's driver: %s", error)

    def kill(self) -> None:
        if self._process.get_returncode() is None:
            self._process.kill()


@contextmanager
def _started_our_way(environ: Mapping[str, str]) -> Iterator[list[asyncio.SubprocessTransport]]:
    """Gives what the loop starts meanwhile a session and a cache of its own; Playwright has no options for these.

    In the runner's own process group, Ctrl-C would make the driver close Chromium under episodes that are finishing.
    """
    loop, started = asyncio.get_running_loop(), list[asyncio.SubprocessTransport]()
    start = loop.subprocess_exec

    async def start_our_way(*arguments: Any, **options: Any) -> Any:
        kept = {COMPILE_CACHE: str(user_cache_path("webarena-runner") / "node")}
        options["env"] = kept | dict(environ) | dict(options.get("env") or os.environ)
        transport, protocol = await start(*arguments, **options, start_new_session=True)
        started.append(transport)
        return transport, protocol

    loop.subprocess_exec = start_our_way  # type: ignore[method-assign]
    try:
        yield started
    finally:
        loop.subprocess_exec = start  # type: ignore[method-assign]


def _take_unread_end(loop: asyncio.AbstractEventLoop) -> None:
    handler = loop.get_exception_handler()
    if getattr(handler, "takes_unread_end", False):
        return

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if str(context.get("exception")) == UNREAD:
            log.debug(UNREAD)
        elif handler is None:
            loop.default_exception_handler(context)
        else:
            handler(loop, context)

    handle.takes_unread_end = True  # type: ignore[attr-defined]
    loop.set_exception_handler(handle)
