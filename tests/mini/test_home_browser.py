"""The keys of the calculator, which need a script, in a real browser."""

import pytest
from playwright.async_api import async_playwright, expect

from webarena_mini.farm import Farm
from webarena_runner.browser.find import find_browser

pytestmark = pytest.mark.browser


async def test_the_keys_of_the_calculator_type_into_its_field() -> None:
    farm = Farm()
    lease = await farm.lease(["homepage"])
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser().path, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 720})
        await page.goto(f"{lease.urls['homepage']}/calculator.html?expression=5")
        for key in ("Clear", "sqrt", "1", "6", ")", "*", "4", "2", "Back"):
            await page.get_by_role("button", name=key, exact=True).click()
        await expect(page.locator("#inputExpression")).to_have_value("sqrt(16)*4")
        await page.get_by_role("button", name="Calculate", exact=True).click()
        await expect(page.locator("#result")).to_have_text("16")
        await browser.close()
    await farm.close()
