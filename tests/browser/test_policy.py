"""The fence around an episode, tried from inside a page and by the agent."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websocket

from tests.browser.conftest import Start
from tests.support.local_site import Site, serve
from tests.support.pages import id_of
from webarena_runner.browser.policy import Fence
from webarena_runner.browser.session import BrowserSession
from webarena_runner.errors import OutsideSites
from webarena_runner.types import Click, Goto

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:7770/a?b", True),
        ("ws://127.0.0.1:7770/socket", True),
        ("https://shop.test/", True),
        ("http://[::1]:80/", True),
        ("about:blank", True),
        ("data:text/plain,x", True),
        ("http://127.0.0.1:7771/", False),
        ("http://localhost:7770/", True),
        ("http://shop.test/", False),
        ("http://127.0.0.1:7770@evil.test/", False),
        ("http://127.0.0.1:7770.evil.test/", False),
        ("http://127.0.0.1:99999/", False),
        ("file:///etc/passwd", False),
        ("chrome://version", False),
        ("javascript:alert(1)", False),
        ("view-source:http://127.0.0.1:7770/", False),
        ("127.0.0.1:7770", False),
        ("http://[::1", False),
        ("", False),
        ("http://evil.test\\@127.0.0.1:7770/", False),
        ("http://127.0.0.1:7770/a\tb", False),
        ("http://127.0.0.1:7770/a\x85b", False),
        ("data:text/plain,\n", False),
    ],
)
async def test_the_fence_knows_hosts_and_ports(url: str, allowed: bool) -> None:
    fence = Fence(["http://127.0.0.1:7770", "https://shop.test/store", "http://[::1]/"])
    assert fence.allows(url) is allowed


FETCH = "(url) => fetch(url, {mode: 'no-cors'}).then(() => 'reached', () => 'blocked')"


async def test_a_page_reaches_its_own_site_and_no_other(site: Site, start: Start) -> None:
    with serve() as outside:
        outside.page("/", "secret")
        async with start(site.page("/", "<p>Here</p>")) as environment:
            page = environment.tabs.current.page
            assert await page.evaluate(FETCH, f"{site.url}/") == "reached"
            await page.evaluate(FETCH, f"{outside.url}/")
            await page.evaluate(
                "(url) => new Promise((done) => { const i = new Image(); i.onerror = done; i.src = url })", outside.url
            )
        assert outside.asked == []


async def test_a_redirect_does_not_lead_out(site: Site, start: Start) -> None:
    with serve() as outside:
        outside.page("/", "secret")
        site.page("/away", "", status=302, headers={"Location": f"{outside.url}/"})
        async with start(site.page("/", "<a href=/away>Away</a>")) as environment:
            after = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Away'")))
        assert outside.asked == []
    assert "not one of the sites of this task" in after.text


async def test_a_websocket_does_not_lead_out(site: Site, start: Start) -> None:
    reached: list[str] = []

    async def accept(connection: ServerConnection) -> None:
        reached.append("outside")

    script = """(url) => new Promise((done) => {
      const socket = new WebSocket(url);
      socket.onopen = () => done('open');
      socket.onerror = () => done('refused');
    })"""
    async with serve_websocket(accept, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with start(site.page("/", "<p>Here</p>")) as environment:
            answer = await environment.tabs.current.page.evaluate(script, f"ws://127.0.0.1:{port}/")
    assert (answer, reached) == ("refused", [])


async def test_a_goto_outside_is_an_action_error_and_stays_where_it_is(site: Site, start: Start) -> None:
    with serve() as outside:
        outside.page("/", "secret")
        async with start(site.page("/", "<p>Here</p>")) as environment:
            after = await environment.step(Goto(url=f"{outside.url}/"))
            misread = await environment.step(Goto(url=f"{outside.url}\\@{site.url.removeprefix('http://')}/"))
        assert outside.asked == []
    assert "is not an address of this task's sites" in after.action_error
    assert "has a backslash or a control character in it" in misread.action_error
    assert misread.url == after.url == f"{site.url}/"


async def test_what_the_fence_refuses_is_counted_by_host(site: Site, session: BrowserSession) -> None:
    blocked: dict[str, int] = {}
    socket = "(url) => new Promise((done) => { new WebSocket(url).onerror = done }).then(() => 'refused')"
    urls = {"shopping": site.url}
    async with session.episode(urls=urls, start_urls=[site.page("/", "<p>Here</p>")], blocked=blocked) as environment:
        page = environment.tabs.current.page
        for _ in range(2):
            assert await page.evaluate(FETCH, "http://tiles.test:8080/1.png") == "reached", "our own refusal"
        assert await page.evaluate(FETCH, "https://tiles.test/1.png") == "blocked"
        assert await page.evaluate(socket, "ws://live.test:81/") == "refused"
        assert await page.evaluate(FETCH, f"{site.url}/") == "reached"
        await environment.step(Goto(url="http://agent.test/"))
    assert blocked == {"tiles.test:8080": 2, "tiles.test:443": 1, "live.test:81": 1, "agent.test:80": 1}


async def test_a_page_that_makes_up_hosts_does_not_fill_the_result(site: Site, session: BrowserSession) -> None:
    blocked: dict[str, int] = {}
    script = (
        "() => Promise.all([...Array(80).keys()].map((n) => fetch(`http://h${n}.test/`).catch(() => 0))).then(() => 1)"
    )
    urls = {"shopping": site.url}
    async with session.episode(urls=urls, start_urls=[site.page("/", "<p>Here</p>")], blocked=blocked) as environment:
        await environment.tabs.current.page.evaluate(script)
    assert len(blocked) == 51
    assert (blocked["further hosts"], sum(blocked.values())) == (30, 80)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "view-source:http://127.0.0.1/", "http://127.0.0.1:9/", "\\\\a"])
async def test_a_start_page_outside_is_a_site_error_that_is_not_tried_again(url: str, site: Site, start: Start) -> None:
    with pytest.raises(OutsideSites, match="a start page is outside this task's sites") as error:
        async with start(site.page("/", "<p>Here</p>"), url):
            pass
    assert (error.value.error_class, error.value.may_retry) == ("site", False)
    assert site.asked == []


async def test_neither_a_page_nor_the_agent_reaches_the_devtools_port(site: Site, start: Start) -> None:
    async with start(site.page("/", "<p>Here</p>")) as environment:
        page = environment.tabs.current.page
        port = await devtools_port(environment.tabs.context.browser)
        listing = f"http://127.0.0.1:{port}/json"
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        answer = await page.evaluate("(url) => fetch(url).then((reply) => reply.text(), () => 'blocked')", listing)
        assert answer == "blocked"
        after = await environment.step(Goto(url=listing))
        assert "is not an address of this task's sites" in after.action_error
        # Past the check of the address, the network refuses too.
        response = await page.goto(listing)
        assert response is not None
        assert response.status == 403


async def devtools_port(browser: Browser | None) -> int:
    assert browser is not None
    devtools = await browser.new_browser_cdp_session()
    arguments = (await devtools.send("Browser.getBrowserCommandLine"))["arguments"]
    await devtools.detach()
    folder = next(value.partition("=")[2] for value in arguments if value.startswith("--user-data-dir="))
    return int((Path(folder) / "DevToolsActivePort").read_text().split()[0])


async def test_episodes_with_other_sites_in_one_browser_are_fenced_apart(session: BrowserSession) -> None:
    with serve() as one, serve() as two:
        pages = [one.page("/", "<p>One</p>"), two.page("/", "<p>Two</p>")]
        async with (
            session.episode(urls={"a": one.url}, start_urls=pages[:1]) as first,
            session.episode(urls={"b": two.url}, start_urls=pages[1:]) as second,
        ):
            for environment, other in ((first, pages[1]), (second, pages[0])):
                response = await environment.tabs.current.page.goto(other)
                assert response is not None
                assert response.status == 403


async def test_pages_are_cached_behind_the_fence(site: Site, start: Start) -> None:
    site.page("/style.css", "p {}", content_type="text/css", headers={"Cache-Control": "max-age=600"})
    one = site.page("/one", "<link rel=stylesheet href=/style.css><p>One</p>")
    two = site.page("/two", "<link rel=stylesheet href=/style.css><p>Two</p>")
    async with start(one) as environment:
        await environment.step(Goto(url=two))
    assert site.asked.count("/style.css") == 1
