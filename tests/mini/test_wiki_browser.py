"""The encyclopedia in a real browser: suggestions, search by keyboard."""

import pytest
from playwright.async_api import async_playwright, expect

from webarena_mini.farm import Farm
from webarena_runner.browser.find import find_browser

pytestmark = pytest.mark.browser


async def test_titles_are_offered_while_one_types() -> None:
    farm = Farm()
    lease = await farm.lease(["wikipedia"])
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser().path, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 720})
        await page.goto(lease.urls["wikipedia"])
        box = page.get_by_role("textbox", name="Search 'Commonlore'")
        await box.press_sequentially("kestrel")
        await expect(page.locator("#suggestions").get_by_role("link", name="Kestrel Point Lighthouse")).to_be_visible()
        await box.press("Enter")
        await page.get_by_role("list").get_by_role("link", name="Kestrel Point Lighthouse").first.click()
        await expect(page.get_by_role("heading", name="Kestrel Point Lighthouse", exact=True)).to_be_visible()
        await browser.close()
    await farm.close()
