"""Recordings of an episode: the HAR as it happens, Playwright's trace, and nothing in them that gives access."""

import asyncio
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_site import Reply, Site
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.record.recorder import Recording
from webarena_runner.browser.session import BrowserSession
from webarena_runner.log.har import read_har
from webarena_runner.types import Click, Goto

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PASSWORD = "Password.123"
SESSION = "7f3a91c2d4"
FORM = (
    "<form action=/save method=post {}><input name=title value='a &amp; é'><input type=password name='user[password]'>"
    "<input name=answer value='Password.123'><button>Save</button></form>"
)

ASK = """<button onclick="ask()">Ask</button><script>
  const ask = () => fetch('/api', {
    method: 'POST',
    headers: {'Content-Type': 'application/json', Authorization: 'Bearer t0p'},
    body: JSON.stringify({note: {text: 'é', password: 'x'}}),
  });
</script>"""


def entries(path: Path) -> list[dict[str, Any]]:
    return list(read_har(path)["log"]["entries"])


def of(path: Path, url: str) -> dict[str, Any]:
    """The last entry whose address ends so."""
    return [each for each in entries(path) if each["request"]["url"].endswith(url)][-1]


def headers(side: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"].lower(): each["value"] for each in side["headers"]}


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def click(environment: EpisodeEnvironment, line: str) -> None:
    seen = await environment.observe()
    await environment.step(Click(element_id=next(key for key, node in seen.nodes.items() if line in node.line)))


async def play(session: BrowserSession, site: Site, page: str, recording: Recording, *buttons: str) -> None:
    async with session.episode(urls={"shopping": site.url}, start_urls=[page], recording=recording) as environment:
        for button in buttons:
            await click(environment, button)
        await environment.end_recording()


def page_with_form(site: Site, form: str) -> str:
    site.route("/save", lambda: Reply(status=302, headers={"Location": "/done?x=1"}))
    site.page("/done?x=1", "<p>Done</p>")
    site.page("/look.css", "p {color: red}", content_type="text/css")
    return site.page(
        "/",
        f"<link rel=stylesheet href=/look.css>{form}",
        headers={"Set-Cookie": f"sid={SESSION}; HttpOnly; Path=/"},
    )


async def test_a_form_its_redirect_and_the_page_after_it_are_entries(
    session: BrowserSession, site: Site, tmp_path: Path
) -> None:
    har = tmp_path / "network.har"
    await play(session, site, page_with_form(site, FORM.format("")), Recording(har=har), "Save")
    posted, after = of(har, "/save"), of(har, "/done?x=1")
    assert posted["request"]["postData"]["text"].startswith("title=a+%26+%C3%A9&")
    assert posted["request"]["postData"]["mimeType"] == "application/x-www-form-urlencoded"
    assert (posted["response"]["status"], posted["response"]["redirectURL"]) == (302, "/done?x=1")
    assert (after["response"]["status"], after["request"]["queryString"]) == (200, [{"name": "x", "value": "1"}])
    # What webarena-verified tells the last page by.
    assert headers(after["request"])["accept"].startswith("text/html")
    assert headers(after["request"])["sec-fetch-dest"] == "document"
    assert headers(after["request"])["referer"] == f"{site.url}/"
    assert of(har, "/look.css")["_resourceType"] == "stylesheet"
    assert all(each["time"] >= 0 and each["timings"]["wait"] >= 0 for each in entries(har))


async def test_parts_of_a_form_and_json_are_recorded_as_they_were_sent(
    session: BrowserSession, site: Site, tmp_path: Path
) -> None:
    har = tmp_path / "network.har"
    site.route("/api", lambda: Reply('{"star_count": 3, "access_token": "t0p"}', content_type="application/json"))
    form = FORM.format("enctype=multipart/form-data") + ASK
    await play(
        session, site, page_with_form(site, form), Recording(har=har, max_body_bytes=10_000), "button 'Ask'", "Save"
    )
    parts, asked = of(har, "/save")["request"]["postData"], of(har, "/api")
    assert parts["mimeType"].startswith("multipart/form-data; boundary=")
    assert 'name="title"\r\n\r\na & é\r\n' in parts["text"]
    assert json.loads(asked["request"]["postData"]["text"]) == {"note": {"text": "é", "password": "[scrubbed]"}}
    assert json.loads(asked["response"]["content"]["text"]) == {"star_count": 3, "access_token": "[scrubbed]"}
    assert headers(asked["request"])["authorization"] == "[scrubbed]"


async def test_neither_recording_holds_a_password_or_a_session(
    session: BrowserSession, site: Site, tmp_path: Path
) -> None:
    recording = Recording(
        har=tmp_path / "a.har", trace=tmp_path / "a.zip", max_body_bytes=10_000, secrets=[PASSWORD], film_strip=True
    )
    page = page_with_form(site, FORM.format("enctype=multipart/form-data").replace("value='Password.123'", ""))
    async with session.episode(urls={"shopping": site.url}, start_urls=[page], recording=recording) as environment:
        pages = environment.tabs.current.page
        await pages.get_by_role("textbox").nth(1).type(PASSWORD)
        await pages.get_by_role("textbox").nth(2).type(PASSWORD)
        await click(environment, "Save")
        await environment.step(Goto(url=f"{site.url}/done?x=1&private_token=t0psecret"))
    har = (tmp_path / "a.har").read_text()
    assert "sid=[scrubbed]" in har
    assert not [secret for secret in (PASSWORD, SESSION, "t0psecret") if secret in har]
    with zipfile.ZipFile(tmp_path / "a.zip") as trace:
        texts = {name: trace.read(name) for name in trace.namelist()}
    secrets = (PASSWORD, SESSION, "t0psecret")
    assert not [(name, secret) for name, text in texts.items() for secret in secrets if secret.encode() in text]


async def test_the_trace_names_the_steps_and_has_the_page_before_and_after(
    session: BrowserSession, site: Site, tmp_path: Path
) -> None:
    trace = tmp_path / "trace.zip"
    await play(session, site, page_with_form(site, FORM.format("")), Recording(trace=trace), "Save")
    with zipfile.ZipFile(trace) as file:
        events = [json.loads(line) for line in file.read("trace.trace").splitlines()]
        pictures = [name for name in file.namelist() if name.endswith(".jpeg")]
    assert "step 1: click button 'Save'" in [event.get("title") for event in events]
    assert {"frame-snapshot", "before", "after"} <= {event["type"] for event in events}
    assert not pictures
    assert names(tmp_path) == ["trace.zip"]


async def test_pages_that_are_opened_after_the_recording_ended_are_not_in_it(
    session: BrowserSession, site: Site, tmp_path: Path
) -> None:
    recording = Recording(har=tmp_path / "a.har", trace=tmp_path / "a.zip")
    page, check = site.page("/", "<p>One</p>"), site.page("/check", "<p>Two</p>")
    async with session.episode(urls={"shopping": site.url}, start_urls=[page], recording=recording) as environment:
        await environment.observe()
        await environment.end_recording()
        assert await environment.probe("fresh_tab").open(check) == check
    assert [each["request"]["url"] for each in entries(tmp_path / "a.har") if "favicon" not in str(each)] == [page]
    with zipfile.ZipFile(tmp_path / "a.zip") as trace:
        assert b"/check" not in trace.read("trace.network")


async def test_what_has_no_answer_is_an_entry_without_a_status(
    session: BrowserSession, site: Site, tmp_path: Path
) -> None:
    har = tmp_path / "a.har"
    site.route("/slow", lambda: Reply("late", after_s=3))
    script = "fetch('/slow'); fetch('http://elsewhere.invalid/x').catch(() => 0);"
    page = site.page("/", f"<p>One</p><script>{script} new WebSocket(`ws://${{location.host}}/socket`)</script>")
    await play(session, site, page, Recording(har=har))
    slow, elsewhere = of(har, "/slow"), of(har, "elsewhere.invalid/x")
    assert (slow["response"]["status"], slow["_failureText"]) == (0, "not finished when the recording ended")
    assert (elsewhere["response"]["status"], elsewhere["_failureText"]) == (0, "net::ERR_FAILED")
    assert of(har, "/socket")["_resourceType"] == "websocket"


async def test_a_page_that_is_on_its_way_when_the_agent_stops_is_whole_in_the_log(
    session: BrowserSession, site: Site, tmp_path: Path
) -> None:
    """As a busy machine has it: what webarena-verified takes for a page is told by headers that come last."""
    har = tmp_path / "a.har"
    site.route("/late", lambda: Reply("<p>Late</p>", after_s=0.6))
    page = site.page("/", "<p>One</p><a href='/late'>Go</a>")
    async with session.episode(
        urls={"shopping": site.url}, start_urls=[page], recording=Recording(har=har)
    ) as environment:
        await environment.observe()
        page_of_agent = environment.tabs.current.page
        async with page_of_agent.expect_request("**/late"):
            going = asyncio.ensure_future(page_of_agent.click("a"))
        await environment.end_recording()
        await going
    late = of(har, "/late")
    assert late["response"]["status"] == 200
    assert "_failureText" not in late
    assert {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate"}.items() <= headers(late["request"]).items()


async def test_a_browser_that_dies_leaves_what_was_recorded(
    session: BrowserSession, site: Site, tmp_path: Path
) -> None:
    recording = Recording(har=tmp_path / "a.har", trace=tmp_path / "a.zip")
    page = site.page("/", "<p>One</p>")
    with pytest.raises(Exception, match=r"."):  # noqa: PT012 - whatever the episode makes of it
        async with session.episode(urls={"shopping": site.url}, start_urls=[page], recording=recording) as environment:
            await environment.observe()
            browser = environment.tabs.context.browser
            assert browser is not None
            await (await browser.new_browser_cdp_session()).send("Browser.close")
            await environment.observe()
    assert of(tmp_path / "a.har", "/")["response"]["status"] == 200
    assert not (tmp_path / "a.zip").exists()


async def test_recordings_that_cannot_be_written_are_told_and_the_episode_goes_on(
    session: BrowserSession, site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    recording = Recording(har=tmp_path / "file" / "a.har", trace=tmp_path / "file" / "a.zip")
    await play(session, site, page_with_form(site, FORM.format("")), recording, "Save")
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [text.partition(":")[0] for text in told] == ["no HAR", "no trace"]


async def test_an_agent_sees_the_same_with_and_without_recordings(
    session: BrowserSession, site: Site, tmp_path: Path
) -> None:
    page = page_with_form(site, FORM.format(""))
    everything = Recording(har=tmp_path / "a.har", trace=tmp_path / "a.zip", max_body_bytes=1000, film_strip=True)
    seen = []
    for recording in (Recording(), everything):
        async with session.episode(urls={"shopping": site.url}, start_urls=[page], recording=recording) as environment:
            first = await environment.observe()
            await click(environment, "Save")
            last = await environment.observe()
        seen.append((first.text, last.text))
    assert seen[0][0].split("\n")[0] == seen[1][0].split("\n")[0]
    strip = [[line.partition("]")[2] for text in pair for line in text.split("\n")] for pair in seen]
    assert strip[0] == strip[1]
