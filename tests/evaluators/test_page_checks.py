"""Where pages that checks name are opened: in the agent's tab (`webarena`) or each in a fresh one (`libwebarena`)."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.evaluators.conftest import Html, Reply, Site
from tests.evaluators.fakes import Spec, task_of
from webarena_runner.browser.session import BrowserSession
from webarena_runner.evaluators import score
from webarena_runner.evaluators.program_html import HtmlSpec, HtmlTarget, ProgramHtml
from webarena_runner.evaluators.url_match import UrlMatch, UrlSpec
from webarena_runner.interfaces import EpisodeEnd, SiteLease
from webarena_runner.settings.profiles import load_profile
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, PageChecks, SettleSettings
from webarena_runner.types import Score

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

Serve = Callable[[dict[str, Reply]], Site]
SHOP = Html("<!doctype html><title>Shop</title><script>sessionStorage.cart = 'lamp'</script>")
CART = Html(
    "<!doctype html><title>Cart</title><p></p><script>"
    "document.querySelector('p').textContent = sessionStorage.cart || 'nothing'; sessionStorage.seen = 'yes'</script>"
)
SEEN = Html(
    "<!doctype html><title>Seen</title><p></p><script>"
    "document.querySelector('p').textContent = sessionStorage.seen || 'no'</script>"
)
ROUTES = {"GET /": (200, SHOP), "GET /cart": (200, CART), "GET /seen": (200, SEEN)}
EVALUATORS = {"program_html": ProgramHtml(), "url_match": UrlMatch()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session() -> AsyncIterator[BrowserSession]:
    settings = BrowserSettings(screenshots="none")
    async with BrowserSession(settings, ObservationSettings(), SettleSettings()) as session:
        yield session


async def _score(
    session: BrowserSession, site: Site, page_checks: PageChecks, *checks: Spec
) -> tuple[float, tuple[Score, ...], str]:
    """Value, scores, and where the agent's tab is afterwards; the agent has left it on the shop's start page."""
    urls = {"shopping": site.url}
    async with session.episode(urls=urls, start_urls=[f"{site.url}/"]) as environment:
        end = EpisodeEnd(task_of(*checks), "", SiteLease(urls), environment.probe(page_checks))
        value, scores = await score(end.task, end, EVALUATORS)
        return value, scores, environment.url


def _target(url: str, locator: str = "document.querySelector('p').outerText", **required: Any) -> HtmlTarget:
    return HtmlTarget(url=url, locator=locator, required_contents=required)


@pytest.mark.parametrize(
    ("profile", "shown"), [("webarena", "lamp"), ("libwebarena", "nothing"), ("strict", "nothing")]
)
async def test_what_only_the_agents_tab_holds_is_seen_in_that_tab_alone(
    profile: str, shown: str, session: BrowserSession, serve: Serve
) -> None:
    check = HtmlSpec(targets=(_target("__SHOPPING__/cart", exact_match="lamp"),))
    value, (seen,), _ = await _score(session, serve(ROUTES), load_profile(profile).settings.scoring.page_checks, check)
    assert (value, seen.evidence["targets"][0]["selected"]) == (float(shown == "lamp"), shown)


@pytest.mark.parametrize(("profile", "title"), [("webarena", "Cart"), ("libwebarena", "Shop")])
async def test_a_later_check_of_the_last_page_sees_where_the_tab_was_taken(
    profile: str, title: str, session: BrowserSession, serve: Serve
) -> None:
    site = serve(ROUTES)
    check = HtmlSpec(
        targets=(_target("__SHOPPING__/cart", must_include=[""]), _target("last", "document.title", exact_match=title))
    )
    value, (seen,), url = await _score(session, site, load_profile(profile).settings.scoring.page_checks, check)
    assert value == 1.0, seen.explanation
    assert seen.evidence["last_url"] == f"{site.url}/", "where the episode ended, whatever the checks do"
    assert url == site.url + ("/cart" if profile == "webarena" else "/")
    assert seen.evidence["targets"][1]["opened"] == url


@pytest.mark.parametrize(("profile", "value"), [("webarena", 1.0), ("libwebarena", 0.0)])
async def test_a_url_match_after_page_checks_sees_where_the_tab_was_taken(
    profile: str, value: float, session: BrowserSession, serve: Serve
) -> None:
    checks = (
        HtmlSpec(targets=(_target("__SHOPPING__/cart", must_include=[""]),)),
        UrlSpec(reference_url="__SHOPPING__/cart"),
    )
    got, _, _ = await _score(session, serve(ROUTES), load_profile(profile).settings.scoring.page_checks, *checks)
    assert got == value


@pytest.mark.parametrize(("page_checks", "seen"), [("agent_tab", "yes"), ("fresh_tab", "no")])
async def test_each_fresh_tab_is_without_what_an_earlier_check_left(
    page_checks: PageChecks, seen: str, session: BrowserSession, serve: Serve
) -> None:
    check = HtmlSpec(
        targets=(_target("__SHOPPING__/cart", must_include=[""]), _target("__SHOPPING__/seen", exact_match=seen))
    )
    value, _, _ = await _score(session, serve(ROUTES), page_checks, check)
    assert value == 1.0
