"""Each action against small pages, through the environment that an agent uses."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser.conftest import Start
from tests.support.local_site import Site, serve
from tests.support.pages import id_of
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import (
    Action,
    Click,
    CloseTab,
    GoBack,
    GoForward,
    Goto,
    Hover,
    Invalid,
    NewTab,
    Press,
    Scroll,
    Stop,
    TabFocus,
    Type,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def calm(session: BrowserSession) -> AsyncIterator[EpisodeEnvironment]:
    """One episode for all tests that leave its page as it is, but for what is in the text field."""
    with serve() as site:
        url = site.page("/", "<input aria-label=Field><textarea aria-label=Text></textarea>")
        async with session.episode(urls={"shopping": site.url}, start_urls=[url]) as environment:
            yield environment


async def test_click_lands_in_the_middle_of_the_box(site: Site, start: Start) -> None:
    url = site.page("/", "<button onclick='document.title = `${event.clientX},${event.clientY}`'>Press</button>")
    async with start(url) as environment:
        seen = await environment.observe()
        node_id = id_of(seen, "button 'Press'")
        box = seen.nodes[node_id].box
        after = await environment.step(Click(element_id=node_id))
    assert box is not None
    x, y = (float(part) for part in after.text.split("\n")[0].removeprefix("Tab 0 (current): ").split(","))
    assert (x, y) == pytest.approx((box.x + box.width / 2, box.y + box.height / 2), abs=1)


async def test_click_follows_a_link_and_waits_for_the_page(site: Site, start: Start) -> None:
    site.page("/next", "<h1>Next page</h1>", after_s=0.3)
    async with start(site.page("/", "<a href=/next>Go on</a>")) as environment:
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Go on'")))
    assert after.url == f"{site.url}/next"
    assert "heading 'Next page'" in after.text


async def test_hover_shows_what_appears_on_hover(site: Site, start: Start) -> None:
    style = "<style>p {display: none} button:hover + p {display: block}</style>"
    async with start(site.page("/", f"{style}<button>Menu</button><p>Hidden until then</p>")) as environment:
        seen = await environment.observe()
        after = await environment.step(Hover(element_id=id_of(seen, "button 'Menu'")))
    assert "Hidden until then" not in seen.text
    assert "Hidden until then" in after.text


async def test_typing_adds_to_what_is_there_and_enter_sends_the_form(site: Site, start: Start) -> None:
    site.page("/find?q=old+new", "<h1>Found</h1>")
    form = "<form action=/find><input name=q value='old ' aria-label=Query></form>"
    async with start(site.page("/", form)) as environment:
        field = id_of(await environment.observe(), "textbox 'Query'")
        after = await environment.step(Type(element_id=field, text="new", press_enter=True))
    assert after.url == f"{site.url}/find?q=old+new"
    assert after.deviations == ()


async def test_typing_sends_a_key_event_for_each_character(site: Site, start: Start) -> None:
    page = "<input aria-label=Word><p>none</p><script>let n = 0; onkeydown = () => "
    async with start(
        site.page("/", page + "document.querySelector('p').textContent = `${++n} keys`</script>")
    ) as environment:
        field = id_of(await environment.observe(), "textbox 'Word'")
        after = await environment.step(Type(element_id=field, text="café", press_enter=False))
    assert "3 keys" in after.text, "é is on no US key and is put in without one"
    assert after.deviations == ()


@pytest.mark.parametrize("text", ["“quoted”", "日本", "🙂", "a\tb", "\x00\x07"])
async def test_characters_that_official_cannot_type_are_typed_and_counted(text: str, calm: EpisodeEnvironment) -> None:
    await calm.probe().evaluate("() => { document.querySelector('textarea').value = '' }")
    field = id_of(await calm.observe(), "textbox 'Text'")
    after = await calm.step(Type(element_id=field, text=text, press_enter=False))
    assert after.action_error == ""
    assert await calm.probe().evaluate("() => document.querySelector('textarea').value") == text
    assert any("outside the official key table" in name for name in after.deviations)


async def test_a_hundred_kilobytes_of_text_arrive(site: Site, start: Start) -> None:
    async with start(site.page("/", "<textarea aria-label=Text></textarea>")) as environment:
        field = id_of(await environment.observe(), "textbox 'Text'")
        after = await environment.step(Type(element_id=field, text="word " * 20_000, press_enter=False))
        length = await environment.probe().evaluate("() => document.querySelector('textarea').value.length")
    assert after.action_error == ""
    assert length == 100_000
    assert after.deviations == ("type: long text put in at once",)


async def test_press_takes_combinations(site: Site, start: Start) -> None:
    async with start(site.page("/", "<input value=gone aria-label=Field autofocus>")) as environment:
        await environment.step(Click(element_id=id_of(await environment.observe(), "textbox 'Field'")))
        await environment.step(Press(key_comb="Meta+a"))
        after = await environment.step(Press(key_comb="Delete"))
        value = await environment.probe().evaluate("() => document.querySelector('input').value")
    assert after.action_error == ""
    assert value == ""


async def test_scroll_moves_by_one_window(site: Site, start: Start) -> None:
    page = "<p>Top</p><div style='height: 2000px'></div><p>Bottom</p>"
    async with start(site.page("/", page)) as environment:
        for direction, expected in (("down", 720), ("up", 0)):
            await environment.step(Scroll(direction=direction))
            assert await environment.probe().evaluate("() => window.scrollY") == expected


async def test_history_goes_back_and_forward(site: Site, start: Start) -> None:
    one, two = site.page("/one", "<h1>One</h1>"), site.page("/two", "<h1>Two</h1>")
    async with start(one) as environment:
        await environment.step(Goto(url=two))
        assert (await environment.step(GoBack())).url == one
        assert (await environment.step(GoForward())).url == two
        after = await environment.step(GoForward())
    assert "there is no later page" in after.action_error


async def test_tabs_open_change_and_close_as_official(site: Site, start: Start) -> None:
    one, two = site.page("/one", "<title>One</title>"), site.page("/two", "<title>Two</title>")
    async with start(one, two) as environment:
        assert (await environment.observe()).text.startswith("Tab 0 (current): One | Tab 1: Two\n\n[")
        opened = await environment.step(NewTab())
        assert opened.text.startswith("Tab 0: One | Tab 1: Two | Tab 2 (current): \n\n")
        assert opened.tabs == ("One", "Two", "")
        assert (await environment.step(TabFocus(page_number=0))).url == one
        assert (await environment.step(CloseTab())).text.startswith("Tab 0: Two | Tab 1 (current): \n\n")
        assert (await environment.step(CloseTab())).url == two
        assert (await environment.step(CloseTab())).url == "about:blank"


async def test_a_popup_does_not_take_over_but_can_be_focused(site: Site, start: Start) -> None:
    site.page("/popup", "<title>Popup</title><h1>In the popup</h1>")
    async with start(site.page("/", "<title>Main</title><a target=_blank href=/popup>Open</a>")) as environment:
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Open'")))
        assert after.text.startswith("Tab 0 (current): Main | Tab 1: ")
        focused = await environment.step(TabFocus(page_number=1))
    assert focused.text.startswith("Tab 0: Main | Tab 1 (current): Popup\n\n")
    assert "heading 'In the popup'" in focused.text


async def test_a_tab_that_closes_itself_gives_way_to_the_last_one(site: Site, start: Start) -> None:
    site.page("/popup", "<button onclick='window.close()'>Close me</button>")
    page = "<title>Main</title><button onclick='window.open(`/popup`)'>Open</button>"
    async with start(site.page("/", page)) as environment:
        await environment.step(Click(element_id=id_of(await environment.observe(), "button 'Open'")))
        focused = await environment.step(TabFocus(page_number=1))
        after = await environment.step(Click(element_id=id_of(focused, "button 'Close me'")))
    assert after.text.startswith("Tab 0 (current): Main\n\n")
    assert any("closed by its own script" in name for name in after.deviations)


@pytest.mark.parametrize(
    ("call", "answer"), [("alert('Hey')", "undefined"), ("confirm('Hey')", "false"), ("prompt('Hey')", "null")]
)
async def test_dialogs_are_dismissed_and_reported(call: str, answer: str, site: Site, start: Start) -> None:
    page = f"<p>none</p><button onclick=\"document.querySelector('p').textContent = 'said ' + {call}\">Ask</button>"
    async with start(site.page("/", page)) as environment:
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "button 'Ask'")))
        again = await environment.observe()
    assert f"said {answer}" in after.text
    assert "dialog closed by itself: 'Hey'" in after.action_error
    assert again.action_error == ""


async def test_leaving_a_page_that_asks_to_stay_goes_on(site: Site, start: Start) -> None:
    other = site.page("/other", "<h1>Other</h1>")
    page = "<input aria-label=Field><script>onbeforeunload = (event) => event.preventDefault()</script>"
    async with start(site.page("/", page)) as environment:
        field = id_of(await environment.observe(), "textbox 'Field'")
        await environment.step(Type(element_id=field, text="x", press_enter=False))
        after = await environment.step(Goto(url=other))
    assert after.url == other


async def test_a_download_leaves_the_page_and_is_reported(site: Site, start: Start) -> None:
    headers = {"Content-Disposition": "attachment; filename=data.bin"}
    site.page("/data.bin", "data", content_type="application/octet-stream", headers=headers)
    async with start(site.page("/", "<a href=/data.bin>Get</a>")) as environment:
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Get'")))
    assert after.url == f"{site.url}/"
    assert "download not kept: data.bin" in after.action_error


async def test_a_file_field_can_be_clicked(site: Site, start: Start) -> None:
    async with start(site.page("/", "<input type=file aria-label=Upload>")) as environment:
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "Upload")))
    assert after.action_error == ""


async def test_a_click_outside_the_viewport_says_so(site: Site, start: Start) -> None:
    page = "<div style='position: absolute; top: 700px; height: 100px; width: 90px' role=button>Low</div>"
    async with start(site.page("/", page)) as environment:
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "button 'Low'")))
    assert "outside the viewport" in after.action_error


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (Click(element_id="987654"), "no matching element"),
        (Hover(element_id="987654"), "no matching element"),
        (Type(element_id="987654", text="x", press_enter=True), "no matching element"),
        (Press(key_comb="Ctrl+a"), 'Unknown key: "Ctrl"'),
        (Press(key_comb=""), "Unknown key"),
        (Goto(url="nonsense"), "not an address of this task's sites"),
        (Goto(url=""), "not an address of this task's sites"),
        (TabFocus(page_number=7), "there is no tab 7"),
        (TabFocus(page_number=-1), "there is no tab -1"),
    ],
)
async def test_what_cannot_be_done_is_an_action_error(action: Action, error: str, calm: EpisodeEnvironment) -> None:
    before = await calm.observe()
    after = await calm.step(action)
    assert error in after.action_error
    assert after.text == before.text


async def test_the_id_of_an_element_that_has_gone_is_clicked_where_it_was(site: Site, start: Start) -> None:
    page = "<button onclick='this.remove()'>Once</button>"
    async with start(site.page("/", page)) as environment:
        button = id_of(await environment.observe(), "button 'Once'")
        assert "Once" not in (await environment.step(Click(element_id=button))).text
        after = await environment.step(Click(element_id=button))
    assert "no matching element" in after.action_error


@pytest.mark.parametrize(
    ("action", "error"), [(Stop(answer="done"), ""), (Invalid(raw="?", reason="no action"), "no action")]
)
async def test_stop_and_invalid_do_not_reach_the_page(action: Action, error: str, calm: EpisodeEnvironment) -> None:
    before = await calm.observe()
    after = await calm.step(action)
    assert after.text == before.text
    assert after.action_error == error


async def test_a_page_that_never_answers_ends_as_an_action_error(site: Site) -> None:
    slow = site.page("/slow", "late", after_s=15)
    settings = BrowserSettings(navigation_timeout_s=1.5)
    async with BrowserSession(settings, ObservationSettings(), SettleSettings()) as session:
        url = site.page("/", "<p>Here</p>")
        async with session.episode(urls={"shopping": site.url}, start_urls=[url]) as environment:
            after = await environment.step(Goto(url=slow))
    assert "Timeout 1500ms exceeded" in after.action_error
    assert "Here" in after.text


async def test_a_step_says_where_its_time_went(site: Site, start: Start) -> None:
    async with start(site.page("/", "<p>Text</p>")) as environment:
        after = await environment.step(Scroll(direction="down"))
    assert set(after.timings_ms) == {"queue", "execute", "settle", "observe", "screenshot"}
    assert after.screenshot is not None
    assert after.screenshot[:2] == b"\xff\xd8", "JPEG"
