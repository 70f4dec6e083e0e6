"""What is recorded of an episode besides its steps: begun before the start pages, ended before any check of ours."""

import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from webarena_runner.browser.failures import answer_within, first_line
from webarena_runner.browser.record.network import HarTrace
from webarena_runner.browser.record.pages import PageTrace
from webarena_runner.browser.record.scrub import Scrubber
from webarena_runner.browser.trace import NetworkTrace
from webarena_runner.errors import BrowserError
from webarena_runner.interfaces import Exchange
from webarena_runner.log.har import HarFile

log = logging.getLogger(__name__)
_START_LIMIT_S = 30.0


@dataclass(frozen=True)
class Recording:
    """What is to be recorded, and where to; `max_body_bytes` is of each answer in the HAR (0: without bodies).

    `secrets` are the passwords of the episode's accounts, which no recording holds.
    """

    har: Path | None = None
    trace: Path | None = None
    max_body_bytes: int = 0
    film_strip: bool = False
    secrets: Collection[str] = field(default=(), repr=False)


class Recorder:
    """Of one episode. Nothing that goes wrong in it takes away a score."""

    def __init__(self, network: NetworkTrace | None = None, pages: PageTrace | None = None) -> None:
        self._network = network
        self._pages = pages
        self._ended = False

    @classmethod
    async def start(cls, context: BrowserContext, recording: Recording, *, traced: bool) -> "Recorder":
        """`traced`: with the network log for evaluators, also where none is written."""
        scrubber = Scrubber(recording.secrets)
        network: NetworkTrace | None = None
        if recording.har is not None:
            network = _har(context, recording.har, scrubber, recording.max_body_bytes)
        if network is None and traced:
            network = NetworkTrace(context)
        pages = None
        if recording.trace is not None:
            pages = PageTrace(context, recording.trace, scrubber)
            try:
                async with answer_within(_START_LIMIT_S, "starting a trace"):
                    await pages.start(recording.trace.parent.name, film_strip=recording.film_strip)
            except (PlaywrightError, BrowserError) as error:
                log.warning("no trace: %s", first_line(error) if isinstance(error, PlaywrightError) else error)
                pages = None
        return cls(network, pages)

    def exchanges(self) -> Sequence[Exchange]:
        return self._network.exchanges() if self._network else ()

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        """What is done meanwhile is one step in the trace."""
        if self._pages is None or self._ended:
            yield
            return
        await self._pages.begin_step(name)
        try:
            yield
        finally:
            await self._pages.end_step()

    async def aclose(self) -> None:
        """Writes what is to be written; a second call does nothing."""
        if self._ended:
            return
        self._ended = True
        for part in (self._network, self._pages):
            if isinstance(part, HarTrace | PageTrace):
                try:
                    await part.aclose()
                except Exception:
                    log.exception("a recording is not whole")


def _har(context: BrowserContext, path: Path, scrubber: Scrubber, max_body_bytes: int) -> HarTrace | None:
    try:
        file = HarFile(path)
    except OSError as error:
        log.warning("no HAR: %s cannot be written: %s", path, error.strerror)
        return None
    return HarTrace(context, file, scrubber, max_body_bytes=max_body_bytes)
