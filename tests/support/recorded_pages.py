"""The pages whose official text was recorded: served again as they were, and read in every mode."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tests.support.local_site import Reply, Site, serve
from tests.support.pages import renumbered
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.observe.capture import read_page
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import ObservationSettings
from webarena_runner.types import Goto

# The origin that the recorded texts name.
PORT = 8201
ON_THAT_DAY = """{
  const Real = Date, then = Real.parse("2026-11-22T12:00:00Z");
  Date = class extends Real {
    constructor(...given) { super(...(given.length ? given : [then])); }
    static now() { return then; }
  };
}"""
MODES = {
    "ax_vp": ObservationSettings(ax_properties="browser"),
    "ax_full": ObservationSettings(ax_properties="browser", viewport_only=False),
    "html_vp": ObservationSettings(mode="html"),
    "html_full": ObservationSettings(mode="html", viewport_only=False),
}
# What the recording waited for after the script of a page.
AFTER_SCRIPT_S = 0.25


def read_manifest(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return read


@contextmanager
def serve_recorded(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Site]:
    """Raises OSError when the port that the recorded texts name is taken."""
    with serve(PORT) as site:
        for path, entry in manifest["files"].items():
            body = (folder / "pages" / entry["file"]).read_bytes()
            reply = Reply(body, status=entry["status"], content_type=entry["content_type"] or "text/plain")
            site.route(path, partial(_same, reply))
        yield site


def _same(reply: Reply) -> Reply:
    return reply


async def texts_of(session: BrowserSession, site_url: str, page: Mapping[str, Any]) -> dict[str, str]:
    """The text by mode; the session's own is `ax_vp`."""
    async with _opened(session, site_url, page["path"]) as environment:
        if page["before"]:
            await environment.probe().evaluate(page["before"])
        await asyncio.sleep(AFTER_SCRIPT_S)
        texts = {"ax_vp": (await environment.observe()).text}
        tab = environment.tabs.current
        for mode in ("ax_full", "html_vp", "html_full"):
            read = await read_page(tab.tools, tab.activity.main_frame, MODES[mode])
            texts[mode] = f"Tab 0 (current): {read.title}\n\n{read.rendered.text}"
    return texts


def comparable(text: str, mode: str) -> str:
    """Renumbered; and without inline boxes in the mode in which Chromium prints them or not from run to run."""
    return renumbered(text, inline_boxes=mode != "ax_full")


@asynccontextmanager
async def _opened(session: BrowserSession, site_url: str, path: str) -> AsyncIterator[EpisodeEnvironment]:
    """A recorded page on the day of its recording, which a calendar in it marks."""
    async with session.episode(urls={"any": site_url}, start_urls=["about:blank"]) as environment:
        await environment.tabs.context.add_init_script(ON_THAT_DAY)
        await environment.step(Goto(url=site_url + path))
        yield environment
