"""Text of recorded pages against what the official processor printed for them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.browser.conftest import renumbered
from tests.browser.local_site import Reply, Site, serve
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.observe.axtree import _without_repeats
from webarena_runner.browser.observe.capture import read_page
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Goto

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

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
PAGES = [
    "syn_tiny",
    "syn_shop",
    "syn_shop_scrolled",
    "syn_shop_popup",
    "syn_frame",
    "syn_narrow",
    "git_add",
    "pg_index_toc",
    "shop_catalogue",
    "djadmin_product_form",
    "wiki_history",
    "wiki_specialpages",
]
BY_PLAYWRIGHT = ["syn_shop", "syn_frame", "djadmin_product_form"]


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "goldens" / "observations"


@pytest.fixture(scope="module")
def manifest(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return read


@asynccontextmanager
async def opened(session: BrowserSession, site_url: str, path: str) -> AsyncIterator[EpisodeEnvironment]:
    """A recorded page on the day of its recording, which a calendar in it marks."""
    async with session.episode(urls={"any": site_url}, start_urls=["about:blank"]) as environment:
        await environment.tabs.context.add_init_script(ON_THAT_DAY)
        await environment.step(Goto(url=site_url + path))
        yield environment


def same(reply: Reply) -> Reply:
    return reply


@pytest.fixture(scope="module")
def recorded(folder: Path, manifest: dict[str, Any]) -> Iterator[Site]:
    try:
        with serve(PORT) as site:
            for path, entry in manifest["files"].items():
                body = (folder / "pages" / entry["file"]).read_bytes()
                reply = Reply(body, status=entry["status"], content_type=entry["content_type"] or "text/plain")
                site.route(path, partial(same, reply))
            yield site
    except OSError as error:
        pytest.skip(f"port {PORT}, which the recorded texts name, is not free: {error}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session(request: pytest.FixtureRequest) -> AsyncIterator[BrowserSession]:
    """The parameter says whether it has DevTools connections of its own."""
    settings = BrowserSettings(screenshots=False)
    async with BrowserSession(settings, MODES["ax_vp"], SettleSettings(), direct=request.param) as session:
        yield session


@pytest.mark.parametrize(
    ("session", "name"),
    [
        *((True, name) for name in PAGES),
        *(pytest.param(False, name, marks=pytest.mark.long) for name in BY_PLAYWRIGHT),
    ],
    indirect=["session"],
)
async def test_text_is_the_official_one(
    name: str, folder: Path, manifest: dict[str, Any], recorded: Site, session: BrowserSession
) -> None:
    page = next(page for page in manifest["pages"] if page["name"] == name)
    texts = {}
    async with opened(session, recorded.url, page["path"]) as environment:
        if page["before"]:
            await environment.probe().evaluate(page["before"])
        # What the recording waited for after the script.
        await asyncio.sleep(0.25)
        texts["ax_vp"] = (await environment.observe()).text
        tab = environment.tabs.current
        for mode in ("ax_full", "html_vp", "html_full"):
            read = await read_page(tab.tools, tab.activity.main_frame, MODES[mode])
            texts[mode] = f"Tab 0 (current): {read.title}\n\n{read.rendered.text}"
    for mode, text in texts.items():
        golden = (folder / f"{name}.{mode}.txt").read_text()
        # Chromium prints inline boxes or not from run to run.
        boxes = mode != "ax_full"
        assert renumbered(text, inline_boxes=boxes) == renumbered(golden, inline_boxes=boxes), f"{name}.{mode}"


@pytest.mark.parametrize("name", PAGES)
async def test_inline_boxes_make_no_difference_to_what_is_compared(name: str, folder: Path) -> None:
    golden = (folder / f"{name}.ax_full.txt").read_text()
    without = "\n".join(_without_repeats([line for line in golden.split("\n") if "] InlineTextBox " not in line]))
    assert renumbered(without, inline_boxes=False) == renumbered(golden, inline_boxes=False)


async def test_all_recorded_pages_are_compared(manifest: dict[str, Any]) -> None:
    assert [page["name"] for page in manifest["pages"]] == PAGES
