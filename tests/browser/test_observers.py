"""Observers: what a run may have seen of each page besides its text."""

import sys
from pathlib import Path

import pytest

from tests.browser.conftest import Start
from tests.support.local_site import Site
from tests.support.pages import id_of
from tests.support.third_party import install
from webarena_runner.browser.session import BrowserSession
from webarena_runner.errors import ConfigError
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import BrowserSettings, ObservationSettings, SettleSettings
from webarena_runner.types import Click, Observation

pytestmark = pytest.mark.browser
PAGE = "<h1>Shop</h1><form><input aria-label=Query></form><button>Go</button>"
SOMEONES = """\
class Titles:
    async def observe(self, page):
        found = await page.send("Runtime.evaluate", {"expression": "document.title", "returnByValue": True})
        return [page.url, found["result"]["value"]]
"""


@pytest.fixture
def someones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's observer, known by its entry point alone."""
    install(
        tmp_path, "someones_observers", SOMEONES, "[webarena_runner.observers]\ntitles = someones_observers:Titles\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "someones_observers", raising=False)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.usefixtures("someones")
async def test_what_the_named_observers_see_is_in_the_observation_and_not_on_disk(site: Site) -> None:
    named = ObservationSettings(observers=("focused_element", "raw_accessibility_tree", "titles"))
    url = site.page("/", f"<title>Shop</title>{PAGE}")
    async with (
        BrowserSession(BrowserSettings(screenshots="none"), named, SettleSettings()) as session,
        session.episode(urls={"shopping": site.url}, start_urls=[url]) as environment,
    ):
        before = await environment.observe()
        after = await environment.step(Click(element_id=id_of(before, "textbox 'Query'")))
    assert before.extras["titles"] == [url, "Shop"]
    assert before.extras["focused_element"] != after.extras["focused_element"]
    focused = after.extras["focused_element"]
    assert (focused["role"], focused["name"]) == ("textbox", "Query")
    tree = after.extras["raw_accessibility_tree"]
    assert focused["backend_node_id"] in [node.get("backendDOMNodeId") for node in tree]
    assert "extras" not in after.model_dump(mode="json")
    assert Observation.model_validate_json(after.model_dump_json()).extras == {}


@pytest.mark.asyncio(loop_scope="session")
async def test_without_observers_there_are_no_extras(start: Start, site: Site) -> None:
    async with start(site.page("/", PAGE)) as environment:
        assert (await environment.observe()).extras == {}


def test_an_unknown_observer_is_told_before_anything_starts() -> None:
    options = CliOptions(model="oracle", task_set="mini", assignments=("observation.observers=[focussed_element]",))
    with pytest.raises(
        ConfigError, match="unknown observer plug-in 'focussed_element'; did you mean 'focused_element'"
    ):
        load_run_config(options, {})
