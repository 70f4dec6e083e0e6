"""What the agent sees of pages that change late, and how long it waits for pages that do not."""

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser.conftest import Start
from tests.support.local_site import Site
from tests.support.pages import id_of
from webarena_runner.browser.session import BrowserSession
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Click, Scroll, Type

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SHOW = "document.querySelector('p').textContent = 'Finished'"
LATE = {
    "timer": f"setTimeout(() => {{ {SHOW} }}, 800)",
    "chain of timers": f"setTimeout(() => setTimeout(() => setTimeout(() => {{ {SHOW} }}, 300), 300), 300)",
    "text timer": f"setTimeout(`{SHOW}`, 400)",
    "fetch": f"fetch('/slow').then(() => {{ {SHOW} }})",
    "chain of fetches": f"fetch('/slow').then(() => fetch('/slow')).then(() => {{ {SHOW} }})",
    "timer, then fetch": f"setTimeout(() => fetch('/slow').then(() => {{ {SHOW} }}), 300)",
    "request": f"const x = new XMLHttpRequest(); x.onload = () => {{ {SHOW} }}; x.open('GET', '/slow'); x.send()",
    "frames": f"requestAnimationFrame(() => requestAnimationFrame(() => {{ {SHOW} }}))",
    "message": f"const c = new MessageChannel(); c.port1.onmessage = () => {{ {SHOW} }}; c.port2.postMessage(1)",
    "navigation": "location.href = '/finished'",
    "late navigation": "setTimeout(() => { location.href = '/finished' }, 500)",
    "history": f"history.pushState(1, '', '/x'); fetch('/slow').then(() => {{ {SHOW} }})",
    "transition": (
        "const p = document.querySelector('p'); p.style.transition = 'opacity .4s'; p.style.opacity = 0.5; "
        "p.ontransitionend = () => { p.textContent = 'Finished' }"
    ),
    "growing list": (
        "let n = 0; const id = setInterval(() => { document.querySelector('p').append('.'); "
        f"if (++n === 8) {{ clearInterval(id); {SHOW} }} }}, 30)"
    ),
}


@pytest.mark.parametrize("script", LATE.values(), ids=LATE.keys())
async def test_late_changes_are_seen(script: str, site: Site, start: Start) -> None:
    site.page("/slow", "ok", after_s=0.25)
    site.page("/finished", "<h1>Finished</h1>", after_s=0.25)
    page = f"<p>Waiting</p><button>Go</button><script>document.querySelector('button').onclick = () => {{ {script} }}"
    async with start(site.page("/", f"{page}</script>")) as environment:
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "button 'Go'")))
    assert "Finished" in after.text
    assert after.timings_ms["settle"] < 2000


async def test_a_debounced_field_is_seen_with_its_result(site: Site, start: Start) -> None:
    site.page("/suggest", "ok", after_s=0.1)
    page = f"""<input aria-label=Query><p>Waiting</p><script>let timer;
      document.querySelector('input').oninput = () => {{
        clearTimeout(timer);
        timer = setTimeout(() => fetch('/suggest').then(() => {{ {SHOW} }}), 300);
      }};</script>"""
    async with start(site.page("/", page)) as environment:
        field = id_of(await environment.observe(), "textbox 'Query'")
        after = await environment.step(Type(element_id=field, text="eight chars", press_enter=False))
    assert "Finished" in after.text


async def test_a_static_page_is_quiet_at_once(site: Site, start: Start) -> None:
    async with start(site.page("/", "<button>Nothing</button>")) as environment:
        button = Click(element_id=id_of(await environment.observe(), "button 'Nothing'"))
        spent_ms = sorted([(await environment.step(button)).timings_ms["settle"] for _ in range(5)])
    assert spent_ms[2] < 100


RESTLESS = {
    "poll": "const poll = () => setTimeout(poll, 400); poll()",
    "poll by fetch": "const poll = () => fetch('/poll').then(() => setTimeout(poll, 300)); poll()",
    "long poll": "fetch('/long')",
    "changing": "setInterval(() => { document.querySelector('p').textContent = Date.now() }, 20)",
    "animation": "document.querySelector('p').animate({opacity: [0, 1]}, {duration: 900, iterations: Infinity})",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def impatient() -> AsyncIterator[BrowserSession]:
    """Waits for 0.9 s at most."""
    settings = BrowserSettings(screenshots="none")
    async with BrowserSession(settings, ObservationSettings(), SettleSettings(limit_s=0.9)) as session:
        yield session


@pytest.mark.parametrize("script", RESTLESS.values(), ids=RESTLESS.keys())
async def test_a_page_that_never_goes_quiet_costs_the_limit_once(
    script: str, site: Site, impatient: BrowserSession
) -> None:
    site.page("/poll", "ok")
    site.page("/long", "late", after_s=30)
    url = site.page("/", f"<p>.</p><button>Go</button><script>{script}</script>")
    async with impatient.episode(urls={"shopping": site.url}, start_urls=[url]) as environment:
        button = Click(element_id=id_of(await environment.observe(), "button 'Go'"))
        spent_ms = [(await environment.step(button)).timings_ms["settle"] for _ in range(3)]
    assert max(spent_ms) < 1100
    assert min(spent_ms) < 300, spent_ms


SLOW = f"<p>First</p>{'<!-- . -->' * 500}<p>Last</p>"


async def test_a_slow_document_is_waited_for_beyond_the_limit(site: Site, impatient: BrowserSession) -> None:
    site.page("/slow", SLOW, pause_s=1.5)
    url = site.page("/", "<a href=/slow>Go</a>")
    async with impatient.episode(urls={"shopping": site.url}, start_urls=[url]) as environment:
        after = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Go'")))
    assert "Last" in after.text
    assert after.still_busy == ()


async def test_a_document_without_an_end_costs_the_limit_of_a_navigation_once(site: Site) -> None:
    site.page("/endless", SLOW, pause_s=10)
    url = site.page("/", "<a href=/endless>Go</a>")
    settings = BrowserSettings(screenshots="none", navigation_timeout_s=1.5)
    async with (
        BrowserSession(settings, ObservationSettings(), SettleSettings(limit_s=0.4)) as session,
        session.episode(urls={"shopping": site.url}, start_urls=[url]) as environment,
    ):
        first = await environment.step(Click(element_id=id_of(await environment.observe(), "link 'Go'")))
        again = await environment.step(Scroll(direction="down"))
    assert first.timings_ms["settle"] > 1500 > 1000 > again.timings_ms["settle"]
    assert "First" in again.text


async def test_the_wait_cannot_be_seen_or_broken_by_a_page(site: Site, start: Start) -> None:
    page = """<p></p><script>
      const p = document.querySelector('p');
      const named = Object.keys(window).filter((name) => name.startsWith('_'));
      p.textContent = [String(setTimeout), setTimeout.name, setTimeout.length, named.length].join(' | ');
      const ids = [setTimeout((a, b) => { p.append(a + b) }, 10, ' arg', 's'), setTimeout(() => {}, 20)];
      clearTimeout(ids[1]); clearTimeout(undefined); clearInterval(ids[1]);
    </script>"""
    async with start(site.page("/", page)) as environment:
        text = (await environment.observe()).text
    assert "function () { [native code] } | setTimeout | 1 | 0'" in text
    assert "' args'" in text


@pytest.mark.long
@pytest.mark.alone
async def test_official_settling_is_a_fixed_time(site: Site) -> None:
    settle = SettleSettings(mode="official")
    async with BrowserSession(BrowserSettings(screenshots="none"), ObservationSettings(), settle) as session:
        started = time.monotonic()
        async with session.episode(urls={"shopping": site.url}, start_urls=[site.page("/", "<p>Static</p>")]):
            assert time.monotonic() - started > 2
