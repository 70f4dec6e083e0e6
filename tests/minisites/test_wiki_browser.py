"""The encyclopedia in a real browser: suggestions, search by keyboard, weight of pages."""

import pytest
from playwright.async_api import Page, async_playwright, expect

from webarena_runner.browser.find import find_browser
from webarena_runner.minisites.farm import Farm

pytestmark = pytest.mark.browser
UNNAMED = """[...document.querySelectorAll('a, button, img, input:not([type=hidden])')].filter(
  node => !node.textContent.trim() && !node.hasAttribute('alt') && !node.getAttribute('aria-label')
  ).map(node => node.outerHTML)"""


async def test_titles_are_offered_and_pages_have_weight() -> None:
    farm = Farm()
    lease = await farm.lease(["wikipedia"])
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser().path, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 720})
        await page.goto(lease.urls["wikipedia"])
        assert await _accessible_nodes(page) >= 400
        box = page.get_by_role("textbox", name="Search 'Commonlore'")
        await box.press_sequentially("kestrel")
        await expect(page.locator("#suggestions").get_by_role("link", name="Kestrel Point Lighthouse")).to_be_visible()
        await box.press("Enter")
        await page.get_by_role("list").get_by_role("link", name="Kestrel Point Lighthouse").first.click()
        await expect(page.get_by_role("heading", name="Kestrel Point Lighthouse", exact=True)).to_be_visible()
        assert await _accessible_nodes(page) >= 400
        assert await page.evaluate(UNNAMED) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= 1280
        await browser.close()
    await farm.close()


async def _accessible_nodes(page: Page) -> int:
    session = await page.context.new_cdp_session(page)
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    return sum(not node["ignored"] for node in nodes)
