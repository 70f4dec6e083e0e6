"""Text of recorded pages against what the official processor printed for them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.local_site import Site
from tests.support.pages import renumbered
from tests.support.recorded_pages import MODES, PORT, comparable, read_manifest, serve_recorded, texts_of
from webarena_runner.browser.observe.axtree import _without_repeats
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, SettleSettings

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

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
    return read_manifest(folder)


@pytest.fixture(scope="module")
def recorded(folder: Path, manifest: dict[str, Any]) -> Iterator[Site]:
    try:
        with serve_recorded(folder, manifest) as site:
            yield site
    except OSError as error:
        pytest.skip(f"port {PORT}, which the recorded texts name, is not free: {error}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session(request: pytest.FixtureRequest) -> AsyncIterator[BrowserSession]:
    """The parameter says whether it has DevTools connections of its own."""
    settings = BrowserSettings(screenshots="none")
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
    for mode, text in (await texts_of(session, recorded.url, page)).items():
        golden = (folder / f"{name}.{mode}.txt").read_text()
        assert comparable(text, mode) == comparable(golden, mode), f"{name}.{mode}"


@pytest.mark.parametrize("name", PAGES)
async def test_inline_boxes_make_no_difference_to_what_is_compared(name: str, folder: Path) -> None:
    golden = (folder / f"{name}.ax_full.txt").read_text()
    without = "\n".join(_without_repeats([line for line in golden.split("\n") if "] InlineTextBox " not in line]))
    assert renumbered(without, inline_boxes=False) == renumbered(golden, inline_boxes=False)


async def test_all_recorded_pages_are_compared(manifest: dict[str, Any]) -> None:
    assert [page["name"] for page in manifest["pages"]] == PAGES
