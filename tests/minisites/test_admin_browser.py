"""The shop admin in a real browser: the official log-in, the hooks of evaluators, weight and names of pages."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.minisites.test_shop_browser import ARGS, UNNAMED
from webarena_runner.browser.find import find_browser
from webarena_runner.minisites.farm import Farm
from webarena_runner.sites._login import log_in

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WEIGHED = (
    "/admin/dashboard/", "/admin/sales/order/", "/admin/catalog/product/", "/admin/catalog/product/edit/id/19/",
    "/admin/review/product/index/", "/admin/sales/order/view/order_id/395/", "/corrie-racer-tank.html",
)  # fmt: skip
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


@pytest.mark.long
async def test_pages_have_real_weight_and_named_controls(page: Page, origin: str) -> None:
    counts = []
    session = await page.context.new_cdp_session(page)
    for path in WEIGHED:
        await page.goto(origin + path)
        assert await page.evaluate(UNNAMED) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth") <= 1280, path
        tree = await session.send("Accessibility.getFullAXTree")
        counts.append(sum(not node["ignored"] for node in tree["nodes"]))
    assert sorted(counts)[len(counts) // 2] >= 400


async def test_nothing_comes_from_elsewhere_and_nothing_fails(page: Page, origin: str) -> None:
    faults: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(origin) else faults.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", lambda response: faults.append(response.url) if response.status >= 400 else None)
    for path in ("/admin/catalog/product/", "/admin/sales_rule/promo_quote/new/", "/", "/men.html"):
        await page.goto(origin + path)
    assert faults == []


async def test_a_picker_says_what_is_chosen_in_it(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/admin/catalog/product/new/set/4/type/simple/")
    await page.get_by_text("Default").first.click()
    await page.get_by_role("radio", name="Bottom").check()
    assert await page.locator('[data-role="selected-option"]').inner_text() == "Bottom"
    switch = page.get_by_role("checkbox", name="Enable Product")
    await switch.uncheck()
    assert await switch.input_value() == "2"
