"""BrowserGym 0.14.3 on the embedded sites, by the modules that `wa-run sites serve --write-configs` leaves for it.

`make peer-test` sets it up; BROWSERGYM_PYTHON names another Python that has it.
"""

from pathlib import Path

import pytest

from tests.peer.playing import play_in_browsergym
from tests.peer.served import BROWSERGYM_PYTHON, shared_sites
from webarena_runner.tasksets.mini import Mini
from webarena_runner.tasksets.selection import select

pytestmark = [
    pytest.mark.peer,
    pytest.mark.browser,
    pytest.mark.skipif(not BROWSERGYM_PYTHON.exists(), reason=f"{BROWSERGYM_PYTHON} is absent: `make peer-test`"),
]
LOADED = Mini().load()
# Every site, every kind of check, several tabs, and the home page, which its own tasks never have.
PLAYED = "smoke,20,201,301,317,319,340,403,407"


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
