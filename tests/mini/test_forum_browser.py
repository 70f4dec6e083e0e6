"""The forum in a real browser: the official page hooks, and how much there is on its pages."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright

from webarena_mini.farm import Farm
from webarena_runner.browser.find import find_browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
ARGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
OWN, LINK, PICTURE = "/f/boardgames/10513/", "/f/gadgets/10192/", "/f/hiking/10435/"
ADDRESSES = (
    "[...document.querySelector('.submission__inner').querySelectorAll('[href],[src]')]"
    ".map(elem => elem.getAttribute('href') || elem.getAttribute('src')).join(' ')"
)
HOOKS = {
    OWN: {
        "document.querySelector('div.submission__vote').querySelector('form').getAttribute('class')": (
            "vote vote--user-upvoted"
        ),
        "document.querySelector('.submission__title').outerText": "Our game night has outgrown the kitchen table.",
        "document.querySelector('.submission__body').outerText": "Splitting into two tables works",
        "document.querySelector('.submission__inner').outerText": "Submitted by MarvelsGrantMan136",
        "document.querySelector('.comment__body').outerText": "Write down who wants to play what",
    },
    LINK: {ADDRESSES: "https://www.plainreviews.example/we-tested"},
    PICTURE: {ADDRESSES: "/submission_images/"},
    "/user/MarvelsGrantMan136": {"document.querySelector('.user-bio__biography').outerText": "Weekend astronomer"},
    "/f/PortAlder/edit": {
        "document.querySelector('#forum_description').value": "harbor city",
        "document.querySelector('#forum_sidebar').value": "## Rules",
    },
    "/": {"document.querySelector('#sidebar > section').outerText": "PortAlder"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page() -> AsyncIterator[Page]:
    """A page of the official account in the official viewport; the tests that use it only look."""
    farm = Farm()
    lease = await farm.lease(["reddit"], ["reddit"])
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser().path, args=[*ARGS, "--disable-gpu"])
        context = await browser.new_context(
            viewport={"width": 1280, "height": 720},
            base_url=lease.urls["reddit"],
            storage_state=lease.storage_state,  # type: ignore[arg-type]
        )
        yield await context.new_page()
        await browser.close()
    await farm.close()


async def test_the_official_locators_find_what_is_there(page: Page) -> None:
    for path, locators in HOOKS.items():
        await page.goto(path)
        for locator, expected in locators.items():
            assert expected in await page.evaluate(f"() => {locator}"), locator
