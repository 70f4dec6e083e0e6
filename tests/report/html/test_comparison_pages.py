"""The web pages of a comparison: both trajectories of what flipped, of any text, in a real browser."""

import json
import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.cli.conftest import Invoke
from tests.log.records import make_manifest, make_result
from tests.report.html.runs import make_step, write_episodes
from tests.report.html.test_hostile import PAYLOADS, faults_of, page, run
from webarena_runner.errors import UsageError
from webarena_runner.log.paths import RunPaths
from webarena_runner.report.comparison.runs import compare_runs
from webarena_runner.report.html.comparing import write_comparison
from webarena_runner.types import Observation

pytestmark = pytest.mark.long

__all__ = ["page", "run"]
on_the_loop_of_the_browser = pytest.mark.asyncio(loop_scope="module")
ELSEWHERE = Observation(url="http://127.0.0.1:7770/cart", tabs=("Cart",), text="[1] link 'Home'")


def write_pair(out: Path) -> tuple[Path, Path]:
    """Task 1 is passed by the first run alone, in two steps, task 2 by the second alone, in three; both pass task 3."""
    first = [make_result(1), make_result(2, 0.0), make_result(3)]
    second = [make_result(1, 0.0), make_result(2), make_result(3)]
    longer = (make_step(0), make_step(1, observation=ELSEWHERE), make_step(2))
    return write_episodes(out / "first", first), write_episodes(out / "second", second, steps=longer)


def test_there_is_a_page_for_what_flipped_and_pictures_of_both(tmp_path: Path) -> None:
    written = write_comparison(compare_runs(write_pair(tmp_path)), tmp_path / "pages")
    folder = written.index.parent
    assert sorted(path.name for path in (folder / "tasks").iterdir()) == ["b-1.0.html", "b-2.0.html"]
    assert written.episodes == 2
    assert len(list((folder / "run-a" / "pictures" / "1.0").iterdir())) == 2
    assert len(list((folder / "run-b" / "pictures" / "1.0").iterdir())) == 3
    shown = (folder / "tasks" / "b-1.0.html").read_text()
    assert "../run-a/pictures/1.0/step-001.jpeg" in shown
    assert "../run-b/pictures/1.0/step-002.jpeg" in shown
    assert "the first 1 row is the same in both, then" in shown


def test_runs_of_which_nothing_flipped_have_an_overview(tmp_path: Path) -> None:
    runs = [write_episodes(tmp_path / name, [make_result(1)]) for name in ("first", "second")]
    written = write_comparison(compare_runs(runs), tmp_path / "pages")
    assert "both runs pass the same" in written.index.read_text()


def test_a_run_that_has_done_nothing_and_missing_pictures_leave_pages_that_say_so(tmp_path: Path) -> None:
    first, second = write_pair(tmp_path)
    (RunPaths(second).episode(1, 0).folder / "step-001.jpeg").unlink()
    RunPaths(second).episode(1, 0).steps.write_text("{\n")
    begun = write_episodes(tmp_path / "begun", [], manifest=make_manifest("begun"))
    written = write_comparison(compare_runs([first, second, begun]), tmp_path / "pages")
    assert "no pair has a score in both runs yet" in written.index.read_text()
    shown = (written.index.parent / "tasks" / "b-1.0.html").read_text()
    assert "steps.jsonl" in shown
    assert shown.count("no step here") == 1


def test_what_was_there_is_replaced_when_it_is_ours_and_else_left_alone(tmp_path: Path) -> None:
    first, second = write_pair(tmp_path)
    third = write_episodes(tmp_path / "third", [make_result(1, 0.0), make_result(2), make_result(3)])
    write_comparison(compare_runs([first, second, third]), tmp_path / "pages")
    assert (tmp_path / "pages" / "run-c").is_dir()
    write_comparison(compare_runs([first, second]), tmp_path / "pages")
    parts = ["index.html", "run-a", "run-b", "static", "tasks"]
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == parts
    with pytest.raises(UsageError, match="holds other files"):
        write_comparison(compare_runs([first, second]), first)


def test_the_command_writes_the_pages_and_says_where(invoke: Invoke, workdir: Path) -> None:
    write_pair(workdir / "results")
    done = invoke("compare", "first", "second", "--html", "pages")
    assert done.code == 0
    assert re.search(r"^pages: pages/index.html \(2 tasks, .* of screenshots\)$", done.out, re.MULTILINE)
    assert (
        json.loads(invoke("compare", "first", "second", "--html", "pages", "--json").out)["html"] == "pages/index.html"
    )
    refused = invoke("compare", "first", "second", "--html", "results/first")
    assert (refused.code, refused.out, "holds other files" in refused.err) == (2, "", True)
    assert "give --html too" in invoke("compare", "first", "second", "--open").err


@pytest.mark.browser
@on_the_loop_of_the_browser
async def test_tasks_are_found_opened_and_gone_through_by_keys(tmp_path: Path, browser: Browser) -> None:
    index = write_comparison(compare_runs(write_pair(tmp_path)), tmp_path / "pages").index
    page, said = await browser.new_page(), list[str]()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.goto(index.as_uri())
    await page.select_option("select[name=passes]", "B")
    assert await page.locator("table.tasks tbody tr:visible th").all_inner_texts() == ["2"]
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/tasks/b-1.0.html")
    assert await page.locator(".steps-row").count() == 3
    assert (
        await page.locator("img").evaluate_all("all => all.filter(each => each.complete && !each.naturalWidth).length")
        == 0
    )
    ids = await page.locator("[id]").evaluate_all("all => all.map(each => each.id)")
    assert len(ids) == len(set(ids))
    await page.keyboard.press("j")
    assert page.url.endswith("#row-0")
    await page.keyboard.press("n")
    await page.wait_for_url("**/tasks/b-2.0.html")
    await page.keyboard.press("u")
    await page.wait_for_url("**/index.html*")
    await page.close()
    assert said == []


@pytest.mark.browser
@on_the_loop_of_the_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_keep_nobody_out_and_fit_the_window(tmp_path: Path, browser: Browser, scheme: str) -> None:
    index = write_comparison(compare_runs(write_pair(tmp_path)), tmp_path / "pages").index
    # The policy would keep axe out too.
    context = await browser.new_context(bypass_csp=True, color_scheme=scheme)  # type: ignore[arg-type]
    page = await context.new_page()
    for path in (index, index.parent / "tasks" / "b-1.0.html"):
        await page.goto(path.as_uri())
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        for width in (1440, 390):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path.name, width)
    await context.close()


@pytest.mark.browser
@on_the_loop_of_the_browser
async def test_nothing_of_a_comparison_is_more_than_text(run: Path, tmp_path: Path, page: Page) -> None:
    passing = tmp_path / "passing"
    shutil.copytree(run, passing)
    for paths in RunPaths(passing).episodes():
        paths.result.write_text(json.dumps(json.loads(paths.result.read_text()) | {"value": 1.0}))
    index = write_comparison(compare_runs([run, passing]), tmp_path / "pages").index
    pages = sorted((index.parent / "tasks").iterdir())
    assert len(pages) == len(PAYLOADS)
    assert await faults_of(page, index, *pages) == []
