"""Sites that need requests of their own in the browser: cookies apart on one host name, headers of one site alone."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.sites.official_forms import OfficialForms, served
from tests.support.shared_sites import shared_sites
from webarena_runner.browser.session import BrowserSession
from webarena_runner.errors import ConfigError, LoginRefused
from webarena_runner.interfaces import SiteLease
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Goto

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
HEADER = "X-Postmill-Auto-Login"
ACCOUNT = ":".join(OFFICIAL_ACCOUNTS["reddit"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session() -> AsyncIterator[BrowserSession]:
    async with BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings()) as session:
        yield session


class Pair:
    """A shop and a forum on one host name, which both use one name for their cookies."""

    def __init__(self) -> None:
        self.shop = OfficialForms("shopping", *OFFICIAL_ACCOUNTS["shopping"])
        self.forum = OfficialForms("reddit", *OFFICIAL_ACCOUNTS["reddit"])
        self.shop.cookie = self.forum.cookie = "PHPSESSID"
        # So that both states never hold one value by chance.
        self.forum.logins = 10
        self.urls: dict[str, str] = {}


@pytest_asyncio.fixture(loop_scope="module")
async def pair() -> AsyncIterator[Pair]:
    made = Pair()
    async with served(made.shop) as shop, served(made.forum) as forum:
        made.urls = {"shopping": shop, "reddit": forum}
        yield made


async def shown(session: BrowserSession, lease: SiteLease, *paths: tuple[str, str]) -> list[str]:
    """What each page says of its visitor, one after the other in one episode."""
    found = []
    async with session.episode(
        urls=lease.urls,
        storage_state=lease.storage_state,
        start_urls=[],
        headers=lease.headers,
        apart=lease.apart,
    ) as environment:
        for site, path in paths:
            seen = await environment.step(Goto(url=lease.urls[site] + path))
            found.append(seen.text.rpartition("'signed ")[2].partition("'")[0] or seen.url)
    return found


async def test_two_sites_with_one_cookie_name_on_one_host_are_both_signed_in(
    pair: Pair, session: BrowserSession
) -> None:
    provider = shared_sites(pair.urls, new_context=session.context)
    both = list(pair.urls)
    async with provider.lease(both, login_sites=both, writes=False) as lease:
        assert sorted(lease.apart) == ["reddit", "shopping"]
        pages = [("shopping", "/"), ("reddit", "/"), ("shopping", "/")]
        assert await shown(session, lease, *pages) == ["in", "in", "in"]
    assert {asked["host"] for asked in pair.shop.asked} == {pair.urls["shopping"].removeprefix("http://")}
    assert {asked.get("cookie") for asked in pair.shop.asked if "mozilla" in asked["user-agent"].lower()} == {
        "PHPSESSID=session-1"
    }


async def test_a_look_at_a_neighbour_signs_out_of_nothing(pair: Pair, session: BrowserSession) -> None:
    """The neighbour gives a session to everybody, as PHP does."""
    provider = shared_sites(pair.urls, new_context=session.context)
    both = list(pair.urls)
    async with provider.lease(both, login_sites=["reddit"], writes=False) as lease:
        assert lease.apart == {}, "a site that sets no cookie takes none away"
    pair.shop.gives_sessions = True
    provider = shared_sites(pair.urls, new_context=session.context)
    async with provider.lease(both, login_sites=["reddit"], writes=False) as lease:
        assert sorted(lease.apart) == ["reddit", "shopping"]
        pages = [("reddit", "/"), ("shopping", "/"), ("reddit", "/")]
        assert await shown(session, lease, *pages) == ["in", "out", "in"]


async def test_a_site_that_a_header_signs_in_to_needs_no_form(pair: Pair, session: BrowserSession) -> None:
    pair.forum.login_header, pair.forum.broken = HEADER, True
    headers = {"reddit": {HEADER: ACCOUNT}}
    provider = shared_sites(pair.urls, new_context=session.context, headers=headers)
    async with provider.lease(list(pair.urls), login_sites=["reddit"], writes=False) as lease:
        assert await shown(session, lease, ("reddit", "/"), ("shopping", "/")) == ["in", "out"]
    assert {asked.get(HEADER.lower()) for asked in pair.forum.asked} == {ACCOUNT}
    assert pair.shop.asked
    assert {asked.get(HEADER.lower()) for asked in pair.shop.asked} == {None}


async def test_a_header_that_does_not_sign_in_leaves_the_form(pair: Pair, session: BrowserSession) -> None:
    headers = {"reddit": {"X-Gateway": "key"}}
    provider = shared_sites(pair.urls, new_context=session.context, headers=headers)
    async with provider.lease(["reddit"], login_sites=["reddit"], writes=False) as lease:
        assert await shown(session, lease, ("reddit", "/")) == ["in"]
    assert pair.forum.logins == 11
    assert {asked.get("x-gateway") for asked in pair.forum.asked} == {"key"}


async def test_a_wrong_account_in_a_header_and_in_the_form_is_a_refusal(pair: Pair, session: BrowserSession) -> None:
    pair.forum.login_header = HEADER
    provider = shared_sites(
        pair.urls,
        new_context=session.context,
        headers={"reddit": {HEADER: "somebody:else"}},
        credentials={"reddit": ("somebody", "else")},
    )
    with pytest.raises(LoginRefused, match="the site did not take the account"):
        async with provider.lease(["reddit"], login_sites=["reddit"], writes=False):
            pass


async def test_headers_of_a_secure_site_are_refused(session: BrowserSession) -> None:
    with pytest.raises(ConfigError, match="headers of one site alone.* need a site with http://"):
        async with session.episode(
            urls={"reddit": "https://forum.test"}, start_urls=[], headers={"reddit": {HEADER: "x"}}
        ):
            pass
