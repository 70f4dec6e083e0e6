"""The code hosting site in a real browser: the official log-in, official page hooks."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from webarena_mini.farm import Farm
from webarena_runner.browser.find import find_browser
from webarena_runner.sites.login import log_in
from webarena_runner.sites.proof import proof_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
ARGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
TIDEWATCH = "/harborlight/tidewatch"
HOOKS = {
    TIDEWATCH: [
        "document.querySelector('.visibility-icon').getAttribute('title')",
        "document.querySelector('.home-panel-description-markdown').outerText",
    ],
    f"{TIDEWATCH}/-/issues/8": [
        "document.querySelector('[id=\"notes-list\"').lastElementChild.querySelector('.timeline-discussion-body').outerText",
        "document.querySelector('.detail-page-description').outerText",
        "document.querySelector('[data-qa-selector=\"title_content\"]').outerText",
        "document.querySelector('[data-testid=\"sidebar-due-date\"').outerText",
        "document.querySelector('.block.assignee').outerText",
    ],
    f"{TIDEWATCH}/-/merge_requests/13": [
        "document.querySelectorAll('.detail-page-description > a.gl-font-monospace')[1].outerText",
        "document.querySelector('.block.reviewer').outerText",
    ],
    f"{TIDEWATCH}/-/milestones/2": [
        "document.querySelector('.block.start_date').outerText",
        "document.querySelector('.block.due_date').outerText",
        "document.querySelector('#content-body').outerText",
    ],
    f"{TIDEWATCH}/-/project_members": [
        "document.querySelector(\"td[data-label='Account'] span.gl-avatar-labeled-sublabel\").outerText",
        "document.querySelector('td.col-max-role span').outerText",
    ],
    "/byteblaze": ["document.querySelector('.profile-header [itemprop=\"url\"]').outerText"],
    "/users/byteblaze/following": ["document.querySelector('.user-profile').outerText"],
    "/dashboard/projects": ["document.querySelector('[data-qa-selector=\"projects_list\"').outerText"],
}


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(browser: Browser, farm: Farm) -> AsyncIterator[Page]:
    """A page of the official account in the official viewport; the tests that use it only look."""
    lease = await farm.lease(["gitlab"], ["gitlab"])
    context = await browser.new_context(
        viewport={"width": 1280, "height": 720},
        base_url=lease.urls["gitlab"],
        storage_state=lease.storage_state,  # type: ignore[arg-type]
    )
    yield await context.new_page()
    await context.close()
    farm.release(lease.lease_id)


async def test_the_official_login_works(browser: Browser, farm: Farm) -> None:
    lease = await farm.lease(["gitlab"])
    context = await browser.new_context()
    url = lease.urls["gitlab"]
    before = await proof_of("gitlab", url, "byteblaze", await context.storage_state(), limit_s=10)
    signed_in = await log_in(context, "gitlab", url, ("byteblaze", "hello1234"), limit_s=10)
    after = await proof_of("gitlab", url, "byteblaze", signed_in.state, limit_s=10)
    assert (before.signed_in, after.signed_in) == (False, True)
    assert len(signed_in.state["cookies"]) == 1
    await context.close()
    farm.release(lease.lease_id)


@pytest.mark.parametrize("path", HOOKS)
async def test_the_official_locators_find_something(page: Page, path: str) -> None:
    await page.goto(path)
    for locator in HOOKS[path]:
        found = await page.evaluate(f"() => {locator}")
        assert found.strip(), locator


async def test_the_ways_to_a_new_project_show_one_at_a_time(page: Page) -> None:
    await page.goto("/projects/new")
    button = page.get_by_role("button", name="Create project")
    assert await button.count() == 0
    await page.get_by_role("link", name="Create from template").click()
    assert await button.count() == 1
    assert page.url.endswith("/projects/new#create_from_template")
