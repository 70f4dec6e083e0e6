"""Shared sites: logging in through the official forms, keeping the state, noticing when it has expired."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from tests.sites.official_forms import OfficialForms, served
from tests.support.local_site import Reply
from tests.support.local_site import serve as serve_pages
from tests.support.shared_sites import shared_sites
from webarena_mini.server import serve
from webarena_runner.errors import LoginError, LoginRefused, SiteElsewhere, SiteError
from webarena_runner.interfaces import NewContext, SiteLease
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.sites.clashes import Clashes
from webarena_runner.sites.proof import proof_of
from webarena_runner.sites.sessions import TRIES
from webarena_runner.sites.shared import SharedSites

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

FORM = """<form method=post action={action}><input data-testid=username-field>
    <input data-testid=password-field type=password><button data-testid=sign-in-button>Go</button></form>"""


class Lab:
    """The four sites with a log-in, running."""

    def __init__(self) -> None:
        self.sites = {site: OfficialForms(site, user, password) for site, (user, password) in OFFICIAL_ACCOUNTS.items()}
        self.urls: dict[str, str] = {}

    def provider(self, new_context: NewContext, *, limit_s: float = 10, **accounts: tuple[str, str]) -> SharedSites:
        return shared_sites(
            self.urls,
            credentials={**OFFICIAL_ACCOUNTS, **accounts},
            new_context=new_context,
            login_limit_s=limit_s,
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Lab]:
    lab = Lab()
    async with AsyncExitStack() as stack:
        for site, forms in lab.sites.items():
            origin = await stack.enter_async_context(served(forms))
            lab.urls[site] = origin + ("/admin" if site == "shopping_admin" else "")
        yield lab


@pytest.fixture
def lab(running: Lab) -> Iterator[Lab]:
    """The running sites as if they had just started."""
    urls = dict(running.urls)
    yield running
    running.urls = urls
    for forms in running.sites.values():
        forms.forget()


async def lease(provider: SharedSites, *login_sites: str) -> SiteLease:
    async with provider.lease(login_sites, login_sites=login_sites, writes=False) as granted:
        return granted


@pytest.mark.parametrize("site", sorted(OFFICIAL_ACCOUNTS))
async def test_a_lease_is_logged_in_with_the_official_account(lab: Lab, new_context: NewContext, site: str) -> None:
    granted = await lease(lab.provider(new_context), site)
    assert granted.urls == {site: lab.urls[site]}
    assert granted.storage_state is not None
    (cookie,) = granted.storage_state["cookies"]
    assert cookie["name"] == f"{site}_session"
    assert cookie["value"] in lab.sites[site].sessions


async def test_sites_of_one_task_share_one_state(lab: Lab, new_context: NewContext) -> None:
    granted = await lease(lab.provider(new_context), "gitlab", "reddit")
    assert granted.storage_state is not None
    assert {cookie["name"] for cookie in granted.storage_state["cookies"]} == {"gitlab_session", "reddit_session"}


async def test_a_task_without_login_sites_starts_signed_out(lab: Lab, new_context: NewContext) -> None:
    assert (await lease(lab.provider(new_context))).storage_state is None


@pytest.mark.parametrize("site", sorted(OFFICIAL_ACCOUNTS))
async def test_a_session_is_used_again_and_renewed_when_it_has_ended(
    lab: Lab, new_context: NewContext, site: str
) -> None:
    provider = lab.provider(new_context)
    first, second = await lease(provider, site), await lease(provider, site)
    assert (first.storage_state, lab.sites[site].logins) == (second.storage_state, 1)
    lab.sites[site].end_sessions()
    third = await lease(provider, site)
    assert third.storage_state is not None
    assert third.storage_state["cookies"][0]["value"] == "session-2"


async def test_episodes_at_the_same_time_have_sessions_of_their_own(lab: Lab, new_context: NewContext) -> None:
    provider = lab.provider(new_context)

    async def held(site: str) -> list[Any]:
        async with AsyncExitStack() as stack:
            leasing = [provider.lease([site], login_sites=[site], writes=False) for _ in range(2)]
            leases = [await stack.enter_async_context(each) for each in leasing]
            return [each.storage_state for each in leases]

    first, second = await held("shopping")
    assert first != second
    assert await held("shopping") in ([first, second], [second, first])
    assert lab.sites["shopping"].logins == 2
    only, again = await held("shopping_admin")
    assert only == again, "where a log-in ends the account's other sessions there is one for all"


async def test_a_wrong_password_is_a_login_error(lab: Lab, new_context: NewContext) -> None:
    provider = lab.provider(new_context, reddit=("MarvelsGrantMan136", "wrong"))
    with pytest.raises(LoginError, match=r"reddit: logging in as MarvelsGrantMan136 at http://.*/login: .* account"):
        await lease(provider, "reddit")


async def test_a_log_in_page_with_a_server_error_is_a_site_error(lab: Lab, new_context: NewContext) -> None:
    lab.sites["gitlab"].broken = True
    with pytest.raises(SiteError, match="the page answers 503"):
        await lease(lab.provider(new_context), "gitlab")


async def test_a_site_that_is_down_is_a_site_error(lab: Lab, new_context: NewContext) -> None:
    lab.urls["reddit"] = "http://127.0.0.1:9"
    with pytest.raises(SiteError, match="cannot be opened"):
        await lease(lab.provider(new_context), "reddit")


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (Reply("<title>Wiki</title><h1>Wiki</h1>"), r"has no log-in form .* \(status 200\): it is .* \('Wiki'\)"),
        (Reply("<title>No</title>", status=404), r"the page answers 404: it is .* \('No'\)"),
        (Reply(FORM.format(action="http://outside.test/steal")), "arrived at http://outside.test, which was not given"),
        (Reply(FORM.format(action="/elsewhere")), "arrived at https://outside.test, which was not given"),
        (Reply(status=302, headers={"Location": "http://outside.test/"}), "arrived at http://outside.test, which was"),
        (Reply(status=302, headers={"Location": "https://outside.test/"}), "arrived at https://outside.test, which"),
    ],
)
async def test_a_hopeless_log_in_says_why_and_is_tried_once_in_a_run(
    shown: Reply, told: str, new_context: NewContext
) -> None:
    with serve_pages() as site:
        site.route("/users/sign_in", lambda: shown)
        site.route("/elsewhere", lambda: Reply(status=302, headers={"Location": "https://outside.test/"}))
        provider = shared_sites({"gitlab": site.url}, new_context=new_context, login_limit_s=2)
        for _ in range(2):
            with pytest.raises(LoginRefused, match=told) as raised:
                await lease(provider, "gitlab")
            assert not raised.value.may_retry
        assert site.asked.count("/users/sign_in") == TRIES


async def test_a_log_in_page_that_leads_to_another_host_does_not_get_name_and_password(
    lab: Lab, new_context: NewContext
) -> None:
    other = lab.urls["gitlab"]
    with serve_pages() as site:
        site.page("/users/sign_in", "", status=302, headers={"Location": f"{other}/users/sign_in"})
        provider = shared_sites({"gitlab": site.url}, new_context=new_context)
        with pytest.raises(LoginRefused, match=f"configured is {site.url}, arrived at {other}, which was not given"):
            await lease(provider, "gitlab")
    assert lab.sites["gitlab"].logins == 0


async def test_a_session_is_not_shown_to_another_host(lab: Lab, new_context: NewContext) -> None:
    provider = lab.provider(new_context)
    granted = await lease(provider, "gitlab")
    assert granted.storage_state is not None
    with serve_pages() as outside, serve_pages() as site:
        site.page("/-/profile", "", status=302, headers={"Location": f"{outside.url}/-/profile"})
        with pytest.raises(SiteElsewhere, match=f"configured is {site.url}, arrived at {outside.url}"):
            await proof_of("gitlab", site.url, "byteblaze", granted.storage_state, limit_s=5)
        assert (site.asked, outside.asked) == (["/-/profile"], [])


async def test_a_log_in_has_a_limit_for_all_of_it(new_context: NewContext) -> None:
    with serve_pages() as site:
        site.route("/users/sign_in", lambda: Reply(FORM.format(action="/late")))
        site.page("/late", "<h1>Late</h1>", after_s=1.5)
        site.page("/-/profile", "<h1>Me</h1>", after_s=1.5)
        provider = shared_sites({"gitlab": site.url}, new_context=new_context, login_limit_s=2)
        with pytest.raises((LoginError, SiteError), match="within 2 s"):
            await lease(provider, "gitlab")


@pytest.mark.parametrize("header", ["sid=new; Path=/", "sid=; Max-Age=0; Path=/"])
async def test_a_site_that_takes_the_cookie_of_another_away_is_a_clash(
    header: str, lab: Lab, new_context: NewContext
) -> None:
    lab.sites["reddit"].cookie, lab.sites["reddit"].hidden = "sid", False
    with serve_pages() as neighbour:
        neighbour.page("/", "<h1>Shop</h1>", headers={"Set-Cookie": header})
        provider = shared_sites(
            {"reddit": lab.urls["reddit"], "shopping": neighbour.url},
            new_context=new_context,
        )
        for _ in range(2):
            with pytest.raises(LoginRefused, match="shopping sets the cookie 'sid' by which reddit is logged in"):
                async with provider.lease(["reddit", "shopping"], login_sites=["reddit"], writes=False):
                    pass
        assert neighbour.asked == ["/"]
        assert (await lease(provider, "reddit")).storage_state is not None


async def test_two_sites_whose_pages_read_one_cookie_name_on_one_host_are_refused(
    lab: Lab, new_context: NewContext
) -> None:
    for forms in (lab.sites["shopping"], lab.sites["reddit"]):
        forms.cookie, forms.hidden = "sid", False
    lab.sites["reddit"].logins = 10
    told = r"reddit sets the cookie 'sid' by which shopping is .* \(pages can read that cookie of both\); give one"
    with pytest.raises(LoginRefused, match=told):
        await lease(lab.provider(new_context), "shopping", "reddit")


async def test_a_clash_with_a_secure_site_is_refused(lab: Lab, new_context: NewContext) -> None:
    lab.sites["reddit"].cookie = "sid"
    state = (await lease(lab.provider(new_context), "reddit")).storage_state
    urls = {"reddit": lab.urls["reddit"], "gitlab": "https://127.0.0.1:8443"}
    with pytest.raises(LoginRefused, match=r"gitlab is not served by plain http\); give one of them another host name"):
        await Clashes({}).apart(urls, {"reddit": state, "gitlab": {"cookies": [dict(state["cookies"][0], value="x")]}})


@pytest.mark.parametrize("site", ["shopping", "reddit"])
async def test_the_embedded_sites_have_the_official_log_in(new_context: NewContext, site: str) -> None:
    async with serve([site], port_base=None, token="secret") as served:
        provider = shared_sites(served.urls, new_context=new_context)
        granted = await lease(provider, site)
        assert granted.storage_state is not None
        assert granted.storage_state["cookies"]
