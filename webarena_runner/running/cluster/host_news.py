"""What the actors tell that all workers share: lines of the log, and what becomes of shared sites."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from webarena_runner.errors import StoreError
from webarena_runner.interfaces.execution import WorkerEvent
from webarena_runner.log.writing import add_reset
from webarena_runner.running.cluster.following import follow
from webarena_runner.running.cluster.messages import Logged, News, OfSites
from webarena_runner.types import SiteReset


class HostNews:
    """Follows them; `lost` is why the run cannot go on without one of them, `failure` what ends it."""

    def __init__(self, folder: Path, actors: Sequence[Any], on_event: Callable[[WorkerEvent], None]) -> None:
        self._folder = folder
        self._actors = actors
        self._on_event = on_event
        self._following: list[asyncio.Task[None]] = []
        self.lost = ""
        self.failure: StoreError | None = None

    def start(self, happened: asyncio.Event) -> None:
        self._following = [asyncio.create_task(self._follow(actor, happened)) for actor in self._actors]

    async def close(self) -> None:
        for job in self._following:
            job.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)

    async def _follow(self, actor: Any, happened: asyncio.Event) -> None:
        loss = await follow(actor, self._take)
        self.lost = f"what the workers share (model, judge or sites) is lost: {loss.why}"
        happened.set()

    def _take(self, news: News) -> None:
        match news:
            case Logged(level=level, name=name, text=text):
                logging.getLogger(name).log(level, "%s", text)
            case OfSites(event=event):
                try:
                    if isinstance(event, SiteReset):
                        add_reset(self._folder, event)
                except StoreError as error:
                    self.failure = error
                self._on_event(event)
