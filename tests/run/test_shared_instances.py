"""Tasks on several copies of shared sites: which starts when, where, and what is noted of those that change a site."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.run.playing import play_all
from tests.tasksets.records import loaded, program_html, record, string_match
from webarena_mini.server import serve
from webarena_runner.agents.oracle import Oracle
from webarena_runner.running.browsing import BrowserEnvironments
from webarena_runner.running.episode import Harness
from webarena_runner.running.resources import open_environments
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import SitesSpec
from webarena_runner.types import EpisodeResult

pytestmark = [pytest.mark.browser, pytest.mark.long]
PAGE = "__REDDIT__/f/dogs/10559/taking-a-border-collie-to-a-caf"
STOP = {"do": "stop", "answer": "done"}
LOOK = [{"do": "goto", "url": "__REDDIT__/forums"}, STOP]
COMMENT = [
    {"do": "type", "role": "textbox", "name": "Comment", "text": "Ours slept under the table."},
    {"do": "click", "role": "button", "name": "Post"},
    STOP,
]


def reader(number: int, *actions: dict[str, Any]) -> dict[str, Any]:
    shown = {"sites": ["reddit"], "start_url": PAGE, "storage_state": "./.auth/reddit_state.json"}
    return record(number, **shown, eval=string_match(exact_match="done")) | {"reference_actions": list(actions or LOOK)}


def writer(number: int) -> dict[str, Any]:
    return reader(number, *COMMENT) | {"eval": program_html(required_contents={"must_include": ["under the table"]})}


@pytest_asyncio.fixture
async def two_copies() -> AsyncIterator[SitesSpec]:
    async with AsyncExitStack() as stack:
        serving = [serve(["reddit"], port_base=None, token="secret") for _ in range(2)]
        urls = [dict((await stack.enter_async_context(each)).urls) for each in serving]
        yield SitesSpec(provider="static", options={"instances": [{"urls": each} for each in urls]})


async def played(folder: Path, sites: SitesSpec, *tasks: dict[str, Any], workers: int) -> dict[Any, EpisodeResult]:
    options = CliOptions(model="oracle", assignments=("settle.limit_s=10", "browser.screenshots=false"))
    settings = load_run_config(options, {})[0].settings.model_copy(update={"workers": workers})
    (folder / "episodes").mkdir()
    async with open_environments(settings, sites, {}) as environments:
        results, stopped = await play_all(
            Harness(settings, Oracle(), environments), folder, loaded(folder, *tasks).tasks
        )
        assert stopped == ""
        assert isinstance(environments, BrowserEnvironments)
        assert environments.gate is not None
    return {result.task_id: result for result in results}


async def test_writers_take_turns_on_each_copy_and_say_where_they_were(tmp_path: Path, two_copies: SitesSpec) -> None:
    results = await played(tmp_path, two_copies, *(writer(number) for number in range(1, 6)), reader(6), workers=4)
    assert {number: result.value for number, result in results.items()} == dict.fromkeys(range(1, 7), 1.0)
    assert {number for number in results if results[number].wrote == ("reddit",)} == {1, 2, 3, 4, 5}
    assert {result.instance for result in results.values()} == {"1", "2"}
    assert all(not result.disturbed for result in results.values())
    for copy in ("1", "2"):
        here = sorted(
            (results[n] for n in range(1, 6) if results[n].instance == copy), key=lambda each: each.started_at
        )
        assert [each.task_id for each in here] == sorted(each.task_id for each in here)
        assert all(one.finished_at <= other.started_at for one, other in zip(here, here[1:], strict=False))


async def test_a_task_that_was_to_read_only_and_writes_is_noted_with_those_beside_it(
    tmp_path: Path, two_copies: SitesSpec
) -> None:
    stays = [{"do": "goto", "url": PAGE}, *LOOK[:1] * 3, STOP]
    results = await played(tmp_path, two_copies, reader(1, *COMMENT), reader(2, *stays), reader(3, *stays), workers=3)
    assert results[1].wrote == ("reddit",)
    assert {result.instance for result in results.values()} == {"1"}, "readers keep together"
    assert (results[1].disturbed, results[2].disturbed, results[3].disturbed) == ((), ("reddit",), ("reddit",))
    assert (results[2].wrote, results[3].wrote) == ((), ())
