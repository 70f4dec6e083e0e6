"""The task files in this folder as environments of BrowserGym 0.14.

`wa-run sites serve --write-configs` leaves this file there. With the folder on PYTHONPATH and the WA_ variables set,
`import browsergym_tasks` registers `browsergym/NAME.ID` for each task.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from browsergym.core.registration import register_task
from browsergym.webarena.task import GenericWebArenaTask

FOLDER = Path(__file__).parent
TASK_SET = "mini"
# A task's log-in begins with each of its sites, and BrowserGym knows none for the home page: official files never have
# it there. Where an agent may go does not depend on this list.
WITHOUT_LOG_IN = ("homepage",)


@cache
def task_files() -> dict[int, dict[str, Any]]:
    """What BrowserGym is given of each task, by its id."""
    records = json.loads((FOLDER / "test.json").read_text("utf-8"))
    return {
        record["task_id"]: record | {"sites": [site for site in record["sites"] if site not in WITHOUT_LOG_IN]}
        for record in records
    }


class ServedTask(GenericWebArenaTask):  # type: ignore[misc]
    """BrowserGym's task, set up and scored as it does that, with a file from this folder."""

    def __init__(self, seed: int, served_id: int, **options: Any) -> None:
        # It takes an id of its own data and no file; the data is replaced before anything is made of it.
        super().__init__(seed, task_id=0, **options)
        self.task_configs = [task_files()[served_id]]


def name_of(task_id: int) -> str:
    return f"{TASK_SET}.{task_id}"


def register() -> None:
    for task_id in task_files():
        register_task(name_of(task_id), ServedTask, task_kwargs={"served_id": task_id})


register()
