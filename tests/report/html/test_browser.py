"""The report in a real browser, from file: what one can do with it, and that everyone can."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.log.records import make_manifest, make_result, make_task
from tests.report.html.runs import make_step, write_episodes
from webarena_runner.report.html.single import write_single
from webarena_runner.report.html.writing import write_report
from webarena_runner.report.summary import load_run
from webarena_runner.types import Failure, Score, Verdict

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
IDS = tuple(range(1, 9))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    verdict = Verdict(
        kind="fuzzy", reference="two", question="?", reply="incorrect", score=0.0, judge="j", cached=False
    )
    seen = {"answer": "bye", "urls": {}}
    why = Score(evaluator="string_match", value=0, explanation="no", evidence=seen, verdicts=(verdict,))
    results = [
        *(
            make_result(number, float(number % 2), steps=number, scores=() if number % 2 else (why,))
            for number in IDS[:6]
        ),
        make_result(7, None),
        make_result(7, None),
    ]
    tasks = [make_task(number, template_id=number % 3) for number in IDS]
    steps = [make_step(0), make_step(1, "[7] link 'Orders'\n" * 50), make_step(2, action_error="not there")]
    folder = tmp_path_factory.mktemp("runs") / "r1"
    return write_episodes(folder, results, manifest=make_manifest("r1", IDS), tasks=tasks, steps=steps)


@pytest.fixture(scope="module")
def index(run: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(load_run(run), tmp_path_factory.mktemp("report")).index.as_uri()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    page = await browser.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    yield page
    await page.close()
    assert told == []


async def shown_ids(page: Page) -> list[str]:
    return [text.strip() for text in await page.locator("table.tasks tbody tr:visible th").all_inner_texts()]


async def test_the_table_is_narrowed_and_sorted_and_its_address_says_so(page: Page, index: str) -> None:
    await page.goto(index)
    assert await shown_ids(page) == [str(number) for number in IDS]
    await page.get_by_label("Result", exact=True).and_(page.locator("select")).select_option("failed")
    await page.get_by_role("button", name="Steps").click()
    await page.get_by_role("button", name="Steps").click()
    assert await shown_ids(page) == ["6", "4", "2"]
    address = page.url
    assert "became=failed" in address
    await page.goto("about:blank")
    await page.goto(address)
    assert await shown_ids(page) == ["6", "4", "2"]
    await expect(page.get_by_role("columnheader", name="Steps")).to_have_attribute("aria-sort", "descending")
    await page.keyboard.press("x")
    await expect(page.locator("table.tasks tbody tr:visible")).to_have_count(len(IDS))


async def test_the_table_is_searched_from_the_keyboard(page: Page, index: str) -> None:
    await page.goto(index)
    await page.keyboard.press("/")
    await page.keyboard.type("REFUSED site")
    assert await shown_ids(page) == ["7"]
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/tasks/7\.0\.html$"))


async def test_a_number_on_the_overview_leads_to_its_tasks(page: Page, index: str) -> None:
    await page.goto(index)
    await page.get_by_role("link", name="not run 1").click()
    assert await shown_ids(page) == ["8"]


async def test_steps_and_tasks_are_leafed_through_from_the_keyboard(page: Page, index: str) -> None:
    await page.goto(index.replace("index.html", "tasks/2.0.html"))
    for key, fragment in (("j", "#step-0"), ("j", "#step-1"), ("j", "#step-2"), ("k", "#step-1")):
        await page.keyboard.press(key)
        await expect(page).to_have_url(re.compile(f"{fragment}$"))
    await page.keyboard.press("n")
    await expect(page).to_have_url(re.compile(r"/tasks/3\.0\.html$"))
    await page.keyboard.press("p")
    await expect(page).to_have_url(re.compile(r"/tasks/2\.0\.html$"))
    await page.keyboard.press("o")
    await expect(page.locator("#step-1 details").first).to_have_attribute("open", "")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("?")
    await page.keyboard.press("u")
    await expect(page).to_have_url(re.compile(r"/index\.html$"))


async def test_a_link_to_a_step_shows_it_with_the_element_outlined(page: Page, index: str) -> None:
    await page.goto(index.replace("index.html", "tasks/2.0.html#step-2"))
    step = page.locator("#step-2")
    await expect(step).to_be_in_viewport()
    picture, outline = await step.locator("img").bounding_box(), await step.locator(".mark").bounding_box()
    assert picture
    assert outline
    scale = picture["width"] / 320
    assert outline["x"] - picture["x"] == pytest.approx(scale * (40 - 4), abs=3)
    assert outline["width"] == pytest.approx(scale * (80 + 8), abs=5)
    assert await step.locator("img").evaluate("img => img.naturalWidth") == 320


async def test_one_file_holds_the_tasks_that_did_not_pass(page: Page, run: Path, tmp_path: Path) -> None:
    report = load_run(run)
    only = frozenset((each.task_id, each.trial) for each in report.not_passed)
    written = write_single(report, tmp_path / "out.html", only=only)
    await page.goto(written.index.as_uri())
    await expect(page.locator("section.episode:visible")).to_have_count(0)
    await page.get_by_role("link", name="2", exact=True).first.click()
    await expect(page.locator("section.episode:visible h1")).to_have_text("Do what task 2 says")
    assert await page.locator("section.episode:visible img").first.evaluate("img => img.naturalWidth") == 320
    await page.keyboard.press("n")
    await expect(page.locator("section.episode:visible h1")).to_have_text("Do what task 4 says")
    await page.keyboard.press("j")
    assert page.url.endswith("#4.0-step-0")
    await page.keyboard.press("u")
    await expect(page.locator("table.tasks")).to_be_visible()


async def test_all_can_be_read_without_scripts(browser: Browser, index: str) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(index)
    await expect(page.locator("table.tasks tbody tr")).to_have_count(len(IDS))
    await expect(page.locator("form.filters")).to_be_hidden()
    await page.locator("table.tasks a", has_text="2").first.click()
    await expect(page.locator("article.step")).to_have_count(3)
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["index.html", "tasks/2.0.html", "tasks/7.0.html"])
async def test_axe_finds_nothing_that_keeps_people_out(browser: Browser, index: str, path: str, scheme: str) -> None:
    # The policy would keep axe out too.
    context = await browser.new_context(bypass_csp=True, color_scheme=scheme)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(index.replace("index.html", path))
    await page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    await context.close()


async def test_long_words_of_strangers_make_no_page_wider_and_long_texts_none_larger(
    browser: Browser, tmp_path: Path
) -> None:
    word = "w" * 400
    failure = Failure(error_class=word, message=word, traceback="", may_retry=False)
    verdict = Verdict(kind=word, reference=word, reply=word, score=0.0, judge=word, cached=False)
    score = Score(evaluator=word, value=0.0, explanation=word, flags=(word,), verdicts=(verdict,))
    results = [
        make_result(1, 0.0, answer="a" * 1_000_000, final_url=word, scores=(score,)),
        make_result(2, None, failure=failure),
    ]
    manifest = make_manifest("r1", (1, 2), model=word, judge=word, task_sites={"1": word, "2": word})
    steps = [make_step(0, action_error="e" * 1_000_000, action_text=word)]
    run = write_episodes(tmp_path / "r1", results, manifest=manifest, steps=steps)
    index = write_report(load_run(run), tmp_path / "report").index
    page = await browser.new_page(viewport={"width": 390, "height": 800})
    for path in ("index.html", "tasks/1.0.html", "tasks/2.0.html"):
        await page.goto(index.as_uri().replace("index.html", path))
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert (index.parent / path).stat().st_size < 100_000
    await page.close()


@pytest.mark.parametrize("width", [1440, 1024, 390])
async def test_no_page_is_wider_than_its_window(browser: Browser, index: str, width: int) -> None:
    page = await browser.new_page(viewport={"width": width, "height": 800})
    for path in ("index.html", "tasks/2.0.html"):
        await page.goto(index.replace("index.html", path))
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    await page.close()
