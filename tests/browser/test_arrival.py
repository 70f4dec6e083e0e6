"""A start page that is not the site is an error of the site, and is never shown to an agent."""

import pytest

from tests.browser.conftest import Start
from tests.support.local_site import Site, serve
from webarena_runner.browser.session import BrowserSession
from webarena_runner.errors import SiteElsewhere, SiteError

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("status", [403, 404, 410, 500, 503])
async def test_a_start_page_that_answers_with_an_error_is_a_site_error(status: int, site: Site, start: Start) -> None:
    with pytest.raises(SiteError, match=rf"{site.url}/: .*status {status}"):
        async with start(site.page("/", "<h1>No</h1>", status=status)):
            pass


async def test_a_rate_limit_says_what_to_do(site: Site, start: Start) -> None:
    with pytest.raises(SiteError, match=r"status 429 .*fewer --workers"):
        async with start(site.page("/", "<h1>Slow down</h1>", status=429)):
            pass


async def test_the_second_tab_must_arrive_too(site: Site, start: Start) -> None:
    with pytest.raises(SiteError, match="/absent.*status 404"):
        async with start(site.page("/", "<h1>Here</h1>"), f"{site.url}/absent"):
            pass


async def test_a_base_url_on_another_name_of_the_loopback_is_the_same_host(site: Site, session: BrowserSession) -> None:
    configured = site.url.replace("127.0.0.1", "localhost")
    site.page("/", "", status=302, headers={"Location": f"{site.url}/home"})
    site.page("/home", "<h1>Home</h1>")
    async with session.episode(urls={"shopping": configured}, start_urls=[f"{configured}/"]) as environment:
        assert "Home" in (await environment.observe()).text
    assert environment.url == f"{site.url}/home"


async def test_a_base_url_on_another_port_is_named_with_the_remedy(site: Site, start: Start) -> None:
    with serve() as other:
        site.page("/", "", status=302, headers={"Location": f"{other.url}/home"})
        with pytest.raises(SiteElsewhere, match="another host") as raised:
            async with start(f"{site.url}/"):
                pass
        assert other.asked == []
    assert f"configured is {site.url}, arrived at {other.url}" in str(raised.value)
    assert f"set the base URL of the application to {site.url}" in str(raised.value)
    assert not raised.value.may_retry


@pytest.mark.parametrize("foreign", ["http://outside.test/", "https://outside.test/login"])
async def test_a_start_page_that_leads_to_a_foreign_host_is_refused(foreign: str, site: Site, start: Start) -> None:
    site.page("/", "", status=302, headers={"Location": foreign})
    with pytest.raises(SiteElsewhere, match=rf"arrived at {foreign.partition('/login')[0].rstrip('/')}.*none of this"):
        async with start(f"{site.url}/"):
            pass


async def test_a_start_page_on_another_leased_site_is_not_its_site(site: Site, session: BrowserSession) -> None:
    with serve() as other:
        other.page("/", "<h1>Other</h1>")
        site.page("/", "", status=302, headers={"Location": f"{other.url}/"})
        with pytest.raises(SiteElsewhere, match=f"configured is {site.url}, arrived at {other.url}. Give"):
            async with session.episode(urls={"a": site.url, "b": other.url}, start_urls=[f"{site.url}/"]):
                pass


@pytest.mark.parametrize("foreign", ["http://outside.test/", "https://outside.test/"])
async def test_a_script_that_leads_away_is_noticed(foreign: str, site: Site, start: Start) -> None:
    page = site.page("/", f"<h1>Here</h1><script>setTimeout(() => location.replace('{foreign}'), 50)</script>")
    with pytest.raises(SiteElsewhere, match="arrived at https?://outside.test"):
        async with start(page):
            pass


async def test_a_redirect_within_the_site_is_fine(site: Site, start: Start) -> None:
    site.page("/", "", status=302, headers={"Location": "/home"})
    site.page("/home", "<h1>Home</h1>")
    async with start(f"{site.url}/") as environment:
        assert (await environment.observe()).url == f"{site.url}/home"
