"""Shared sites: logging in through the official forms, keeping the state, noticing when it has expired."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.sites.conftest import NewContext
from tests.sites.official_forms import OfficialForms, served
from webarena_mini.server import serve
from webarena_runner.errors import LoginError, SiteError
from webarena_runner.interfaces import SiteLease
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.sites.health import check_sites
from webarena_runner.sites.static import StaticSites

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


class Lab:
    """The four sites with a log-in, running, and a clock that tests move."""

    def __init__(self) -> None:
        self.sites = {site: OfficialForms(site, user, password) for site, (user, password) in OFFICIAL_ACCOUNTS.items()}
        self.urls: dict[str, str] = {}
        self.now_s = 0.0

    def provider(self, new_context: NewContext, *, limit_s: float = 10, **accounts: tuple[str, str]) -> StaticSites:
        return StaticSites(
            self.urls,
            credentials={**OFFICIAL_ACCOUNTS, **accounts},
            new_context=new_context,
            login_limit_s=limit_s,
            recheck_after_s=300,
            clock=lambda: self.now_s,
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
    running.urls, running.now_s = urls, 0.0
    for forms in running.sites.values():
        forms.forget()


async def lease(provider: StaticSites, *login_sites: str) -> SiteLease:
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


async def test_a_state_is_kept_while_it_is_fresh(lab: Lab, new_context: NewContext) -> None:
    provider = lab.provider(new_context)
    await lease(provider, "reddit")
    lab.sites["reddit"].end_sessions()
    await lease(provider, "reddit")
    assert lab.sites["reddit"].logins == 1


async def test_an_old_state_is_checked_and_used_again(lab: Lab, new_context: NewContext) -> None:
    provider = lab.provider(new_context)
    await lease(provider, "gitlab")
    lab.now_s = 301
    await lease(provider, "gitlab")
    assert lab.sites["gitlab"].logins == 1


async def test_an_expired_state_is_renewed(lab: Lab, new_context: NewContext) -> None:
    provider = lab.provider(new_context)
    await lease(provider, "shopping")
    lab.sites["shopping"].end_sessions()
    lab.now_s = 301
    granted = await lease(provider, "shopping")
    assert granted.storage_state is not None
    assert granted.storage_state["cookies"][0]["value"] == "session-2"


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


async def test_a_page_without_the_form_is_a_login_error(lab: Lab, new_context: NewContext) -> None:
    lab.urls["gitlab"] = lab.urls["reddit"]
    with pytest.raises(LoginError, match="could not be sent within 0.5 s"):
        await lease(lab.provider(new_context, limit_s=0.5), "gitlab")


async def test_two_sites_with_one_cookie_name_on_one_host_are_refused(lab: Lab, new_context: NewContext) -> None:
    lab.sites["shopping"].cookie = lab.sites["reddit"].cookie = "PHPSESSID"
    lab.sites["reddit"].logins = 10
    with pytest.raises(LoginError, match="share the cookie 'PHPSESSID' on host 127.0.0.1"):
        await lease(lab.provider(new_context), "shopping", "reddit")


@pytest.mark.parametrize("site", ["shopping", "reddit"])
async def test_the_embedded_sites_have_the_official_log_in(new_context: NewContext, site: str) -> None:
    async with serve([site], port_base=None, token="secret") as served:
        provider = StaticSites(served.urls, credentials=OFFICIAL_ACCOUNTS, new_context=new_context)
        granted = await lease(provider, site)
        assert granted.storage_state is not None
        assert granted.storage_state["cookies"]
        (health,) = await check_sites(served.urls)
        assert (health.status, health.login, health.problem) == (200, 200, "")


async def test_health_tells_fine_broken_and_absent_sites_apart(lab: Lab) -> None:
    lab.sites["gitlab"].broken = True
    urls = {"reddit": lab.urls["reddit"], "gitlab": lab.urls["gitlab"], "map": "http://127.0.0.1:9"}
    reddit, gitlab, absent = await check_sites(urls, limit_s=5)
    assert (reddit.status, reddit.login, reddit.problem) == (200, 200, "")
    assert (gitlab.status, gitlab.problem) == (200, "log-in page answers 503")
    assert absent.status is None
    assert absent.problem
