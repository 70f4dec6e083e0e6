"""A session that is taken away in mid-episode is a log-in error; what the agent does itself is scored."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.run.playing import play_all
from tests.sites.official_forms import OfficialForms, served
from tests.tasksets.records import loaded, record, string_match
from webarena_runner.agents.oracle import Oracle
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.running.episode import Harness
from webarena_runner.running.resources import open_environments
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import SitesSpec
from webarena_runner.types import EpisodeResult

pytestmark = [pytest.mark.browser, pytest.mark.long]
PRIVATE, LOGIN = "/-/profile", "/users/sign_in"


async def play(folder: Path, *paths: str) -> tuple[Sequence[EpisodeResult], OfficialForms]:
    """The results of all attempts at a task that opens these pages and then answers right."""
    forms = OfficialForms("gitlab", *OFFICIAL_ACCOUNTS["gitlab"])
    for name in ("episodes", "attempts"):
        (folder / name).mkdir()
    actions = [{"do": "goto", "url": f"__GITLAB__{path}"} for path in paths]
    task = record(
        1,
        sites=["gitlab"],
        start_url="__GITLAB__",
        storage_state="./.auth/gitlab_state.json",
        eval=string_match(exact_match="done"),
    )
    chosen = loaded(folder, task | {"reference_actions": [*actions, {"do": "stop", "answer": "done"}]}).tasks
    options = CliOptions(model="oracle", assignments=("browser.screenshots=false", "limits.retries=1"))
    settings = load_run_config(options, {})[0].settings
    async with served(forms) as url:
        sites = SitesSpec(provider="static", options={"urls": {"gitlab": url}})
        async with open_environments(settings, sites, {}) as environments:
            results, _ = await play_all(Harness(settings, Oracle(), environments), folder, chosen)
    return results, forms


async def test_a_session_that_the_site_ends_is_a_login_error_and_tried_again(tmp_path: Path) -> None:
    results, forms = await play(tmp_path, "/restarted", PRIVATE)
    for result in results:
        assert result.failure is not None
        assert (result.value, result.failure.error_class, result.failure.may_retry) == (None, "login", True)
        assert "gitlab: the session ended in mid-episode, and not by what the agent did" in result.failure.message
        assert result.failure.message.count(PRIVATE) == 1
        assert (len(result.login_pages), result.steps) == (1, 2)
    assert [result.attempt for result in results] == [1, 2]
    assert forms.logins == 2, "the next attempt has a session of its own"


@pytest.mark.parametrize(
    ("paths", "login_pages"),
    [
        (("/users/sign_out", PRIVATE), 1),
        (("/restarted", LOGIN, PRIVATE), 1),
        ((LOGIN,), 1),
        (("/again",), 1),
        ((PRIVATE, "/"), 0),
        (("/restarted", "/"), 0),
    ],
    ids=["signs-out", "opens-the-form", "looks-at-the-form", "sent-but-signed-in", "nothing", "not-noticed"],
)
async def test_what_an_agent_does_itself_is_scored(paths: tuple[str, ...], login_pages: int, tmp_path: Path) -> None:
    (result,), _ = await play(tmp_path, *paths)
    assert (result.ending, result.value) == ("answered", 1.0), result.failure
    assert len(result.login_pages) == login_pages, result.login_pages
