"""Actions of the Playwright-style set on real pages."""

import pytest

from tests.browser.conftest import Start
from tests.support.local_site import Site
from webarena_runner.actions.playwright_grammar import parse_playwright
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Call, PlaywrightCall

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
FORM = """
<title>Form</title>
<label>Title <input id=title value=old data-testid=the-title placeholder="A title" title="Say it"></label>
<label>Colour <select id=colour><option>red<option selected>green</select></label>
<label><input type=checkbox id=agree> Agree</label>
<ul><li>Mug <button onclick="document.title = 'mug'">Add</button><li>Pot <button
 onclick="document.title = 'pot'">Add</button></ul>
<img alt="A pot" src="data:," onclick="document.title = 'image'" width=20 height=20>
<p onmouseover="document.title = 'over'">Hover here</p>
<iframe srcdoc="<button onclick='parent.document.title = `frame`'>Inside</button>"></iframe>
<script>title.onkeydown = (event) => { document.title = event.key }</script>
"""


@pytest.mark.parametrize(
    ("text", "expression", "expected"),
    [
        ('page.get_by_label("Title").fill("new")', "title.value", "new"),
        ('page.get_by_label("Title").type(" new")', "title.value", " newold"),
        ('page.get_by_placeholder("A title").fill("x")', "title.value", "x"),
        ('page.get_by_title("Say it").fill("x")', "title.value", "x"),
        ('page.get_by_test_id("the-title").fill("x")', "title.value", "x"),
        ('page.locator("#title").press("Home")', "document.title", "Home"),
        ('page.get_by_label("Colour").select_option("red")', "colour.value", "red"),
        ('page.get_by_label("Colour").select_option(label=["red"])', "colour.value", "red"),
        ('page.get_by_role("checkbox", name="Agree").check()', "agree.checked", True),
        ('page.get_by_role("listitem").filter(has_text="Pot").get_by_text("Add").click()', "document.title", "pot"),
        ('page.get_by_alt_text("A pot").click()', "document.title", "image"),
        ('page.get_by_text("Hover here").hover()', "document.title", "over"),
        ('page.frame_locator("iframe").get_by_role("button").click()', "document.title", "frame"),
    ],
)
async def test_calls_do_what_they_say(text: str, expression: str, expected: object, site: Site, start: Start) -> None:
    async with start(site.page("/", FORM)) as environment:
        after = await environment.step(parse_playwright(text, quirks=False))
        assert after.action_error == ""
        assert await environment.probe().evaluate(f"() => {expression}") == expected


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ('page.get_by_label("Title").fill("new")', "#title"),
        ('page.get_by_role("button", name="Add").click()', None),
        ('page.get_by_role("button", name="No such").click(timeout=100)', None),
        ('page.frame_locator("iframe").get_by_role("button").click()', "iframe"),
        ('page.press("End")', None),
    ],
)
async def test_it_is_told_where_the_element_was(text: str, selector: str | None, site: Site, start: Start) -> None:
    box = """(selector) => { const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
             return [x, y, width, height] }"""
    async with start(site.page("/", FORM)) as environment:
        page = environment.tabs.current.page
        place = await page.evaluate(box, selector) if selector else None
        after = await environment.step(parse_playwright(text))
        found = after.acted_box
        assert (found is None) == (place is None)
        if found and place:
            x, y, width, height = place
            assert x <= found.x <= found.x + found.width <= x + width
            assert y <= found.y <= found.y + found.height <= y + height


async def test_official_drops_the_choice_which_clears_the_field(site: Site, start: Start) -> None:
    async with start(site.page("/", FORM)) as environment:
        after = await environment.step(parse_playwright('page.get_by_label("Colour").select_option("red")'))
        assert after.action_error == ""
        assert await environment.probe().evaluate("() => colour.value") == ""


async def test_a_link_is_followed_and_the_forms_shared_with_the_id_set_work(site: Site, start: Start) -> None:
    other = site.page("/other", "<h1>Other</h1><div style='height: 3000px'></div>")
    first = site.page("/", "<a href=/other>Go</a>")
    async with start(first) as environment:
        assert (await environment.step(parse_playwright('page.get_by_role("link", name="Go").click()'))).url == other
        await environment.step(parse_playwright('page.scroll("down")'))
        assert await environment.probe().evaluate("() => scrollY") == 720
        assert (await environment.step(parse_playwright("page.go_back()"))).url == first
        assert (await environment.step(parse_playwright("page.new_tab()"))).url == "about:blank"
        assert (await environment.step(parse_playwright(f'page.goto("{other}")'))).url == other
        assert (await environment.step(parse_playwright("page.page_focus(0)"))).url == first
        refused = await environment.step(parse_playwright('page.goto("http://example.com/")'))
    assert "not an address of this task's sites" in refused.action_error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('page.get_by_role("button", name="None such").click(timeout=300)', "Timeout 300ms exceeded"),
        ('page.get_by_role("button", name="Add").click()', "strict mode violation"),
        ('page.locator("li[").click()', "Unexpected token"),
        ('page.get_by_label("Agree").fill("x")', "cannot be filled"),
        ('page.get_by_role("button", name="None such").click(button="left", modifiers=["Nope"])', "modifiers"),
        ('page.page_focus(7)', "there is no tab 7"),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_is_an_action_error(text: str, error: str, site: Site, start: Start) -> None:
    async with start(site.page("/", FORM)) as environment:
        before = await environment.observe()
        after = await environment.step(parse_playwright(text, quirks=False))
    assert error in after.action_error
    assert after.text == before.text


@pytest.mark.parametrize(
    "calls",
    [
        (Call(name="click"),),
        (Call(name="evaluate", args=("1",)), Call(name="click")),
        (Call(name="locator", args=("a",)), Call(name="set_input_files", args=("/etc/passwd",))),
        (Call(name="locator", args=("a",), kwargs={"has": None}), Call(name="click")),
    ],
)
async def test_a_call_that_was_not_made_by_the_parser_is_checked_again(
    calls: tuple[Call, ...], site: Site, start: Start
) -> None:
    async with start(site.page("/", "<a>Text</a>")) as environment:
        after = await environment.step(PlaywrightCall(calls=calls))
    assert after.action_error.startswith("playwright: ")


async def test_new_tabs_are_followed_where_the_profile_says_so(site: Site) -> None:
    site.page("/popup", "<title>Popup</title>")
    page = site.page("/", "<title>Main</title><a target=_blank href=/popup>Open</a>")
    settings = BrowserSettings(follow_new_tabs=True)
    async with (
        BrowserSession(settings, ObservationSettings(), SettleSettings()) as session,
        session.episode(urls={"shopping": site.url}, start_urls=[page]) as environment,
    ):
        followed = await environment.step(parse_playwright('page.get_by_text("Open").click()'))
    assert followed.text.startswith("Tab 0: Main | Tab 1 (current): Popup")
    assert followed.url == f"{site.url}/popup"


async def test_an_action_that_speaks_of_a_closed_page_is_not_one(site: Site, start: Start) -> None:
    text = 'page.get_by_text("Target page, context or browser has been closed").click(timeout=100)'
    async with start(site.page("/", FORM)) as environment:
        after = await environment.step(parse_playwright(text, quirks=False))
    assert "Timeout 100ms exceeded" in after.action_error
