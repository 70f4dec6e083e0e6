"""Set of marks against what libvisualwebarena saw of recorded pages."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.local_site import Site, serve
from tests.support.pages import renumbered
from tests.support.som_pages import RecordedPage, neutral, read_bodies, recorded_pages, serve_page
from webarena_runner.browser.observe.capture import read_page
from webarena_runner.browser.observe.marks import place_labels
from webarena_runner.browser.session import BrowserSession
from webarena_runner.pictures import Picture
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Viewport

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
PAGES = recorded_pages()
# The package reads places back from text, a little less exactly.
NEARLY = 0.01
VIEWS = {"som_captions": "som", "tree_captions": "accessibility_tree"}
# Where both views have pictures with captions, and some that cannot have one.
CAPTIONED = ("adverts_search_scrolled", "adverts_item", "wiki_landing")
ALWAYS = ("adverts_home", "adverts_search_scrolled", "shop_orders", "forum_thread", "wiki_landing")


@pytest.fixture(scope="module")
def bodies() -> dict[str, bytes]:
    return read_bodies()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session() -> AsyncIterator[BrowserSession]:
    settings = BrowserSettings(screenshots="none")
    async with BrowserSession(settings, ObservationSettings(mode="som"), SettleSettings()) as session:
        yield session


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[] if page.name in ALWAYS else pytest.mark.long, id=page.name) for page in PAGES],
)
async def test_list_and_marks_are_the_official_ones(
    page: RecordedPage, site: Site, bodies: dict[str, bytes], session: BrowserSession
) -> None:
    url = serve_page(site, page, bodies)
    width, height = page.viewport
    async with session.episode(
        urls={"any": site.url}, start_urls=[url], viewport=Viewport(width=width, height=height)
    ) as environment:
        if page.before:
            await environment.run_script(page.before)
        observed = await environment.observe()
        tab = environment.tabs.current
        read = await read_page(tab.tools, tab.activity.main_frame, ObservationSettings(mode="som"))
    seen = page.seen["som"]
    assert neutral(observed.text, site) == seen["text"]
    assert list(observed.nodes) == list(seen["marks"])
    for number, node in observed.nodes.items():
        assert node.box is not None
        assert [node.box.x, node.box.y, node.box.width, node.box.height] == pytest.approx(
            seen["marks"][number], abs=NEARLY
        )
    assert read.marked is not None
    outlines = [[mark.left, mark.top, mark.right, mark.bottom] for mark in read.marked.marks]
    assert outlines == [pytest.approx(box, abs=NEARLY) for box in seen["outlines"]]
    labels = [list(label) for label in place_labels(read.marked.marks, read.marked.screen)]
    assert labels == [pytest.approx(box, abs=NEARLY) for box in seen["labels"]]


class Measured:
    """Says of a picture what the recording did."""

    async def caption(self, picture: Picture) -> str:
        return f"a picture of {picture.width} by {picture.height} – pixels "


@pytest.mark.long
@pytest.mark.parametrize("view", VIEWS)
async def test_pictures_are_described_as_officially(view: str, site: Site, bodies: dict[str, bytes]) -> None:
    observation = ObservationSettings(mode=VIEWS[view], ax_properties="browser")  # type: ignore[arg-type]
    settings = BrowserSettings(screenshots="none")
    async with BrowserSession(settings, observation, SettleSettings(), captioner=Measured()) as session:
        for page in (page for page in PAGES if page.name in CAPTIONED):
            url = serve_page(site, page, bodies)
            width, height = page.viewport
            async with session.episode(
                urls={"any": site.url}, start_urls=[url], viewport=Viewport(width=width, height=height)
            ) as environment:
                if page.before:
                    await environment.run_script(page.before)
                first, second = [neutral((await environment.observe()).text, site) for _ in range(2)]
            assert "description: a picture of" in first or page.name == "wiki_landing"
            assert renumbered(first) == renumbered(page.seen[view]["text"]), page.name
            assert second == first
