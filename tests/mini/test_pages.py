"""Typical pages of every embedded site: real weight for agents, nothing wrong for people with a screen reader."""

import re
import statistics
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, async_playwright

from webarena_mini.catalog import MODULES
from webarena_mini.farm import Farm
from webarena_runner.browser.find import find_browser
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WIKI = "/wikipedia_en_all_maxi_2022-05"
PAGES: Mapping[str, tuple[str, ...]] = {
    "shopping": (
        "/castell-glow-floor-lamp-800-lumen-black.html",
        "/electronics.html",
        "/",
        "/catalogsearch/result/?q=lamp",
        "/customer-service/",
        "/customer/account/",
        "/sales/order/history/",
        "/sales/order/view/order_id/257/",
    ),
    "shopping_admin": (
        "/admin/sales/order/",
        "/corrie-racer-tank.html",
        "/admin/dashboard/",
        "/admin/sales/order/view/order_id/395/",
        "/admin/catalog/product/edit/id/19/",
        "/admin/customer/index/edit/id/4/",
        "/admin/sales_rule/promo_quote/edit/id/2/",
        "/women.html",
    ),
    "reddit": (
        "/f/hiking/10698/trip-report-the-high-shepherd-way-in-late-september",
        "/",
        "/f/cooking",
        "/f/boardgames/10513/-/comment/54947",
        "/forums",
        "/user/MarvelsGrantMan136",
        "/search?q=pan",
        "/notifications",
    ),
    "gitlab": (
        "/harborlight/tidewatch/-/issues/8",
        "/explore",
        "/harborlight/tidewatch",
        "/harborlight/tidewatch/-/issues",
        "/harborlight/tidewatch/-/merge_requests/13",
        "/harborlight/tidewatch/-/blob/main/tidewatch/levels.py",
        "/dashboard/todos",
        "/byteblaze",
    ),
    "wikipedia": (
        f"{WIKI}/A/Port_Alder",
        f"{WIKI}/A/User:The_other_Kiwix_guy/Landing",
        f"{WIKI}/A/Nathaniel_Croft",
        f"{WIKI}/A/Lantern_Owl",
        f"{WIKI}/A/List_of_festivals_in_Halvern",
        f"{WIKI}/A/Category:Museums_in_Halvern",
        "/search?content=wikipedia_en_all_maxi_2022-05&pattern=museum",
    ),
    "map": (
        "/directions?engine=fossgis_osrm_foot&from=Lantern+Theatre&to=Harbor+Cathedral",
        "/",
        "/search?query=hotels%20near%20Port%20Alder%20Station",
        "/directions",
        "/node/4210408858",
        "/way/318220040",
        "/history",
        "/towns",
    ),
    "homepage": ("/", "/calculator.html"),
    "classifieds": (
        "/index.php?page=search&sShowAs=list",
        "/",
        "/index.php?page=search&sCategory=5&sShowAs=gallery&sPriceMax=100",
        "/index.php?page=item&id=84077",
        "/index.php?page=item&action=item_add",
        "/index.php?page=user&action=items",
        "/index.php?page=user&action=pub_profile&id=7",
    ),
}
FEWEST_NODES = 400


# How BrowserGym logs in to a site: the page, a link to the form, labels of the two fields, button; and a page that
# only somebody who is logged in gets to see.
BROWSERGYM = {
    "reddit": ("", "Log in", "Username", "Password", "Log in", "/user/MarvelsGrantMan136/account"),
    "gitlab": ("/users/sign_in", "", "Username or email", "Password", "Sign in", "/-/profile"),
    "shopping": ("/customer/account/login/", "", "Email", "Password", "Sign In", "/wishlist/"),
    "shopping_admin": ("/admin", "", "Username", "Password", "Sign in", "/admin/dashboard/"),
}


@dataclass(frozen=True)
class Visit:
    """All sites in one browser, logged in; `urls` are origins."""

    context: BrowserContext
    urls: Mapping[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def visit() -> AsyncIterator[Visit]:
    farm = Farm()
    lease = await farm.lease(list(MODULES), list(OFFICIAL_ACCOUNTS))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser().path, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 1280, "height": 720}, storage_state=lease.storage_state)
        yield Visit(context, {site: re.match(r"http://[^/]+", url)[0] for site, url in lease.urls.items()})
        await browser.close()
    await farm.close()


async def accessible_nodes(page: Page) -> int:
    session = await page.context.new_cdp_session(page)
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    await session.detach()
    return sum(not node["ignored"] for node in nodes)


async def looked_at(visit: Visit, site: str, paths: tuple[str, ...]) -> list[int]:
    """Node counts of the pages; fails where one is not accessible, asks for what is not there or elsewhere, is wider
    than the window, or has a script that throws.
    """
    counts: list[int] = []
    faults: list[str] = []
    page = await visit.context.new_page()
    page.on("request", lambda sent: None if sent.url.startswith(visit.urls[site]) else faults.append(sent.url))
    page.on("response", lambda got: faults.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    for path in paths:
        await page.goto(visit.urls[site] + path)
        counts.append(await accessible_nodes(page))
        results = await Axe().run(page)
        faults += [
            (path, each["id"], [node["html"][:200] for node in each["nodes"]])
            for each in results.response["violations"]
        ]
        if await page.evaluate("document.documentElement.scrollWidth") > 1280:
            faults.append(f"{path}: wider than the window")
    await page.close()
    assert faults == []
    return counts


@pytest.mark.parametrize("site", BROWSERGYM)
async def test_the_log_in_form_is_one_that_browsergym_can_fill_in(visit: Visit, site: str) -> None:
    start, link, name, password, button, inside = BROWSERGYM[site]
    assert visit.context.browser is not None
    context = await visit.context.browser.new_context(base_url=visit.urls[site])
    page = await context.new_page()
    await page.goto(start or "/")
    if link:
        await page.get_by_role("link", name=link).click()
    exact = site == "shopping"
    await page.get_by_label(name, exact=exact).fill(OFFICIAL_ACCOUNTS[site][0])
    await page.get_by_label(password, exact=exact).fill(OFFICIAL_ACCOUNTS[site][1])
    await page.get_by_role("button", name=button).click()
    await page.goto(inside)
    assert page.url == visit.urls[site] + inside
    await context.close()


@pytest.mark.parametrize("site", PAGES)
async def test_the_most_typical_page_of_a_site(visit: Visit, site: str) -> None:
    assert min(await looked_at(visit, site, PAGES[site][:1])) >= FEWEST_NODES


@pytest.mark.long
@pytest.mark.parametrize("site", PAGES)
async def test_pages_of_a_site(visit: Visit, site: str) -> None:
    counts = await looked_at(visit, site, PAGES[site])
    print(site, dict(zip(PAGES[site], counts, strict=True)), "median", statistics.median(counts))
    assert statistics.median(counts) >= FEWEST_NODES
