"""Actions that no page can carry out: a step with an `action_error`, and the episode goes on."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import pytest

from tests.browser.conftest import Start
from tests.support.local_site import Site
from tests.support.pages import id_of
from webarena_runner import parse_action
from webarena_runner.agents.prompt import load_prompt
from webarena_runner.agents.prompted import Prompted
from webarena_runner.browser.session import BrowserSession
from webarena_runner.evaluators.string_match import StringMatch, StringSpec
from webarena_runner.interfaces import EvaluatorSetup, SiteLease
from webarena_runner.log.reading import read_steps
from webarena_runner.log.writing import EpisodeLog
from webarena_runner.models.replay import Replay
from webarena_runner.running.browsing import BrowserEnvironments
from webarena_runner.running.episode import Episode, Harness, run_episode
from webarena_runner.settings.records import ActionSettings, LimitSettings, ModelSpec, ObservationSettings, RunSettings
from webarena_runner.types import Check, Ending, Goto, Press, Sampling, TabFocus, Task, Type

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
LONG = "x" * 100_000
NOT_ALLOWED = "is not an address of this task's sites"
PAGE = "<title>Page</title><textarea aria-label=Text></textarea><p>Below</p>"
# What a model wrote, and what the log says of it; {id} is the field's.
BAD = [
    ("click [987654]", "no matching element"),
    ("hover [987654]", "no matching element"),
    ("type [987654] [text] [1]", "no matching element"),
    ("click [" + "9" * 5000 + "]", "no matching element"),
    ("click [-5]", "do not match `click [id]`"),
    ("click [id=5]", "do not match `click [id]`"),
    ("", "the action is empty"),
    ("jump [3]", "unknown action 'jump'"),
    ("\x00\x1b[31m", "unknown action"),
    (LONG, "unknown action"),
    ("[" * 100_000, "unknown action"),
    ("goto [not a url]", NOT_ALLOWED),
    ("goto [http://]", NOT_ALLOWED),
    ("goto [http://[::1]", NOT_ALLOWED),
    ("goto [http://127.0.0.1:99999999/]", NOT_ALLOWED),
    ("goto [http://example.com/]", NOT_ALLOWED),
    ("goto [https://169.254.169.254/latest]", NOT_ALLOWED),
    ("goto [file:///etc/passwd]", NOT_ALLOWED),
    ("goto [javascript:document.title='changed']", NOT_ALLOWED),
    ("goto [chrome://version]", NOT_ALLOWED),
    ("goto [view-source:http://127.0.0.1/]", NOT_ALLOWED),
    ("goto [\x00\x07]", "has a backslash or a control character"),
    (f"goto [http://{LONG}/]", NOT_ALLOWED),
    ("tab_focus [7]", "there is no tab 7"),
    ("tab_focus [-1]", "do not match `tab_focus [number]`"),
    ("tab_focus [" + "9" * 5000 + "]", "do not match `tab_focus [number]`"),
    ("press [Ctrl+v]", 'Unknown key: "Ctrl"'),
    ("press [\x00]", "Unknown key"),
    (f"press [{LONG}]", "Unknown key"),
    ("press [Target closed]", "Unknown key"),
    ("press [browser has been closed]", "Unknown key"),
    ("go_forward", "there is no later page"),
]


@pytest.mark.long
@pytest.mark.alone
@pytest.mark.parametrize(("text", "error"), BAD, ids=lambda value: ascii(value[:24]))
async def test_a_bad_action_is_told_and_changes_nothing(text: str, error: str, site: Site, start: Start) -> None:
    async with start(site.page("/", PAGE)) as environment:
        before = await environment.observe()
        after = await environment.step(parse_action(text))
    assert error in after.action_error
    assert len(after.action_error) < 1000
    assert (after.url, after.text) == (before.url, before.text)


@pytest.mark.parametrize("number", [-1, 2**70])
async def test_a_tab_number_that_no_grammar_lets_through(number: int, site: Site, start: Start) -> None:
    async with start(site.page("/", PAGE)) as environment:
        after = await environment.step(TabFocus(page_number=number))
    assert f"there is no tab {number}" in after.action_error


@pytest.mark.parametrize("url", ["", " ", "\ud800", "http://\ud800/", "about:blank\x00", "data:text/html,\ud800"])
async def test_an_address_that_no_parser_made(url: str, site: Site, start: Start) -> None:
    async with start(site.page("/", PAGE)) as environment:
        after = await environment.step(Goto(url=url))
        assert (await environment.step(Goto(url=f"{site.url}/"))).action_error == ""
    assert after.model_dump_json()


async def test_an_element_that_has_vanished_since_is_clicked_where_it_was(site: Site, start: Start) -> None:
    page = "<title>Page</title><button onclick='this.remove()'>Once</button><p id=rest>Rest</p>"
    async with start(site.page("/", page)) as environment:
        button = id_of(await environment.observe(), "button 'Once'")
        click = parse_action(f"click [{button}]")
        # Gone between observation and action: official clicks the stored place, and so do we.
        await environment.probe().evaluate("() => document.querySelector('button').remove()")
        assert (await environment.step(click)).action_error == ""
        after = await environment.step(click)
    assert f"no matching element: the observation has no [{button}]" in after.action_error


async def test_an_element_whose_middle_is_outside_the_viewport(site: Site, start: Start) -> None:
    low = "<div role=button style='position: absolute; top: 690px; height: 200px; width: 90px'>Low</div>"
    async with start(site.page("/", low)) as environment:
        seen = id_of(await environment.observe(), "button 'Low'")
        for text in (f"click [{seen}]", f"hover [{seen}]", f"type [{seen}] [x] [0]"):
            assert "outside the viewport" in (await environment.step(parse_action(text))).action_error


async def test_typing_into_what_takes_no_text_changes_nothing(site: Site, start: Start) -> None:
    async with start(site.page("/", "<h1>Heading</h1>")) as environment:
        before = await environment.observe()
        after = await environment.step(
            Type(element_id=id_of(before, "heading 'Heading'"), text="text", press_enter=True)
        )
    assert (after.action_error, after.text) == ("", before.text)


@pytest.mark.long
@pytest.mark.alone
@pytest.mark.parametrize("text", [LONG, "\x00\x01\x1b\x7f", "\ud800", "a\u202eb\ufeff", "\r\n\v\f", "+" * 3000])
async def test_any_text_is_typed_or_refused(text: str, site: Site, start: Start) -> None:
    async with start(site.page("/", PAGE)) as environment:
        field = id_of(await environment.observe(), "textbox 'Text'")
        after = await environment.step(Type(element_id=field, text=text, press_enter=False))
    assert after.text.startswith("Tab 0 (current): Page")
    assert after.model_dump_json()


@pytest.mark.long
@pytest.mark.alone
async def test_many_keys_at_once_end_in_time(site: Site, start: Start) -> None:
    async with start(site.page("/", PAGE)) as environment:
        after = await environment.step(Press(key_comb="+".join("ab" * 2000)))
    assert after.text.startswith("Tab 0 (current): Page")


async def test_text_on_a_page_that_no_log_could_hold_is_shown_as_one_that_can(site: Site, start: Start) -> None:
    script = "<p id=p>before</p><script>document.title = 'T\\ud800'; p.textContent = 'half \\udc00 a pair'</script>"
    async with start(site.page("/", script)) as environment:
        seen = await environment.observe()
        value = await environment.probe().evaluate("() => document.title")
    assert seen.text.startswith("Tab 0 (current): T\ufffd\n")
    assert r"'half \udc00 a pair'" in seen.text, "names are printed as Python writes them (official)"
    assert seen.model_dump_json()
    assert value == "T\ufffd"


class OneSite:
    """Lends the test's site."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None: ...

    @asynccontextmanager
    async def lease(
        self, sites: Sequence[str], *, login_sites: Sequence[str], writes: bool
    ) -> AsyncIterator[SiteLease]:
        yield SiteLease({"shopping": self._url})


@pytest.mark.long
@pytest.mark.alone
@pytest.mark.parametrize("show_errors", [False, True])
async def test_an_episode_survives_them_all_and_its_log_shows_each(
    show_errors: bool, site: Site, session: BrowserSession, tmp_path: Path
) -> None:
    site.page("/", PAGE)
    replies = [reply for text, _ in BAD for reply in (f"So ```{text}```", "Then ```hover [1]```")]
    recording = tmp_path / "replies.json"
    recording.write_text(json.dumps([*replies, "```type [1] [\ud800] [0]```", "```stop [survived]```"]))
    model = Replay(ModelSpec(name="replay", backend="replay", options={"path": str(recording)}), environ={})
    agent = Prompted(
        model,
        load_prompt("direct"),
        sampling=Sampling(max_tokens=20),
        settings=ObservationSettings(),
        actions=ActionSettings(show_errors=show_errors),
    )
    task = _task(StringSpec(reference_answers={"exact_match": "survived"}))
    settings = RunSettings(profile="webarena", prompt="direct", limits=LimitSettings(max_steps=500))
    evaluators = {"string_match": StringMatch.build(EvaluatorSetup(settings.scoring))}
    environments = BrowserEnvironments(settings, sites=OneSite(site.url), browser=session, evaluators=evaluators)
    harness = Harness(settings, agent, environments)
    result = await run_episode(harness, Episode(task, 0, EpisodeLog(tmp_path, 1), lambda step: None))
    assert result.failure is None, result.failure
    assert (result.ending, result.value) == (Ending.ANSWERED, 1.0)
    steps = list(read_steps(tmp_path))
    assert len(steps) == 2 * len(BAD) + 2
    for (text, error), step, following in zip(BAD, steps[::2], steps[1::2], strict=False):
        if text:
            assert error in step.action_error, text
        told = f"The browser says: {step.action_error[:40]}" in following.decision.messages[-1].content
        assert told is show_errors


def _task(spec: StringSpec) -> Task:
    return Task(
        task_set="t",
        task_id=1,
        intent="survive",
        sites=("shopping",),
        start_urls=("__SHOPPING__/",),
        login_sites=(),
        template_id=1,
        checks=(Check(kind="string_match", spec=spec.model_dump()),),
        raw={},
    )
