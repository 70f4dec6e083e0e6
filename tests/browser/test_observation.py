"""Observations of awkward pages; what is printed of recorded ones is held by the golden tests."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.browser.conftest import Start
from tests.support.local_site import Site
from tests.support.pages import id_of, renumbered
from webarena_runner.browser.observe.capture import read_page
from webarena_runner.browser.observe.devtools import DevTools, Handler
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Click, Goto, Invalid

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ALL_MODES = [
    ObservationSettings(mode=mode, viewport_only=viewport_only)
    for mode in ("accessibility_tree", "html")
    for viewport_only in (True, False)
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def through_playwright() -> AsyncIterator[BrowserSession]:
    async with BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings(), direct=False) as session:
        yield session


COMMENT = 8


class Shuffled:
    """A connection whose snapshots disagree with the script, so that every rectangle is asked for by node."""

    def __init__(self, tools: DevTools) -> None:
        self._tools = tools

    @property
    def closed(self) -> bool:
        return self._tools.closed

    def on(self, event: str, handler: Handler) -> None:
        self._tools.on(event, handler)

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        reply = await self._tools.send(method, params)
        if method == "DOMSnapshot.captureSnapshot":
            types = reply["documents"][0]["nodes"]["nodeType"]
            types[:] = [COMMENT] * len(types)
        return reply

    async def aclose(self) -> None:
        await self._tools.aclose()


AWKWARD = {
    "shadow": """<div id=host><b slot=s>Slotted</b><i>Unslotted</i></div><div id=sealed>Light</div><script>
      host.attachShadow({mode: 'open'}).innerHTML = '<p>Shadow <slot name=s>none</slot><slot name=t>Default</slot></p>';
      sealed.attachShadow({mode: 'closed'}).innerHTML = '<p>Closed</p><button>Inside</button>';</script>""",
    "widgets": """<details open><summary>More</summary><p>Detail</p></details><select><option>One<option>Two</select>
      <select multiple><option>Three</select><input value=v aria-label=I><input type=date aria-label=D>
      <progress value=1></progress><textarea aria-label=T>text</textarea><video controls></video><ul><li>Item</ul>""",
    "pseudo": """<style>p::before {content: 'Before '} p::after {content: ' after'} p::first-letter {color: red}</style>
      <p>Text</p><ol><li>First<li>Second</ol><q>Quoted</q>""",
    "geometry": """<style>div {width: 200px; height: 30px}</style><div style='transform: rotate(30deg)'>Rotated</div>
      <div style='zoom: 1.5'>Zoomed</div><div style='display: contents'><b>Contents</b></div><div hidden>Hidden</div>
      <div style='position: absolute; left: -900px'>Left</div><div style='overflow: scroll'><p>In<p>Out</div>
      <svg width=50 height=20><text y=15>Svg</text><rect width=5 height=5 /></svg><math><mi>x</mi></math>""",
    "frames": "<iframe srcdoc='<p>Framed</p>' title=F></iframe><p>Around</p><object data='data:text/html,x'></object>",
    "clobbered": """<form aria-label=Form><input name=childNodes aria-label=A><input name=nodeType>
      <input name=shadowRoot><input name=getBoundingClientRect></form><img name=createRange alt=R><p>After</p>""",
    "overridden": """<p>Here</p><script>Element.prototype.getBoundingClientRect = () => { throw 1 };
      JSON.stringify = () => 'broken'; Range.prototype.selectNode = null; Array.prototype.push = null;</script>""",
    "surrogates": "<p></p><script>document.querySelector('p').textContent = 'half \\ud83d pair'</script>",
    "comments": "<!-- one --><p>A<!-- two -->B</p><?php x ?><template><p>Not shown</p></template>",
    "newlines": "<div role=button aria-roledescription='two&#10;lines'>Named</div><pre>a\nb\\c 'quoted'</pre>",
    "empty": "",
}


@pytest.mark.parametrize("body", AWKWARD.values(), ids=AWKWARD.keys())
async def test_all_ways_to_read_a_page_agree(
    body: str, site: Site, start: Start, through_playwright: BrowserSession
) -> None:
    url = site.page("/", f"<!--x-->{body}")
    async with (
        start(url) as environment,
        through_playwright.episode(urls={"a": site.url}, start_urls=[url]) as other,
    ):
        for settings in ALL_MODES:
            tab, second = environment.tabs.current, other.tabs.current
            direct = await read_page(tab.tools, tab.activity.main_frame, settings)
            by_node = await read_page(Shuffled(tab.tools), tab.activity.main_frame, settings)
            relayed = await read_page(second.tools, second.activity.main_frame, settings)
            assert by_node.rendered == direct.rendered
            assert renumbered(relayed.rendered.text) == renumbered(direct.rendered.text)


async def test_awkward_pages_show_what_is_on_them(site: Site, start: Start) -> None:
    shown = {
        "shadow": ["Slotted", "Default", "button 'Inside'"],
        "frames": ["Iframe 'F'", "Around"],
        "clobbered": ["form 'Form'", "After"],
        "overridden": ["Here"],
        "surrogates": ["half \\ud83d pair"],
    }
    for name, texts in shown.items():
        async with start(site.page("/", AWKWARD[name])) as environment:
            seen = (await environment.observe()).text
        for text in texts:
            assert text in seen, name
        assert "Unslotted" not in seen
        assert "Framed" not in seen, "official prints the page's own frame only"


async def test_new_properties_are_left_out_unless_asked_for(site: Site, start: Start) -> None:
    url = site.page("/", "<a href=/x>Link</a><a href=/y><img src=/z></a><button aria-expanded=false>B</button>")
    async with start(url) as environment:
        tab = environment.tabs.current
        text = {
            which: (
                await read_page(tab.tools, tab.activity.main_frame, ObservationSettings(ax_properties=which))
            ).rendered.text
            for which in ("published", "browser")
        }
    assert "url:" not in text["published"]
    assert "button 'B' expanded: False" in text["published"]
    assert f"link 'Link' url: {site.url}/x" in text["browser"]
    assert "image ''" in text["browser"]
    assert "im" not in text["published"], "without its url an unnamed picture has nothing to print"


async def test_pictures_have_the_role_that_the_published_benchmark_knew(site: Site, start: Start) -> None:
    async with start(site.page("/", "<img alt=Cat src=/cat>")) as environment:
        assert "img 'Cat'" in (await environment.observe()).text


async def test_only_what_is_in_view_is_printed(site: Site, start: Start) -> None:
    page = "<h1>Seen</h1><div style='height: 3000px'></div><h1>Below</h1>"
    async with start(site.page("/", page)) as environment:
        assert "Below" not in (await environment.observe()).text
        await environment.probe().evaluate("() => window.scrollTo(0, 3000)")
        below = await environment.observe()
    assert "Below" in below.text
    assert "Seen" not in below.text


async def test_a_page_nested_deeper_than_official_can_follow_is_read_and_counted(site: Site, start: Start) -> None:
    # By script, since the parser itself stops nesting at 512.
    page = """<style>section {display: inline}</style><script>let at = document.body; for (let n = 0; n < 1100; n++) {
      at = at.appendChild(document.createElement('section')); at.ariaLabel = `s${n}`; } at.append('Bottom')</script>"""
    async with start(site.page("/", page)) as environment:
        seen = await environment.observe()
    assert "StaticText 'Bottom'" in seen.text
    assert seen.deviations == ("observation: deeper than the official code can recurse",)


@pytest.mark.long
@pytest.mark.alone
async def test_twenty_thousand_nodes_are_read(site: Site, start: Start) -> None:
    rows = "".join(f"<tr><td>{row}<td><a href=/{row}>Row {row}</a>" for row in range(4000))
    async with start(site.page("/", f"<table>{rows}</table>")) as environment:
        tab = environment.tabs.current
        settings = ObservationSettings(viewport_only=False)
        read = await read_page(tab.tools, tab.activity.main_frame, settings)
    assert "link 'Row 3999'" in read.rendered.text
    assert len(read.rendered.nodes) > 20_000


async def test_titles_of_many_tabs_are_all_there(site: Site, start: Start) -> None:
    page = "<title>Main</title><button onclick='for (let n = 0; n < 12; n++) window.open(`/tab`)'>Open</button>"
    site.page("/tab", "<title>Popup</title>")
    async with start(site.page("/", page)) as environment:
        seen = await environment.step(Click(element_id=id_of(await environment.observe(), "button 'Open'")))
    rest = " | ".join(f"Tab {number}: Popup" for number in range(1, 13))
    assert seen.text.startswith(f"Tab 0 (current): Main | {rest}\n\n")


async def test_a_tab_that_cannot_be_read_gives_the_official_tab_line(site: Site, start: Start) -> None:
    one, two = site.page("/one", "<title>One</title>"), site.page("/two", "<title>Two</title>")
    async with start(one, two) as environment:
        other = (await environment.tabs.all())[1]
        with pytest.raises(Exception, match="closed"):
            await other.tools.send("Page.crash")
        seen = await environment.observe()
    assert seen.text.startswith("Tab {idx} | Tab {idx}\n\n")


@pytest.mark.long
@pytest.mark.alone
async def test_pages_that_change_while_they_are_read_are_read(site: Site, start: Start) -> None:
    page = """<ul></ul><script>const list = document.querySelector('ul'); setInterval(() => {
      list.innerHTML = '<li>x</li>'.repeat(Math.random() * 300); }, 1)</script>"""
    async with start(site.page("/", page)) as environment:
        for _ in range(8):
            assert "RootWebArea" in (await environment.observe()).text


@pytest.mark.long
@pytest.mark.alone
async def test_pages_that_navigate_while_they_are_read_are_read(site: Site, start: Start) -> None:
    page = "<p>Turning</p>" + "<i>x</i>" * 300 + "<script>setInterval(() => location.reload(), 30)</script>"
    calm = site.page("/calm", "<p>Calm</p>")
    async with start(site.page("/", page)) as environment:
        for _ in range(3):
            assert "RootWebArea" in (await environment.observe()).text
        # Either navigation may win, the page's or the agent's; neither may end the episode.
        assert "RootWebArea" in (await environment.step(Goto(url=calm))).text


async def test_an_open_dialog_does_not_stop_reading(site: Site, start: Start) -> None:
    async with start(site.page("/", "<p>Below</p>")) as environment:
        page = environment.tabs.current.page
        async with asyncio.timeout(10), page.expect_event("dialog"):
            await page.evaluate("void setTimeout(() => { alert('Look'); }, 10)")
        seen = await environment.step(Invalid(raw="", reason=""))
    assert "Below" in seen.text
    assert "alert dialog closed by itself: 'Look'" in seen.action_error


async def test_documents_that_are_no_html_page_are_read(site: Site, start: Start) -> None:
    site.page("/plain", "just text", content_type="text/plain")
    site.page("/svg", "svg", content_type="image/svg+xml")
    site.page("/xml", "nothing", content_type="text/xml")
    site.page("/picture", "GIF89a", content_type="image/gif")
    site.page("/gone", "<p>x</p><script>document.documentElement.remove()</script>")
    site.page("/frames", "<frameset cols=50%,50%><frame src=/plain><frame src=/plain></frameset>")
    paths = ["/plain", "/svg", "/xml", "/picture", "/gone", "/frames"]
    async with start("about:blank") as environment:
        for url in ["about:blank", *(site.url + path for path in paths)]:
            assert (await environment.step(Goto(url=url))).text.startswith("Tab 0 (current): "), url
            tab = environment.tabs.current
            for settings in ALL_MODES:
                await read_page(tab.tools, tab.activity.main_frame, settings)
