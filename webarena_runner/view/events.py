"""Tells a live page what becomes of its run, by server-sent events: one whole state whenever there is a new one."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import watchfiles

from webarena_runner.errors import StoreError
from webarena_runner.log.paths import RunPaths
from webarena_runner.view.live import LiveRun

log = logging.getLogger(__name__)
# Several files change with every step of every worker.
GATHER_MS = 300
# Nothing changes on disk when a run is killed, and its time goes on.
AT_LEAST_EVERY_MS = 2000


async def states(folder: Path) -> AsyncIterator[str]:
    """JSON of the run's state, at once and whenever it has changed."""
    try:
        live = await asyncio.to_thread(LiveRun.open, folder)
        last = ""
        async for changed in _changes(folder):
            await asyncio.to_thread(live.update, changed)
            text = json.dumps(await asyncio.to_thread(live.state), ensure_ascii=False)
            if text != last:
                yield text
            last = text
    except StoreError as error:
        log.warning("the live page of %s ends: %s", folder, error)
        yield json.dumps({"fault": str(error)}, ensure_ascii=False)


async def _changes(folder: Path) -> AsyncIterator[set[Path]]:
    yield set()
    watch = watchfiles.awatch(folder, debounce=GATHER_MS, rust_timeout=AT_LEAST_EVERY_MS, yield_on_timeout=True)
    # What changed before the watch began is told by nobody.
    told = False
    async for changes in watch:
        yield {Path(path) for _, path in changes} | (set() if told else await asyncio.to_thread(_all_of, folder))
        told = True


def _all_of(folder: Path) -> set[Path]:
    paths = RunPaths(folder)
    return {paths.manifest, *(each.folder for each in paths.episodes())}
