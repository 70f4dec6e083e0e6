"""What goes wrong in one episode ends that episode, in time and with its error class; its neighbours play on."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from signal import SIGCONT, SIGKILL, SIGSTOP, Signals

import pytest
import pytest_asyncio

from tests.support.local_site import Site
from tests.support.pages import id_of
from tests.support.processes import below, processes
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.session import BrowserSession
from webarena_runner.errors import EpisodeError, LimitExceeded
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Click, Goto, Observation

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.asyncio(loop_scope="session")]
Play = Callable[[EpisodeEnvironment], Awaitable[Observation]]

COUNTER = """<button onclick='this.nextSibling.textContent = `Pressed ${++n} times`'>Count</button><p></p>
  <script>let n = 0</script>"""
STEPS_OF_NEIGHBOURS = 3


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def quick() -> AsyncIterator[BrowserSession]:
    """One browser with turns for all, in which everything has a short limit."""
    settings = BrowserSettings(
        navigation_timeout_s=1.5, observation_timeout_s=2, step_timeout_s=20, concurrency=4, screenshots="none"
    )
    async with BrowserSession(settings, ObservationSettings(), SettleSettings(limit_s=0.5)) as session:
        yield session


def press(script: str) -> Callable[[Site], tuple[str, Play]]:
    """A page with a button that runs the script, and the press on it."""

    def fault(site: Site) -> tuple[str, Play]:
        async def play(environment: EpisodeEnvironment) -> Observation:
            return await environment.step(Click(element_id=id_of(await environment.observe(), "button 'Go'")))

        return site.page("/fault", f"<button onclick='{script}'>Go</button><p>Here</p>"), play

    return fault


def leave(site: Site) -> tuple[str, Play]:
    """From a page that asks whether it may be left."""
    other = site.page("/other", "<p>Elsewhere</p>")
    page = "<input aria-label=Field><script>onbeforeunload = (event) => event.preventDefault()</script>"

    async def play(environment: EpisodeEnvironment) -> Observation:
        await environment.step(Click(element_id=id_of(await environment.observe(), "textbox 'Field'")))
        return await environment.step(Goto(url=other))

    return site.page("/fault", page), play


def download(site: Site) -> tuple[str, Play]:
    site.page("/file", "text", content_type="application/octet-stream")
    return press("location.href = &quot;/file&quot;")(site)


def signal_renderer(number: Signals) -> Callable[[Site], tuple[str, Play]]:
    """Its process is stopped, or killed, while the agent looks at the page."""

    def fault(site: Site) -> tuple[str, Play]:
        before = renderers()
        url, press_on = press("this.textContent = 1")(site)

        async def play(environment: EpisodeEnvironment) -> Observation:
            seen = await environment.observe()
            for pid in renderers() - before:
                os.kill(pid, number)
            try:
                return await environment.step(Click(element_id=id_of(seen, "button 'Go'")))
            finally:
                # One that Chromium keeps ready for the next page is among them.
                for pid in renderers() - before:
                    os.kill(pid, SIGCONT)

        return url, play

    return fault


def renderers() -> set[int]:
    running = processes()
    return {pid for pid in below(os.getpid(), running) if "--type=renderer" in running[pid][1]}


ENDS = {
    "an endless loop": (press("for (;;) {}"), "browser", "could not be read within 2 s"),
    "dialogs without end": (press("for (;;) alert(1)"), "browser", "could not be read within 2 s"),
    "a renderer that hangs": (signal_renderer(SIGSTOP), "browser", "could not be read within 2 s"),
    "a renderer that is killed": (signal_renderer(SIGKILL), "browser", "crash"),
}
GOES_ON = {
    "a download": (download, "download not kept: file", "Here"),
    "a dialog": (press("prompt(1)"), "prompt dialog closed by itself", "Here"),
    "a page that would not be left": (leave, "beforeunload dialog closed by itself", "Elsewhere"),
}


async def count_on(environment: EpisodeEnvironment, over: asyncio.Event) -> None:
    """Presses the button until it is over, and at least a few times; each press has counted."""
    seen, pressed = await environment.observe(), 0
    while pressed < STEPS_OF_NEIGHBOURS or not over.is_set():
        seen = await environment.step(Click(element_id=id_of(seen, "button 'Count'")))
        pressed += 1
        assert f"Pressed {pressed} times" in seen.text
        assert (seen.action_error, seen.still_busy) == ("", ())


async def played_beside_others(
    session: BrowserSession, site: Site, fault: Callable[[Site], tuple[str, Play]]
) -> Observation:
    counter, over = site.page("/counter", COUNTER), asyncio.Event()
    async with (
        session.episode(urls={"a": site.url}, start_urls=[counter]) as first,
        session.episode(urls={"a": site.url}, start_urls=[counter]) as second,
        asyncio.TaskGroup() as neighbours,
    ):
        url, play = fault(site)
        for each in (first, second):
            neighbours.create_task(count_on(each, over))
        try:
            async with session.episode(urls={"a": site.url}, start_urls=[url]) as environment:
                return await play(environment)
        finally:
            over.set()


@pytest.mark.parametrize(("fault", "error_class", "told"), ENDS.values(), ids=ENDS.keys())
async def test_it_ends_its_episode_and_no_other(
    fault: Callable[[Site], tuple[str, Play]], error_class: str, told: str, site: Site, quick: BrowserSession
) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        await played_beside_others(quick, site, fault)
    (error,) = raised.value.exceptions
    assert isinstance(error, EpisodeError)
    assert (error.error_class, told in str(error)) == (error_class, True), error


@pytest.mark.parametrize(("fault", "told", "shown"), GOES_ON.values(), ids=GOES_ON.keys())
async def test_it_holds_nobody_up(
    fault: Callable[[Site], tuple[str, Play]], told: str, shown: str, site: Site, quick: BrowserSession
) -> None:
    after = await played_beside_others(quick, site, fault)
    assert told in after.action_error
    assert shown in after.text


async def test_a_step_has_a_limit_whatever_holds_it_up(site: Site) -> None:
    site.page("/slow", "<p>Late</p>", after_s=8)
    url = site.page("/", "<a href=/slow>Go</a>")
    async with BrowserSession(
        BrowserSettings(step_timeout_s=2, screenshots="none"), ObservationSettings(), SettleSettings()
    ) as session:
        with pytest.raises(LimitExceeded, match=r"a step \(click\) took longer than 2 s \(browser.step_timeout_s\)"):
            async with session.episode(urls={"a": site.url}, start_urls=[url]) as environment:
                await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Go'")))
