"""BrowserGym 0.14.3 on the embedded sites, by the modules that `wa-run sites serve --write-configs` leaves for it.

`make peer-test` sets it up; BROWSERGYM_PYTHON names another Python that has it.
"""

import os
from collections.abc import AsyncIterator
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.peer.playing import judge, play_in_browsergym
from tests.peer.served import BROWSERGYM_PYTHON, shared_sites
from webarena_runner.agents.browsergym.agent import observation
from webarena_runner.browser.session import BrowserSession
from webarena_runner.official.notation import render
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.tasksets.mini import Mini
from webarena_runner.tasksets.selection import select

pytestmark = [
    pytest.mark.peer,
    pytest.mark.browser,
    pytest.mark.skipif(not BROWSERGYM_PYTHON.exists(), reason=f"{BROWSERGYM_PYTHON} is absent: `make peer-test`"),
]
LOADED = Mini().load()
# Every site, every kind of check, several tabs, and the home page, which its own tasks never have.
PROMPTED = os.environ.get("PEER_TASKS", "0,16,37,41,60,106,111,212,315,335")
PLAYED = "smoke,20,201,301,317,319,340,403,407"


@pytest.fixture(autouse=True)
async def judged(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    async with judge() as (_, environ):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        yield


async def test_its_rewards_of_reference_actions_are_ours(tmp_path: Path) -> None:
    tasks = select(PLAYED, LOADED, seed=0)
    assert len(tasks) == 20
    async with shared_sites(tmp_path, python=BROWSERGYM_PYTHON, side="browsergym_side.py") as shared:
        rewards = {task.task_id: await play_in_browsergym(task, shared) for task in tasks}
    assert rewards == dict.fromkeys((task.task_id for task in tasks), 1.0)


async def test_its_rewards_of_an_empty_answer_are_ours(tmp_path: Path) -> None:
    tasks = select("9,37,212,318", LOADED, seed=0)
    async with shared_sites(tmp_path, python=BROWSERGYM_PYTHON, side="browsergym_side.py") as shared:
        rewards = {task.task_id: await play_in_browsergym(task, shared, answer_at_once="") for task in tasks}
    assert rewards == dict.fromkeys((task.task_id for task in tasks), 0.0)


async def test_the_prompt_that_agentlab_makes_of_our_observation_is_that_of_its_own(tmp_path: Path) -> None:
    options = {"model": "oracle", "tasks": "mini", "task_set": "mini", "served_by": "embedded", "profile": "browsergym"}
    settings = load_run_config(CliOptions(**options), {})[0].settings
    tasks = select(PROMPTED, LOADED, seed=0)
    session = BrowserSession(settings.browser, settings.observation, settings.settle, screenshot_type="png")
    differing = {}
    async with shared_sites(tmp_path, python=BROWSERGYM_PYTHON, side="browsergym_side.py") as shared, session:
        for task in tasks:
            await shared.reset()
            await shared.package.ask("reset", task_id=task.task_id)
            state = await shared.package.ask("state")
            urls = [render(url, shared.urls) for url in task.start_urls]
            async with session.episode(urls=shared.urls, storage_state=state, start_urls=urls) as environment:
                now = await environment.observe()
            seen = observation(task, now, said="", begun=0, greeting="")
            ours = (await shared.package.ask("prompt", observation=seen))["text"]
            theirs = (await shared.package.ask("prompt"))["text"]
            assert task.intent in theirs
            if ours != theirs:
                lines = unified_diff(theirs.split("\n"), ours.split("\n"), n=0, lineterm="")
                differing[task.task_id] = list(lines)[2:]
    assert differing == {}
