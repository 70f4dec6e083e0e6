"""Pages that change late, made from a seed: the agent sees what it would see after official's 2 s."""

import asyncio
import difflib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.late_cases import make_case, make_cases, pages_of
from tests.support.late_pages import Case
from tests.support.late_play import play
from tests.support.late_site import serve_late
from tests.support.pages import id_of
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Click

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SEED = 3
SAMPLE = (
    *("timer_chain", "interval", "fetch_chain", "debounce", "transition", "animation"),
    *("route", "frames", "iframe", "image", "redirect", "lazy"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sleeping() -> AsyncIterator[BrowserSession]:
    """Waits as official does."""
    settings = BrowserSettings(screenshots="none", recycle_after=1000)
    async with BrowserSession(settings, ObservationSettings(), SettleSettings(mode="official")) as session:
        yield session


async def differing(
    quiet: BrowserSession, official: BrowserSession, cases: list[Case], *, at_once: int
) -> dict[Case, str]:
    """How the two differ, by case."""
    slots = asyncio.Semaphore(at_once)

    async def difference(origin: str, case: Case) -> str:
        async with slots:
            seen, later = await asyncio.gather(play(quiet, origin, case), play(official, origin, case))
        lines = difflib.unified_diff(later.text.split("\n"), seen.text.split("\n"), "official", "quiet", n=0)
        return "\n".join([f"{case.name} after {seen.settle_ms:.0f} ms", *lines]) if seen.text != later.text else ""

    with serve_late(pages_of(cases)) as origin:
        found = await asyncio.gather(*(difference(origin, case) for case in cases))
    return {case: text for case, text in zip(cases, found, strict=True) if text}


@pytest.mark.long
@pytest.mark.alone
async def test_a_sample_of_late_pages_is_seen_as_after_the_official_wait(
    session: BrowserSession, sleeping: BrowserSession
) -> None:
    cases = [make_case(family, 0, seed=SEED) for family in SAMPLE]
    first = await differing(session, sleeping, cases, at_once=len(cases))
    # So many at once may be too much for a busy machine, whichever way it waits.
    assert await differing(session, sleeping, list(first), at_once=1) == {}


@pytest.mark.slow
async def test_three_hundred_late_pages_are_seen_as_after_the_official_wait(
    session: BrowserSession, sleeping: BrowserSession
) -> None:
    assert len(await differing(session, sleeping, make_cases(300, seed=SEED), at_once=3)) <= 3


PAGE = "<!doctype html><button id=go>Go</button><p id=out>Waiting</p><script>{}</script>"
SHOW = "out.textContent = 'Finished'"
# Something on each page never ends; what the action starts is of the same kind, and ends.
LEARNED = {
    "poll": (
        "const poll = () => fetch('/after/5').then(() => setTimeout(poll, 300)); poll();"
        f"go.onclick = () => fetch('/after/300').then(() => {{ {SHOW} }})"
    ),
    "long poll": (
        "const ask = (ms) => fetch(`/after/${ms}`); ask(60000);"
        f"go.onclick = () => ask(100).then(() => ask(300)).then(() => {{ {SHOW} }})"
    ),
    "timer of the same name": (
        "function later(f) { const run = () => f(run); setTimeout(run, 300) } later((again) => setTimeout(again, 300));"
        f"go.onclick = () => later(() => {{ {SHOW} }})"
    ),
    "silent socket": (
        "const line = new WebSocket(`ws://${location.host}/socket`);"
        f"line.onmessage = () => {{ {SHOW} }}; go.onclick = () => line.send('400')"
    ),
    "silent worker": (
        "const it = new Worker(URL.createObjectURL(new Blob(['onmessage = () => setTimeout(postMessage, 400, 1)'])));"
        f"it.onmessage = () => {{ {SHOW} }}; go.onclick = () => it.postMessage(1)"
    ),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def impatient() -> AsyncIterator[BrowserSession]:
    """Waits for 1.2 s at most."""
    settings = BrowserSettings(screenshots="none")
    async with BrowserSession(settings, ObservationSettings(), SettleSettings(limit_s=1.2)) as session:
        yield session


@pytest.mark.long
@pytest.mark.alone
async def test_what_an_action_starts_is_awaited_on_a_page_that_never_goes_quiet(impatient: BrowserSession) -> None:
    async def after_go(url: str) -> str:
        async with impatient.episode(urls={"late": url}, start_urls=[url]) as environment:
            go = Click(element_id=id_of(await environment.observe(), "button 'Go'"))
            return (await environment.step(go)).text

    pages = {f"/{number}": PAGE.format(script) for number, script in enumerate(LEARNED.values())}
    with serve_late(pages) as origin:
        texts = await asyncio.gather(*(after_go(origin + path) for path in pages))
    assert [name for name, text in zip(LEARNED, texts, strict=True) if "Finished" not in text] == []


async def test_an_observation_tells_what_went_on_when_the_wait_ended(impatient: BrowserSession) -> None:
    with serve_late({"/": PAGE.format("fetch('/after/60000')")}) as origin:
        async with impatient.episode(urls={"late": origin}, start_urls=[origin]) as environment:
            first = await environment.observe()
            after = await environment.step(Click(element_id=id_of(first, "button 'Go'")))
    waiting = f"request {origin.removeprefix('http://')}/after/60000"
    assert (first.still_busy, first.not_awaited) == ((waiting,), ())
    assert (after.still_busy, after.not_awaited) == ((), (waiting,))
