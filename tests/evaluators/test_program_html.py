"""`program_html` on pages of a real Chromium, and what it does with values and errors."""

import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from playwright.async_api import Error, async_playwright
from playwright.async_api import Page as Tab

from tests.evaluators.conftest import Html, Reply, Site
from tests.evaluators.fakes import Page, end_of, evaluate
from webarena_runner.browser.find import find_browser, launch_args
from webarena_runner.errors import BrowserError, ScriptError, TaskFileError
from webarena_runner.evaluators.program_html import HtmlSpec, HtmlTarget, ProgramHtml
from webarena_runner.types import Score

Serve = Callable[[dict[str, Reply]], Site]
MAP = Html("""<!doctype html><title>Map</title>
<form><select class="routing_engines"><option>Foot</option><option selected>Car</option></select>
<input name="route_from" value="Boston &amp; Co"><input type="checkbox" title="General Subscription" checked></form>
<div id="sidebar_content">Distance:&nbsp;<b>5 km</b></div>
<a href="/x">x</a><img src="y.jpg">
<script>function boom() { throw new Error('boom') }</script>""")
RULE = Html("""<!doctype html><div data-index="actions">
<h2 class="admin__collapsible-title" onclick="show()">Actions</h2><p></p></div>
<script>function show() { document.querySelector('p').innerHTML = '&lt;b&gt;10&lt;/b&gt; off' }</script>""")
MEMBER = """<tr><td data-label="Account"><span class="gl-avatar-labeled-sublabel">@{}</span></td>
<td class="col-max-role"><span>{}</span></td></tr>"""
MEMBERS = Html(f"<!doctype html><table>{MEMBER.format('byteblaze', 'Owner')}{MEMBER.format('yjlou', 'Guest')}</table>")


class TabProbe:
    """A page probe on two tabs of a real browser: the agent's and one for other URLs."""

    def __init__(self, agent: Tab, other: Tab) -> None:
        self._agent = agent
        self._other = other

    @property
    def url(self) -> str:
        return self._agent.url

    async def open(self, url: str) -> str:
        await self._other.goto(url)
        return self._other.url

    async def content(self, url: str = "last") -> str:
        return await self._tab(url).content()

    async def evaluate(self, script: str, url: str = "last") -> Any:
        try:
            return await self._tab(url).evaluate(script)
        except Error as error:
            raise ScriptError(str(error)) from error

    def _tab(self, url: str) -> Tab:
        return self._agent if url == "last" else self._other


@pytest.fixture
async def probe(serve: Serve) -> AsyncIterator[tuple[TabProbe, Site]]:
    site = serve({"GET /map": (200, MAP), "GET /rule": (200, RULE), "GET /members": (200, MEMBERS)})
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser().path, args=launch_args(root=os.geteuid() == 0)
        )
        agent, other = await browser.new_page(), await browser.new_page()
        await agent.goto(f"{site.url}/map")
        yield TabProbe(agent, other), site
        await browser.close()


async def _score(probe: TabProbe | Page, *targets: HtmlTarget, urls: dict[str, str] | None = None) -> Score:
    check = HtmlSpec(targets=targets)
    return await evaluate(ProgramHtml(), end_of(check, page=probe, urls=urls or {}))


def _target(locator: str, *, url: str = "last", prep: tuple[str, ...] = (), **required: Any) -> HtmlTarget:
    return HtmlTarget(url=url, locator=locator, required_contents=required, prep_actions=list(prep))


@pytest.mark.browser
async def test_values_of_a_real_page_are_compared_as_python_text(probe: tuple[TabProbe, Site]) -> None:
    got = await _score(
        probe[0],
        _target("document.querySelector('select.routing_engines').selectedIndex", exact_match="1"),
        _target("""document.querySelector('[name="route_from"').value""", must_include=["Boston & Co"]),
        _target("""document.querySelector('[title="General Subscription"]').checked.toString()""", exact_match="true"),
        _target("""document.querySelector('[title="General Subscription"]').checked""", exact_match="True"),
        _target("document.querySelector('#absent')", exact_match="None"),
        _target("document.querySelector('#absent')?.value", exact_match="None"),
        _target("document.querySelector('#absent').value", exact_match=""),
        _target("document.body.children.length / 4", exact_match="1.25"),
        _target(
            "[...document.querySelectorAll('[href],[src]')].map(e => e.getAttribute('href') || 1)",
            exact_match="['/x', 1]",
        ),
        _target("document.nonsense(", exact_match=""),
        _target("document.title + boom()", exact_match=""),
        _target(
            "document.querySelector('[id=\"sidebar_content\"').outerText", must_include=["distance:", "5 km |OR| 6 km"]
        ),
        _target("", must_include=["<b>5 km</b>", "Boston & Co"]),
    )
    assert got.explanation == "all 13 targets hold what is required"
    assert got.value == 1.0


@pytest.mark.browser
async def test_other_pages_are_opened_and_prepared_and_the_agents_tab_is_left_alone(
    probe: tuple[TabProbe, Site],
) -> None:
    page, site = probe
    click = "document.querySelector('[data-index=\"actions\"]').querySelector('.admin__collapsible-title').click()"
    locator = "document.querySelector('[data-index=\"actions\"] p').innerHTML"
    got = await _score(
        page,
        _target(locator, url="__SHOPPING_ADMIN__/rule", prep=(click,), exact_match="<b>10</b> off"),
        _target(locator, url="__SHOPPING_ADMIN__/rule", prep=("document.absent.click()", click), exact_match=""),
        _target(
            "func:gitlab_get_project_memeber_role(__page__, 'yjlou')", url="__GITLAB__/members", exact_match="Guest"
        ),
        _target("func:gitlab_get_project_memeber_role(__page__, 'koush')", url="__GITLAB__/members", exact_match=""),
        urls={"shopping_admin": site.url, "gitlab": site.url},
    )
    assert got.value == 1.0, got.explanation
    assert page.url == f"{site.url}/map"
    assert [seen["opened"] for seen in got.evidence["targets"]] == [f"{site.url}/rule"] * 2 + [
        f"{site.url}/members"
    ] * 2


async def test_all_targets_are_looked_at_also_after_one_has_failed() -> None:
    page = Page(answers=["no", "yes", ScriptError("gone")])
    got = await _score(page, *(_target("document.title", exact_match="yes") for _ in range(3)))
    assert got.value == 0.0
    assert [seen["selected"] for seen in got.evidence["targets"]] == ["no", "yes", ""]
    assert "target 0" in got.explanation
    assert "target 1" not in got.explanation
    assert "target 2" in got.explanation


async def test_a_crashed_browser_is_an_error_and_no_score() -> None:
    with pytest.raises(BrowserError):
        await _score(Page(answers=[BrowserError("the tab crashed")]), _target("document.title", exact_match=""))


async def test_required_texts_are_rendered() -> None:
    target = _target("document.title", must_include=["__GITLAB__/a |OR| __GITLAB__/b"])
    assert (await _score(Page(answers=["see http://g/B"]), target, urls={"gitlab": "http://g"})).value == 1.0


async def test_exact_match_goes_before_must_include_and_has_no_alternatives() -> None:
    target = _target("document.title", exact_match="a |OR| b", must_include=["a"])
    assert (await _score(Page(answers=["a"]), target)).value == 0.0
    assert (await _score(Page(answers=["A |or| B"]), target)).value == 1.0


@pytest.mark.parametrize(
    "target",
    [
        _target("window.title", exact_match="x"),
        _target("lambda: 1", exact_match="x"),
        _target("document.title", required_values=["> 1"]),
        _target("func:os.system('true')", exact_match="x"),
    ],
)
async def test_notation_outside_the_official_one_is_refused(target: HtmlTarget) -> None:
    with pytest.raises(TaskFileError):
        await _score(Page(answers=["x"]), target)
