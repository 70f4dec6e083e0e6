"""The map in a real browser: the hooks that evaluators read, native controls under mouse and keyboard."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, async_playwright, expect

from webarena_mini.farm import Farm
from webarena_runner.browser.find import find_browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
ARGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
ENGINE = 'document.querySelector("div#content select.routing_engines").selectedIndex'
FROM = "document.querySelector('[name=\"route_from\"').value"
SIDEBAR = "document.querySelector('[id=\"sidebar_content\"').outerText"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page() -> AsyncIterator[Page]:
    farm = Farm()
    lease = await farm.lease(["map"])
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser().path, args=[*ARGS, "--disable-gpu"])
        yield await browser.new_page(viewport={"width": 1280, "height": 720}, base_url=lease.urls["map"])
        await browser.close()
    await farm.close()


async def click_and_type(page: Page, control: Locator, text: str) -> None:
    """As the official actions do: a click on the center, then keys."""
    box = await control.bounding_box()
    assert box
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.keyboard.type(text)


async def test_directions_by_keys_leave_what_evaluators_read(page: Page) -> None:
    await page.goto("/")
    await page.get_by_role("link", name="Find directions between two points").click()
    await click_and_type(page, page.get_by_label("Means of travel"), "Foot\n")
    await click_and_type(page, page.get_by_label("From", exact=True), "lantern theatre")
    await click_and_type(page, page.get_by_label("To", exact=True), "harbor cathedral\n")
    await expect(page.get_by_text("Turn by turn")).to_be_visible()
    assert await page.evaluate(ENGINE) == 2
    assert str(await page.evaluate(FROM)).startswith("Lantern Theatre, ")
    assert "Distance: " in await page.evaluate(SIDEBAR)


async def test_choosing_another_engine_finds_the_way_anew(page: Page) -> None:
    await page.goto("/directions?engine=fossgis_osrm_foot&route_from=Lantern+Theatre&route_to=Graywater")
    on_foot = await page.locator("#routing_summary").inner_text()
    await page.get_by_label("Means of travel").select_option("Bicycle")
    await expect(page.locator("#routing_summary")).not_to_have_text(on_foot)
    assert await page.evaluate(ENGINE) == 0


async def test_the_map_is_dragged(page: Page) -> None:
    await page.goto("/search?query=Quillbury&map=13/47.20000/-129.00000")
    await page.mouse.move(900, 400)
    await page.mouse.down()
    await page.mouse.move(800, 400, steps=4)
    await page.mouse.up()
    await page.wait_for_url("**map=13*-128.98*")
    assert "query=Quillbury" in page.url


async def test_a_view_behind_a_hash_is_shown(page: Page) -> None:
    await page.goto("/search?query=museums#map=14/47.2/-129.06")
    await expect(page.get_by_role("img", name="Map of the area around Quillbury, zoom level 14.")).to_be_visible()
    assert "query=museums" in page.url
