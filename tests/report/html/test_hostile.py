"""Pages and models write what they like into a run: none of it does anything in the report, also from file:.

Each payload would set a flag. It is in every text of a run folder that comes from a page, a model or a task file.
"""

import html
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.log.records import START, make_manifest, make_result
from tests.report.html.runs import screenshot
from webarena_runner.log.paths import task_name
from webarena_runner.log.writing import RunFolder
from webarena_runner.report.html.single import write_single
from webarena_runner.report.html.templates import Frame
from webarena_runner.report.html.writing import write_report
from webarena_runner.report.summary import load_run
from webarena_runner.types import (
    ActedOn,
    Box,
    Check,
    Completion,
    Decision,
    EpisodeResult,
    Failure,
    Invalid,
    Message,
    Observation,
    Score,
    Step,
    Task,
    Type,
    Verdict,
)

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]
SET = "window.ran=1"
# Scripts of one kind or another: raw in a page without a policy, those in RUN_RAW do set the flag.
PAYLOADS = (
    f"<script>{SET}</script>",
    f"</script><script>{SET}</script>",
    f"</title><script>{SET}</script>",
    f"</style><script>{SET}</script>",
    f"</pre></code></td></table></details><script>{SET}</script>",
    f"</textarea></select></option><script>{SET}</script>",
    f"--><script>{SET}</script>",
    f"]]></script><script>{SET}//",
    f'{{"a": "</script><script>{SET}</script>"}}',
    f"<ScRiPt\n>{SET}</sCrIpT\n>",
    f"<svg><script>{SET}</script></svg>",
    f"<svg><script xlink:href='data:text/javascript,{SET}'></script></svg>",
    f"<img src=x onerror='{SET}'>",
    f"'><img src=x onerror='{SET}'>",
    f'"><img src=x onerror="{SET}">',
    f'" onfocus="{SET}" autofocus tabindex=1 x="',
    f"' onmouseover='{SET}' x='",
    f"` onload=`{SET}` x=`",
    f"<svg onload='{SET}'>",
    f"<svg><animate onbegin='{SET}' attributeName=x dur=1s>",
    "<svg><foreignObject><iframe srcdoc='<script>parent.ran=1</script>'></iframe></foreignObject></svg>",
    f"<details open ontoggle='{SET}'>x</details>",
    f"<body onload='{SET}'>",
    f"<input autofocus onfocus='{SET}'>",
    f"<video><source onerror='{SET}'></video>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "<iframe src=\"javascript:parent.ran=1\"></iframe>",
    "<object data='data:text/html,<script>parent.ran=1</script>'></object>",
    f"javascript:{SET}",
    "data:text/html,<script>opener.ran=1</script>",
    f"<a href='javascript:{SET}' id=victim>x</a>",
    f"[x](javascript:{SET})",
    "<base href='http://127.0.0.1:9/'><link rel=stylesheet href='http://127.0.0.1:9/x.css'>",
    "<style>body{display:none}@import 'http://127.0.0.1:9/x.css';*{background:url(http://127.0.0.1:9/y)}</style>",
    "x' style='position:fixed;inset:0;background:url(http://127.0.0.1:9/z)' y='",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'><form action='http://127.0.0.1:9/'><button>",
    "{{ ''.__class__.__mro__ }}{% raw %}{{ 7*191 }}{% endraw %}{# x #}${7*191}<%= 7*191 %>#{7*191}",
    "\u202e\u2066\u200etxt.exe\u2069\u061c \u2028\u2029",
    "\x1b[2J\x1b]0;title\x07\x1b]8;;http://127.0.0.1:9/\x07link\x9b31m\x00\x7f",
    "\ud800broken\udfff \ufffe\uffff &lt;script&gt;window.ran=1&lt;/script&gt;&#60;img src=x onerror=window.ran=1&#62;",
    "$\\frac{1}{2}$ $x_1$ \\usepackage{x} <tspan>",
)  # fmt: skip
RUN_RAW = 15
# A refresh takes the page away before anything can be asked of it.
NAVIGATES = "http-equiv=refresh"
ALLOWED = """html head meta title link style body a header nav ol ul li div button kbd main section h1 h2 h3 p b i span
dl dt dd svg rect g path text form label input select option table caption thead tbody tr th td details summary pre code
article img dialog footer script line circle"""
# What waits for the mouse or the focus gets it.
PROVOKE = """() => {
  for (const element of document.querySelectorAll("*")) {
    for (const name of ["mouseover", "focus", "toggle", "error", "load"]) element.dispatchEvent(new Event(name));
  }
  return window.ran ? ["the flag is set"] : [];
}"""
STRUCTURE = r"""(names) => {
  const faults = [];
  const allowed = new Set(names.split(/\s+/));
  const own = /^(#|\.\.\/|index\.html|tasks\/|pictures\/|static\/|data:,$|data:image\/jpeg;)/;
  for (const element of document.querySelectorAll("*")) {
    const name = element.localName;
    if (!allowed.has(name)) faults.push(name);
    for (const { name: attribute, value } of element.attributes) {
      const runs = attribute.startsWith("on") || ["style", "srcdoc", "action", "formaction"].includes(attribute);
      const leads = ["href", "src", "xlink:href"].includes(attribute) && !own.test(value);
      if (runs || leads) faults.push(`${name} ${attribute}=${value}`);
    }
  }
  return faults;
}"""


def written(payload: str) -> str:
    """As it is in a run folder, which holds no halves of surrogate pairs."""
    return payload.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def hostile_task(number: int, payload: str) -> Task:
    task_id = (
        payload
        if len(task_name(payload.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))) < 200
        else number
    )
    spec: dict[str, Any] = {
        "string_match": {"reference_answers": {"must_include": [payload], payload: payload}},
        "url_match": {"reference_url": payload},
        "program_html": {
            "targets": [{"url": payload, "locator": payload, "required_contents": {"must_include": [payload]}}]
        },
        "third-party": {payload: [payload]},
    }
    return Task(
        task_set="own",
        task_id=task_id,
        intent=payload,
        sites=(payload,),
        start_urls=(payload,),
        login_sites=(),
        template_id=7,
        checks=tuple(Check(kind=kind, spec=each) for kind, each in spec.items()),
        raw={payload: payload},
    )


def hostile_steps(payload: str) -> list[Step]:
    seen = Observation(
        url=payload,
        tabs=(payload,),
        text=payload * 3,
        deviations=(payload,),
        still_busy=(payload,),
        not_awaited=(payload,),
        action_error=payload,
    )
    messages = (
        Message(role="system", content=payload * 9, name=payload),
        Message(role="user", content=f"x{payload * 3}y{payload}"),
    )
    said = Completion(text=payload, prompt_tokens=1, completion_tokens=1, finish_reason=payload)
    actions = (Type(element_id=payload, text=payload, press_enter=True), Invalid(raw=payload, reason=payload))
    return [
        Step(
            index=index,
            started_at=START,
            observation=seen,
            decision=Decision(action=action, messages=messages, completion=said, note=payload),
            action_text=payload,
            action_error=payload,
            acted_on=ActedOn(element_id=payload, line=payload, box=Box(x=1, y=1, width=9, height=9)),
            screenshot_file="step-000.jpeg" if index == 0 else payload[:60],
            timings_ms={payload: 5.0, "agent": 2.0},
        )
        for index, action in enumerate(actions)
    ]


def hostile_result(task: Task, payload: str, *, failed: bool) -> EpisodeResult:
    verdict = Verdict(
        kind=payload, reference=payload, question=payload, reply=payload, score=None, judge=payload, cached=True
    )
    evidence: dict[str, Any] = {
        "string_match": {"answer": payload, "urls": {}},
        "url_match": {"final_url": payload, "reference": payload},
        "program_html": {"targets": [{"asked": payload, "opened": payload, "selected": payload, "note": payload}]},
        "third-party": {payload: payload},
    }
    scores = tuple(
        Score(evaluator=kind, value=0.5, explanation=payload, evidence=each, verdicts=(verdict,), flags=(payload,))
        for kind, each in evidence.items()
    )
    failure = Failure(error_class=payload, message=payload, traceback=payload, may_retry=True, cause=payload)
    made = make_result(
        0,
        None if failed else 0.0,
        task_set="own",
        answer=payload,
        final_url=payload,
        scores=() if failed else scores,
        failure=failure if failed else None,
        deviations=(payload,),
        timings_ms={payload: 1000.0},
        ending="error" if failed else payload,
    )
    return made.model_copy(update={"task_id": task.task_id})


def hostile_run(folder: Path) -> Path:
    safe = [written(payload) for payload in PAYLOADS]
    tasks = [hostile_task(number, payload) for number, payload in enumerate(safe)]
    everything = " ".join(safe)
    manifest = make_manifest(
        "hostile",
        (),
        model=everything,
        agent=everything,
        agent_note=everything,
        judge=everything,
        scope=everything,
        caution=everything,
        profile=everything,
        profile_overrides=tuple(safe),
        task_set=everything,
        sites=everything,
        planned=tuple((task.task_id, 0) for task in tasks),
        task_sites={task_name(task.task_id): task.sites[0] for task in tasks},
        versions={payload: payload for payload in safe},
    )
    run = RunFolder.create(folder, manifest, tasks)
    for task, payload in zip(tasks, safe, strict=True):
        for failed in (True, False):
            log = run.begin(task.task_id, 0)
            for step in hostile_steps(payload):
                log.append(step.model_copy(update={"screenshot_file": "step-000.jpeg"}), screenshot())
            run.put(hostile_result(task, payload, failed=failed))
    run.close()
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_run(tmp_path_factory.mktemp("runs") / "hostile")


@pytest.fixture(scope="module")
def index(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(load_run(run), tmp_path_factory.mktemp("report")).index


@pytest_asyncio.fixture(params=["with the policy", "without it"], loop_scope="module")
async def page(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(bypass_csp=request.param == "without it")
    yield await context.new_page()
    await context.close()


async def faults_of(page: Page, *paths: Path) -> list[str]:
    """What of the pages is more than text."""
    faults: list[str] = []
    page.on("dialog", lambda dialog: faults.append(f"dialog {dialog.message}"))
    page.on("request", lambda asked: None if asked.url.startswith(("file:", "data:")) else faults.append(asked.url))
    for path in paths:
        await page.goto(path.as_uri())
        found = await page.evaluate(PROVOKE) + await page.evaluate(STRUCTURE, ALLOWED)
        faults += [f"{path.name}: {each}" for each in found]
    return faults


async def test_the_payloads_do_run_where_nobody_escapes_them(browser: Browser, tmp_path: Path) -> None:
    """Otherwise the tests below would say nothing."""
    page, ran = await browser.new_page(), 0
    for payload in (each for each in PAYLOADS if NAVIGATES not in each):
        path = tmp_path / "raw.html"
        path.write_bytes(f"<!doctype html><body>{payload}".encode("utf-8", "replace"))
        await page.goto(path.as_uri())
        await page.wait_for_timeout(10)
        ran += bool(await page.evaluate("window.ran"))
    await page.close()
    assert ran >= RUN_RAW


async def test_the_policy_alone_keeps_them_from_running(browser: Browser, tmp_path: Path) -> None:
    page, ran = await browser.new_page(), []
    policy = html.escape(Frame().policy)
    for payload in (each for each in PAYLOADS if NAVIGATES not in each):
        path = tmp_path / "raw.html"
        head = f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{policy}"><body>'
        path.write_bytes(f"{head}{payload}".encode("utf-8", "replace"))
        await page.goto(path.as_uri(), wait_until="commit")
        await page.wait_for_timeout(10)
        ran += [payload] if await page.evaluate("window.ran") else []
    await page.close()
    assert ran == []


async def test_nothing_of_a_report_is_more_than_text(index: Path, page: Page) -> None:
    pages = sorted(path for path in (index.parent / "tasks").iterdir() if path.stem.count(".") == 1)
    assert len(pages) == len(PAYLOADS)
    assert await faults_of(page, index, *pages) == []


async def test_nothing_of_a_report_in_one_file_is_more_than_text(run: Path, tmp_path: Path, page: Page) -> None:
    single = write_single(load_run(run), tmp_path / "report.html")
    assert await faults_of(page, single.index) == []


async def test_links_lead_to_the_pages_of_tasks_with_such_names(index: Path, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(index.as_uri())
    addresses = await page.locator("table.tasks th a").evaluate_all("links => links.map(link => link.href)")
    assert len(addresses) == len(PAYLOADS)
    for address, payload in zip(addresses, PAYLOADS, strict=True):
        await page.goto(address)
        assert await page.locator("article.step").count() == 2, payload
    await page.close()


async def test_what_turns_or_ends_a_text_is_shown_and_not_done(index: Path) -> None:
    text = "".join(path.read_text("utf-8") for path in index.parent.rglob("*.html"))
    assert [mark for mark in "\u202e\u2066\u2069\u061c\u2028\x1b\x07\x9b\x00\x7f" if mark in text] == []
    assert r"\u202e" in text
    assert "1337" not in text
