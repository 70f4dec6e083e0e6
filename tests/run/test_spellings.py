"""A site that calls itself by another spelling of the loopback than it was configured with."""

from pathlib import Path

import pytest

from tests.run.playing import play_all
from tests.support.local_site import serve
from tests.tasksets.records import loaded, record, url_match
from webarena_runner.agents.oracle import Oracle
from webarena_runner.running.episode import Harness
from webarena_runner.running.resources import open_environments
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import SitesSpec

pytestmark = [pytest.mark.browser, pytest.mark.long]


async def test_its_pages_count_as_the_sites_and_url_checks_pass_there(tmp_path: Path) -> None:
    (tmp_path / "episodes").mkdir()
    actions = [{"do": "goto", "url": "__REDDIT__/f/books"}, {"do": "stop", "answer": "done"}]
    own = {"sites": ["reddit"], "start_url": "__REDDIT__", "storage_state": None, "eval": url_match()}
    chosen = loaded(tmp_path, record(1, **own) | {"reference_actions": actions}).tasks
    settings = load_run_config(CliOptions(model="oracle", assignments=("limits.retries=0",)), {})[0].settings
    with serve() as site:
        site.page("/", "", status=302, headers={"Location": f"{site.url}/home"})
        site.page("/home", "<h1>Home</h1>")
        site.page("/f/books", "<h1>Books</h1>")
        configured = site.url.replace("127.0.0.1", "localhost")
        sites = SitesSpec(provider="static", options={"urls": {"reddit": configured}})
        async with open_environments(settings, sites, {}) as environments:
            (result,), _ = await play_all(Harness(settings, Oracle(), environments), tmp_path, chosen)
        assert (result.value, result.final_url) == (1.0, f"{site.url}/f/books"), result
        assert result.site_urls == {"reddit": site.url}
