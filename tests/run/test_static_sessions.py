"""One episode's sign-out does not sign out another one on a shared site, and results say what logging in took."""

from pathlib import Path
from typing import Any

import pytest

from tests.run.playing import play_all
from tests.tasksets.records import loaded, record, string_match, url_match
from webarena_mini.server import serve
from webarena_runner.agents.oracle import Oracle
from webarena_runner.running.episode import Harness
from webarena_runner.running.resources import open_environments
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import SitesSpec

pytestmark = [pytest.mark.browser, pytest.mark.long]
STOP = {"do": "stop", "answer": "done"}
SIGN_OUT = {"do": "goto", "url": "__SHOPPING__/customer/account/logout"}
WISHES = {"do": "goto", "url": "__SHOPPING__/wishlist/"}


def tasks() -> list[dict[str, Any]]:
    """A signs out, B and C want the wish list, of which only a signed-in visitor gets the address."""
    told = string_match(exact_match="done")
    wanted = url_match("__SHOPPING__/wishlist")
    signs_out = record(1, eval=told) | {"reference_actions": [SIGN_OUT, STOP]}
    return [signs_out, *(record(id_, eval=wanted) | {"reference_actions": [WISHES, STOP]} for id_ in (2, 3))]


@pytest.mark.parametrize("workers", [1, 3])
async def test_one_sign_out_leaves_the_tasks_after_and_beside_it_alone(workers: int, tmp_path: Path) -> None:
    options = CliOptions(model="oracle", assignments=("settle.limit_s=10", "browser.screenshots=false"))
    (tmp_path / "episodes").mkdir()
    chosen = loaded(tmp_path, *tasks()).tasks
    async with serve(["shopping"], port_base=None, token="secret") as served:
        sites = SitesSpec(provider="static", options={"urls": dict(served.urls)})
        settings = load_run_config(options, {})[0].settings.model_copy(update={"workers": workers})
        async with open_environments(settings, sites, {}) as environments:
            results, _ = await play_all(Harness(settings, Oracle(), environments), tmp_path, chosen)
    assert {result.task_id: result.value for result in results} == {1: 1.0, 2: 1.0, 3: 1.0}, results
    parts = {"lease", "login", "queue", "context", "start_page", "first_observation", "settle", "evaluate", "close"}
    for result in results:
        assert parts <= result.timings_ms.keys()
        assert result.timings_ms["login"] > 0
        unnamed_s = result.wall_s - sum(result.timings_ms.values()) / 1000
        assert -0.001 < unnamed_s < 0.1 * result.wall_s, result.timings_ms
