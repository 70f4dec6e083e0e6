"""The shop in a real browser: names that logins rely on, native controls under mouse and keyboard."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from webarena_mini.farm import Farm
from webarena_runner.browser.find import find_browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
ARGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser().path, args=[*ARGS, "--disable-gpu"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm() -> AsyncIterator[Farm]:
    farm = Farm()
    yield farm
    await farm.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, farm: Farm) -> AsyncIterator[Page]:
    """A page of the official account in the official viewport, on a fresh shop."""
    lease = await farm.lease(["shopping"], ["shopping"])
    context = await browser.new_context(
        viewport={"width": 1280, "height": 720},
        base_url=lease.urls["shopping"],
        storage_state=lease.storage_state,  # type: ignore[arg-type]
    )
    yield await context.new_page()
    await context.close()
    farm.release(lease.lease_id)


async def click_and_type(page: Page, control: Locator, text: str) -> None:
    """As the official actions do: a click on the centre, then keys."""
    box = await control.bounding_box()
    assert box
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.keyboard.type(text)


async def test_the_official_login_works(page: Page) -> None:
    await page.goto("/customer/account/logout/")
    await page.goto("/customer/account/login/")
    await page.get_by_label("Email", exact=True).fill("emma.lopez@gmail.com")
    await page.get_by_label("Password", exact=True).fill("Password.123")
    await page.get_by_role("button", name="Sign In").click()
    await page.goto("/wishlist/")
    assert page.url.endswith("/wishlist/")


async def test_a_sort_order_is_chosen_by_click_and_keys(page: Page) -> None:
    await page.goto("/home-kitchen/lighting.html")
    await click_and_type(page, page.get_by_role("combobox", name="Sort By"), "Product\n")
    await expect(page).to_have_url(re.compile("product_list_order=name"))


async def test_a_sort_order_typed_without_opening_the_list_waits_for_enter(page: Page) -> None:
    await page.goto("/home-kitchen/lighting.html")
    await page.get_by_role("combobox", name="Sort By").focus()
    await page.keyboard.type("Price")
    assert "product_list_order" not in page.url
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("product_list_order=price"))


async def test_a_state_is_chosen_by_click_and_keys(page: Page) -> None:
    await page.goto("/customer/address/edit/id/1/")
    state = page.get_by_role("combobox", name="State/Province")
    await click_and_type(page, state, "New York\n")
    await expect(state).to_have_value("New York")


async def test_enter_in_a_quantity_updates_the_cart(page: Page) -> None:
    await page.goto("/pets-garden/garden-tools.html")
    await page.get_by_role("button", name="Add to Cart").first.click()
    await page.get_by_role("link", name="shopping cart").click()
    quantity = page.get_by_role("textbox", name="Qty")
    await quantity.fill("2")
    await quantity.press("Enter")
    await expect(page.get_by_role("link", name="My Cart")).to_have_text("My Cart 2 items")


async def test_unfolding_a_new_address_chooses_it(page: Page) -> None:
    await page.goto("/pets-garden/garden-tools.html")
    await page.get_by_role("button", name="Add to Cart").first.click()
    await page.goto("/checkout/")
    await page.get_by_text("New Address").click()
    await expect(page.get_by_role("radio", name="Ship to this address")).to_be_checked()


async def test_the_departments_open_and_close(page: Page) -> None:
    await page.goto("/")
    opener = page.get_by_role("button", name="All Departments")
    await opener.click()
    await expect(page.get_by_role("link", name="Puzzles", exact=True)).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="Puzzles", exact=True)).to_be_hidden()


@pytest.mark.parametrize(
    "locator",
    [
        "document.querySelector('.products-grid.wishlist').outerText",
        "document.querySelector('.box.box-address-billing > .box-content').outerText",
        "document.querySelector('.box.box-address-shipping > .box-content').outerText",
        "document.querySelector('.order-details-items.ordered').outerText",
        "document.querySelector('[title=\"What’s on your mind?\"').value",
        "document.querySelector('[title=\"General Subscription\"').checked.toString()",
    ],
)
async def test_the_official_locators_find_something_somewhere(page: Page, locator: str) -> None:
    paths = ("/wishlist/", "/customer/address", "/sales/order/view/order_id/257/", "/contact", "/newsletter/manage/")
    found = []
    for path in paths:
        await page.goto(path)
        found.append(await page.evaluate(f"() => {{ try {{ return {locator} }} catch {{ return null }} }}"))
    assert [value for value in found if value is not None], locator
