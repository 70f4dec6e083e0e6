"""The shop admin in a real browser: the official log-in, the hooks of evaluators."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.mini.test_shop_browser import ARGS
from webarena_mini.farm import Farm
from webarena_runner.browser.find import find_browser
from webarena_runner.sites.login import log_in

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
HOOKS = {
    "/admin/sales/order/view/order_id/395/": (
        'document.querySelector("#order_status").outerText',
        'document.querySelector("#order_history_block").querySelector(".note-list").firstElementChild'
        '.querySelector(".note-list-comment").outerText',
    ),
    "/admin/sales/order/?status=fraud": ('document.querySelector("div.admin__data-grid-filters-current").outerText',),
    "/admin/catalog/product/edit/id/20/": (
        "document.querySelector('[name=\"product[price]\"').value",
        "document.querySelector('[name=\"product[name]\"').value",
        "document.querySelector('[name=\"product[status]\"').value",
        "document.querySelector('[name=\"product[color]\"').value",
        "document.querySelector('[name=\"product[size]\"').value",
        "document.querySelector('input[name=\"product[sale]\"]').value",
        "document.querySelector('[name=\"product[quantity_and_stock_status][qty]\"').value",
        "document.querySelector('[name=\"product[quantity_and_stock_status][is_in_stock]\"').value",
        "document.querySelector('[data-role=\"selected-option\"').outerText",
        "document.querySelector('[data-index=\"category_ids\"').outerText",
    ),
    "/admin/catalog/product/edit/id/19/": ("document.querySelector('[data-index=\"configurable\"').outerText",),
    "/admin/review/product/edit/id/9": ("document.querySelector('[name=\"status_id\"').value",),
    "/admin/cms/page/edit/page_id/1/": ("document.querySelector('input[name=\"title\"').value",),
    "/admin/reports/report_sales/sales/?from=5/1/2021&to=3/31/2022": (
        "document.querySelector('[id=\"sales_report_from\"').value",
        "document.querySelector('[id=\"sales_report_to\"').value",
    ),
    "/admin/sales_rule/promo_quote/edit/id/2/": (
        "document.querySelector(\"[name='name'\").value",
        "document.querySelector('[name=\"website_ids\"').selectedIndex",
        "document.querySelector('[name=\"customer_group_ids\"').selectedIndex",
        "document.querySelector('[name=\"simple_action\"').value",
        "document.querySelector('[name=\"discount_amount\"').value",
        "document.querySelector('[data-index=\"actions\"]').querySelector('.admin__collapsible-title').tagName",
    ),
    "/admin/../corrie-racer-tank.html": (
        "document.querySelector('.data.item.content').outerText"
        " + (document.querySelector('.product.attribute.overview [itemprop=\"description\"]')?.outerText || '')",
    ),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser().path, args=[*ARGS, "--disable-gpu"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def origin() -> AsyncIterator[str]:
    farm = Farm()
    lease = await farm.lease(["shopping_admin"])
    yield lease.urls["shopping_admin"].removesuffix("/admin")
    await farm.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def context(browser: Browser, origin: str) -> AsyncIterator[BrowserContext]:
    """Signed in through the form, as the official log-in does it."""
    context = await browser.new_context(viewport={"width": 1280, "height": 720})
    await log_in(context, "shopping_admin", f"{origin}/admin", ("admin", "admin1234"), limit_s=20)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    page = await context.new_page()
    yield page
    await page.close()


@pytest.mark.long
async def test_the_official_locators_find_something(page: Page, origin: str) -> None:
    for path, locators in HOOKS.items():
        await page.goto(origin + path)
        found = [await page.evaluate(f"() => {locator}") for locator in locators]
        assert all(value not in (None, "") for value in found), f"{path}: {found}"


async def test_a_picker_says_what_is_chosen_in_it(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/admin/catalog/product/new/set/4/type/simple/")
    await page.get_by_text("Default").first.click()
    await page.get_by_role("radio", name="Bottom").check()
    assert await page.locator('[data-role="selected-option"]').inner_text() == "Bottom"
    switch = page.get_by_role("checkbox", name="Enable Product")
    await switch.uncheck()
    assert await switch.input_value() == "2"
