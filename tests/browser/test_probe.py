"""What evaluators can see."""

import pytest

from tests.browser.conftest import Start
from tests.support.local_site import Reply, Site
from webarena_runner.errors import OutsideSites, ScriptError, SiteError

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_last_is_the_agents_tab_as_it_was_left(site: Site, start: Start) -> None:
    async with start(site.page("/", "<input id=field>")) as environment:
        await environment.tabs.current.page.fill("#field", "typed by the agent")
        probe = environment.probe()
        assert await probe.open("last") == probe.url == f"{site.url}/"
        assert await probe.evaluate("() => document.querySelector('#field').value") == "typed by the agent"
        assert '<input id="field">' in await probe.content()


async def test_other_pages_open_beside_it_with_the_same_cookies(site: Site, start: Start) -> None:
    site.page("/other", "<h1></h1><script>document.querySelector('h1').textContent = document.cookie</script>")
    async with start(site.page("/", "<p>Agent</p><script>document.cookie = 'who=emma'</script>")) as environment:
        before = await environment.observe()
        probe = environment.probe("fresh_tab")
        other = f"{site.url}/other"
        assert await probe.open(other) == other
        assert await probe.evaluate("() => document.querySelector('h1').outerText", other) == "who=emma"
        assert "<h1>who=emma</h1>" in await probe.content(other)
        assert (await environment.observe()).text == before.text
        assert environment.url == probe.url == f"{site.url}/"


async def test_a_redirected_page_is_found_under_the_url_that_was_asked_for(site: Site, start: Start) -> None:
    site.page("/old", "", status=302, headers={"Location": "/new"})
    site.page("/new", "<title>New</title>")
    async with start(site.page("/", "<p>Agent</p>")) as environment:
        probe = environment.probe()
        assert await probe.open(f"{site.url}/old") == f"{site.url}/new"
        assert await probe.evaluate("document.title", f"{site.url}/old") == "New"
    assert site.asked.count("/old") == 1


async def test_opening_again_loads_again(site: Site, start: Start) -> None:
    numbers = iter(range(10))
    other = site.route("/other", lambda: Reply(f"<title>{next(numbers)}</title>"))
    async with start(site.page("/", "<p>Agent</p>")) as environment:
        probe = environment.probe()
        for expected in ("0", "1"):
            await probe.open(other)
            assert await probe.evaluate("document.title", other) == expected


async def test_a_late_page_is_looked_at_when_it_is_quiet(site: Site, start: Start) -> None:
    other = site.page("/other", "<p>Late</p><script>setTimeout(() => { document.title = 'Quiet' }, 500)</script>")
    async with start(site.page("/", "<p>Agent</p>")) as environment:
        assert await environment.probe().evaluate("document.title", other) == "Quiet"


@pytest.mark.parametrize("script", ["() => document.querySelector('#absent').value", "() => {", "() => { throw 1 }"])
async def test_a_script_that_throws_is_a_script_error(script: str, site: Site, start: Start) -> None:
    async with start(site.page("/", "<p>Agent</p>")) as environment:
        with pytest.raises(ScriptError):
            await environment.probe().evaluate(script)


async def test_unclosed_selectors_work_as_browsers_take_them(site: Site, start: Start) -> None:
    async with start(site.page("/", "<input name=route_from value=Here>")) as environment:
        script = """() => document.querySelector('[name="route_from"').value"""
        assert await environment.probe().evaluate(script) == "Here"


async def test_what_is_not_to_be_had_is_a_site_error(site: Site, start: Start) -> None:
    async with start(site.page("/", "<p>Agent</p>")) as environment:
        probe = environment.probe()
        for outside in ("http://127.0.0.1:9/", "file:///etc/passwd", "data:text/html,x", f"{site.url}\\@evil.test/"):
            with pytest.raises(OutsideSites, match="outside this task's sites"):
                await probe.open(outside)
        for status in (500, 502):
            with pytest.raises(SiteError, match=f"status {status}"):
                await probe.open(site.page(f"/{status}", "bad", status=status))
        shown = site.page("/absent", "<h1>Not there</h1>", status=404)
        assert await probe.open(shown) == shown, "an error page of the site itself is what official looks at"


async def test_a_check_that_leaves_the_sites_is_a_site_error(site: Site, start: Start) -> None:
    away = site.page("/away", "", status=302, headers={"Location": "http://outside.test/"})
    async with start(site.page("/", "<title>Here</title><p>Agent</p>")) as environment:
        with pytest.raises(OutsideSites, match="a check left this task's sites"):
            await environment.probe("fresh_tab").open(away)
        probe = environment.probe()
        await environment.tabs.current.page.evaluate("location = 'http://outside.test/'")
        await environment.tabs.current.page.wait_for_url("http://outside.test/")
        with pytest.raises(OutsideSites, match=r"http://outside.test/: a check left this task's sites"):
            await probe.evaluate("document.title")
        # Where the agent has left it, it is the agent's failure.
        assert await environment.probe().evaluate("document.title") == "Blocked"
