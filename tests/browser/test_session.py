"""Many episodes in one browser; what happens when a page, the browser or a site dies."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from signal import SIGKILL

import pytest

from tests.browser.conftest import Start
from tests.support.local_site import Site, serve
from tests.support.pages import id_of
from tests.support.processes import below, processes
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.observe.capture import ScreenshotType
from webarena_runner.browser.session import BrowserSession
from webarena_runner.errors import BrowserError, BrowserGone, BrowserMissing, SiteError
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Action, Click, Geolocation, Goto, Invalid, Scroll, Viewport

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

COUNTER = """<p></p><button>Count</button><script>
  const show = () => { document.querySelector('p').textContent = `Count ${localStorage.n || 0}${document.cookie}`; };
  document.querySelector('button').onclick = () => { localStorage.n = Number(localStorage.n || 0) + 1; show(); };
  show();
</script>"""


async def test_episodes_at_once_share_nothing(site: Site, start: Start) -> None:
    url = site.page("/", COUNTER)

    async def clicked(times: int) -> str:
        async with start(url) as environment:
            seen = await environment.observe()
            for _ in range(times):
                seen = await environment.step(Click(element_id=id_of(seen, "button 'Count'")))
            return seen.text

    texts = await asyncio.gather(*(clicked(times) for times in range(6)))
    for times, text in enumerate(texts):
        assert f"'Count {times}'" in text


async def test_the_storage_state_is_there_from_the_start(site: Site, session: BrowserSession) -> None:
    cookie = {"name": "who", "value": "emma", "domain": "127.0.0.1", "path": "/", "expires": -1}
    cookie |= {"httpOnly": False, "secure": False, "sameSite": "Lax"}
    state = {"cookies": [cookie], "origins": [{"origin": site.url, "localStorage": [{"name": "n", "value": "7"}]}]}
    url = site.page("/", COUNTER)
    async with session.episode(urls={"a": site.url}, storage_state=state, start_urls=[url]) as environment:
        assert "Count 7who=emma" in (await environment.observe()).text


async def test_start_pages_open_in_order_and_the_first_is_current(site: Site, start: Start) -> None:
    urls = [site.page(f"/{name}", f"<title>{name}</title>") for name in ("a", "b", "c")]
    async with start(*urls) as environment:
        seen = await environment.observe()
    assert seen.text.startswith("Tab 0 (current): a | Tab 1: b | Tab 2: c\n")
    assert seen.url == urls[0]


async def test_a_site_that_is_down_is_a_site_error(session: BrowserSession) -> None:
    with serve() as gone:
        pass
    with pytest.raises(SiteError, match="does not answer: net::ERR_CONNECTION_REFUSED"):
        async with session.episode(urls={"a": gone.url}, start_urls=[f"{gone.url}/"]):
            pass


async def test_a_site_that_fails_is_a_site_error(site: Site, start: Start) -> None:
    with pytest.raises(SiteError, match="status 503"):
        async with start(site.page("/", "<h1>Down</h1>", status=503)):
            pass


async def crash_page(environment: EpisodeEnvironment) -> None:
    await environment.tabs.current.tools.send("Page.crash")


async def run_into(
    fault: Callable[[EpisodeEnvironment], Awaitable[None]], session: BrowserSession, site: Site, url: str
) -> None:
    async with asyncio.timeout(20), session.episode(urls={"a": site.url}, start_urls=[url]) as environment:
        await fault(environment)


async def test_a_crashed_page_is_a_browser_error_and_the_others_go_on(
    site: Site, start: Start, session: BrowserSession
) -> None:
    url = site.page("/", "<p>Here</p>")
    async with start(url) as other:
        with pytest.raises(BrowserError):
            await run_into(crash_page, session, site, url)
        assert "Here" in (await other.step(Scroll(direction="down"))).text


@pytest.mark.parametrize("action", [Scroll(direction="down"), Invalid(raw="", reason="")])
async def test_a_step_on_a_crashed_page_is_a_browser_error(action: Action, site: Site, session: BrowserSession) -> None:
    async def act(environment: EpisodeEnvironment) -> None:
        with pytest.raises(BrowserError):
            await crash_page(environment)
        await environment.step(action)

    with pytest.raises(BrowserError, match="crash"):
        await run_into(act, session, site, site.page("/", "<p>Here</p>"))


@pytest.mark.long
@pytest.mark.parametrize("program", ["run-driver", "--no-startup-window"])
async def test_a_browser_or_driver_that_is_killed_ends_all_its_episodes_at_once_and_the_next_has_a_new_one(
    program: str, site: Site
) -> None:
    url, before, playing = site.page("/", "<p>Here</p>"), below(os.getpid(), processes()), asyncio.Barrier(3)

    async def wait(session: BrowserSession) -> None:
        async with session.episode(urls={"a": site.url}, start_urls=[url]):
            await playing.wait()
            # What waits for nothing of the browser hears of it too.
            await asyncio.Event().wait()

    async with BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings()) as session:
        episodes = [asyncio.create_task(wait(session)) for _ in range(2)]
        await playing.wait()
        running = processes()
        started = below(os.getpid(), running) - before
        for pid in [pid for pid in started if program in running[pid][1]]:
            os.kill(pid, SIGKILL)
        await asyncio.wait(episodes, timeout=5)
        for episode in episodes:
            with pytest.raises(BrowserGone, match="started afresh"):
                episode.result()
        async with session.episode(urls={"a": site.url}, start_urls=[url]) as environment:
            assert "Here" in (await environment.observe()).text
    left = processes()
    assert started & set(left) == set()
    assert below(os.getpid(), left) == before


async def test_the_driver_is_in_no_process_group_of_the_run(session: BrowserSession) -> None:
    running = processes()
    drivers = [pid for pid in below(os.getpid(), running) if "run-driver" in running[pid][1]]
    assert drivers
    assert os.getpgrp() not in map(os.getpgid, drivers), "Ctrl-C in a terminal would reach it"


@pytest.mark.long
@pytest.mark.alone
@pytest.mark.parametrize(("setting", "value"), [("recycle_after", 1), ("recycle_age_s", 0.01), ("recycle_above_mb", 1)])
async def test_the_browser_is_replaced_when_it_is_old_or_large_without_ending_anyones_episode(
    setting: str, value: float, site: Site
) -> None:
    url = site.page("/", "<p>Here</p>")
    settings = BrowserSettings.model_validate({setting: value})
    async with BrowserSession(settings, ObservationSettings(), SettleSettings()) as session:
        async with session.episode(urls={"a": site.url}, start_urls=[url]) as first:
            old = first.tabs.context.browser
            assert old is not None
            async with session.episode(urls={"a": site.url}, start_urls=[url]) as second:
                assert second.tabs.context.browser is not old
                assert old.is_connected()
                assert "Here" in (await first.observe()).text
        assert not old.is_connected()


async def test_a_browser_that_is_neither_old_nor_large_stays(site: Site, session: BrowserSession) -> None:
    url, browsers = site.page("/", "<p>Here</p>"), set()
    for _ in range(3):
        async with session.episode(urls={"a": site.url}, start_urls=[url]) as environment:
            browsers.add(environment.tabs.context.browser)
    assert len(browsers) == 1


async def test_a_page_that_answers_after_the_settle_limit_is_waited_for(site: Site) -> None:
    site.page("/late", "<h1>At last</h1>", after_s=1)
    url = site.page("/", "<a href=/late>Late</a>")
    async with (
        BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings(limit_s=0.3)) as session,
        session.episode(urls={"a": site.url}, start_urls=[url]) as environment,
    ):
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Late'")))
    assert "At last" in after.text


async def test_a_page_that_never_answers_is_given_up(site: Site) -> None:
    site.page("/never", "never", after_s=20)
    url, other = site.page("/", "<p>Here</p><a href=/never>Never</a>"), site.page("/other", "<p>Other</p>")
    async with (
        BrowserSession(
            BrowserSettings(navigation_timeout_s=1.5), ObservationSettings(), SettleSettings(limit_s=0.3)
        ) as session,
        session.episode(urls={"a": site.url}, start_urls=[url]) as environment,
    ):
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Never'")))
        assert "Here" in after.text
        assert "Other" in (await environment.step(Goto(url=other))).text


async def test_an_empty_context_for_logging_in_is_not_fenced_in(session: BrowserSession) -> None:
    with serve() as anywhere:
        url = anywhere.page("/", "<title>Log in</title>")
        async with session.context() as context:
            page = await context.new_page()
            await page.goto(url)
            assert await page.title() == "Log in"


PAINTED = """<button onclick="document.body.style.background = '#abc'">Paint</button><p style="height: 3000px"></p>"""


async def test_a_picture_is_not_taken_again_where_nothing_can_have_changed(site: Site) -> None:
    settings = BrowserSettings(screenshots="changed", viewport_width=320, viewport_height=200)
    async with (
        BrowserSession(settings, ObservationSettings(), SettleSettings()) as session,
        session.episode(urls={"a": site.url}, start_urls=[site.page("/", PAINTED)]) as environment,
    ):
        first = await environment.observe()
        assert (await environment.step(Invalid(raw="", reason=""))).screenshot is first.screenshot
        painted = await environment.step(Click(element_id=id_of(first, "button 'Paint'")))
        assert painted.screenshot not in (None, first.screenshot)
        assert (await environment.step(Scroll(direction="up"))).screenshot is painted.screenshot
        assert (await environment.step(Scroll(direction="down"))).screenshot not in (None, painted.screenshot)


async def test_pictures_can_be_left_out_or_lossless(site: Site) -> None:
    url = site.page("/", "<p>Here</p>")
    for screenshots, kind, start_bytes in (("none", "jpeg", None), ("every", "png", b"\x89PNG")):
        settings = BrowserSettings(screenshots=screenshots, viewport_width=320, viewport_height=200)
        async with (
            BrowserSession(settings, ObservationSettings(), SettleSettings(), screenshot_type=kind) as session,
            session.episode(urls={"a": site.url}, start_urls=[url]) as environment,
        ):
            seen = await environment.step(Invalid(raw="", reason=""))
            assert seen.screenshot_type == kind
            assert (seen.screenshot and seen.screenshot[:4]) == start_bytes


async def test_a_browser_that_is_not_there_is_said_before_anything_starts(tmp_path: object) -> None:
    settings = BrowserSettings(executable=f"{tmp_path}/absent")
    with pytest.raises(BrowserMissing, match=r"browser\.executable is"):
        async with BrowserSession(settings, ObservationSettings(), SettleSettings()):
            pass


async def test_a_task_may_have_a_size_and_a_place_of_its_own(session: BrowserSession, site: Site) -> None:
    where = """() => new Promise((done) => navigator.geolocation.getCurrentPosition(
      ({coords}) => done([coords.latitude, coords.longitude, innerWidth, innerHeight]),
      (error) => done(error.message),
    ))"""
    url = site.page("/", "<p>Here</p><button style='position: fixed; left: 380px; top: 700px'>Far</button>")
    own = {"geolocation": Geolocation(latitude=12.5, longitude=41.9), "viewport": Viewport(width=400)}
    async with session.episode(urls={"a": site.url}, start_urls=[url], **own) as environment:
        assert await environment.tabs.current.page.evaluate(where) == [12.5, 41.9, 400, 720]
        button = id_of(await environment.observe(), "button 'Far'")
        assert (await environment.step(Click(element_id=button))).action_error == ""
    async with session.episode(urls={"a": site.url}, start_urls=[url]) as environment:
        assert "denied" in await environment.tabs.current.page.evaluate(where)


async def test_what_a_page_chooses_the_length_of_is_cut(session: BrowserSession, site: Site) -> None:
    script = """
      document.title = 'T'.repeat(1e6);
      history.replaceState(null, '', '/#' + 'u'.repeat(50000));
      document.querySelector('button').onclick = () => { for (let i = 0; i < 300; i += 1) alert('x'.repeat(1000)) };
    """
    url = site.page("/", f"<p>Here</p><button>Talk</button><script>{script}</script>")
    async with session.episode(urls={"a": site.url}, start_urls=[url]) as environment:
        before = await environment.observe()
        after = await environment.step(Click(element_id=id_of(before, "button 'Talk'")))
    assert len(before.tabs[0]) < 2_100
    assert len(before.url) < 10_100
    assert len(before.text) < 110_000
    assert before.deviations == ("url: cut after 10000 characters", "title: cut after 2000 characters")
    notices = after.action_error.split("; ")
    assert [notice.startswith("alert dialog closed by itself: 'xxx") for notice in notices] == [True] * 5 + [False]
    assert notices[-1] == "295 more like it"
    assert len(after.action_error) < 1_500


async def test_without_a_start_page_an_episode_begins_on_a_blank_one(session: BrowserSession, site: Site) -> None:
    async with session.episode(urls={"a": site.url}, start_urls=[]) as environment:
        assert (await environment.observe()).url == "about:blank"


async def test_chromium_draws_pages_anew_for_the_pictures_of_models_that_see_alone() -> None:
    before, draws_anew = below(os.getpid(), processes()), []
    kinds: tuple[ScreenshotType, ...] = ("png", "jpeg")
    for kind in kinds:
        settings = BrowserSettings(), ObservationSettings(), SettleSettings()
        async with BrowserSession(*settings, screenshot_type=kind):
            running = processes()
            started = [running[pid][1] for pid in below(os.getpid(), running) - before]
        assert any("--remote-debugging-port" in command for command in started)
        draws_anew.append(any("CDPScreenshotNewSurface" in command for command in started))
    assert draws_anew == [True, False]
