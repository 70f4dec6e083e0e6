"""Playwright's trace of an episode: its actions, the DOM before and after each, and the network, for its viewer."""

import asyncio
import json
import logging
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from webarena_runner.browser.failures import first_line
from webarena_runner.browser.record.scrub import Scrubber

log = logging.getLogger(__name__)
# The zip of a long episode with a film strip is tens of MB.
_STOP_LIMIT_S = 30.0
_NETWORK, _ACTIONS = ".network", ".trace"


class PageTrace:
    """Kept in Chromium's driver until `aclose` writes it: a run that is killed leaves none."""

    def __init__(self, context: BrowserContext, path: Path, scrubber: Scrubber) -> None:
        self._tracing = context.tracing
        self._path = path
        self._scrubber = scrubber

    async def start(self, title: str, *, film_strip: bool) -> None:
        """Raises PlaywrightError."""
        await self._tracing.start(title=title, screenshots=film_strip, snapshots=True, sources=False)

    async def begin_step(self, name: str) -> None:
        try:
            await self._tracing.group(name)
        except PlaywrightError as error:
            log.debug("a step is not named in the trace: %s", first_line(error))

    async def end_step(self) -> None:
        try:
            await self._tracing.group_end()
        except PlaywrightError as error:
            log.debug("a step is not ended in the trace: %s", first_line(error))

    async def aclose(self) -> None:
        """What fails here takes away no score."""
        whole, scrubbed = (self._path.with_name(f".{self._path.name}.{part}") for part in ("whole", "scrubbed"))
        try:
            async with asyncio.timeout(_STOP_LIMIT_S):
                await self._tracing.stop(path=whole)
                await asyncio.to_thread(_write_scrubbed, whole, scrubbed, self._scrubber)
            scrubbed.replace(self._path)
        except TimeoutError:
            log.warning("no trace: it was not written within %g s", _STOP_LIMIT_S)
        except PlaywrightError as error:
            log.warning("no trace: %s", first_line(error))
        except (OSError, zipfile.BadZipFile) as error:
            log.warning("no trace: %s", error)
        finally:
            for left in (whole, scrubbed):
                with suppress(OSError):
                    left.unlink()


def _write_scrubbed(source: Path, target: Path, scrubber: Scrubber) -> None:
    """The same trace without passwords and cookies: in its network log, in what was posted, in what was typed."""
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        names = before.namelist()
        logs = {name: _events(before.read(name)) for name in names if name.endswith(_NETWORK)}
        posted = {file: mime_type for events in logs.values() for file, mime_type in _posted(events)}
        for name in names:
            if name in logs:
                after.writestr(name, _lines(_scrubbed(event, scrubber) for event in logs[name]))
            elif name.endswith(_ACTIONS):
                after.writestr(name, scrubber.typed(before.read(name).decode()))
            elif name in posted:
                after.writestr(name, scrubber.body(before.read(name).decode("utf-8", "replace"), posted[name]))
            else:
                with before.open(name) as whole, after.open(name, "w") as copy:
                    shutil.copyfileobj(whole, copy)


def _events(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines() if line]


def _lines(events: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n" for event in events)


def _posted(events: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The files of bodies that were sent, and of what type each is."""
    for event in events:
        data = event.get("snapshot", {}).get("request", {}).get("postData", {})
        if "_file" in data:
            yield data["_file"], data.get("mimeType", "")


def _scrubbed(event: dict[str, Any], scrubber: Scrubber) -> dict[str, Any]:
    snapshot = event.get("snapshot", {})
    for side in filter(None, (snapshot.get("request"), snapshot.get("response"))):
        side["headers"] = scrubber.headers(side.get("headers", []))
        side["cookies"] = []
    request = snapshot.get("request")
    if request:
        request["queryString"] = scrubber.query(request["url"])
        request["url"] = scrubber.url(request["url"])
        if "text" in request.get("postData", {}):
            data = request["postData"]
            data["text"] = scrubber.body(data["text"], data.get("mimeType", ""))
    return event
