"""A task set from a CSV file: who reads a page of the handbook, and which."""

import csv
import hashlib
from pathlib import Path

from webarena_runner.interfaces import LoadedTasks
from webarena_runner.types import Check, Task

FILE = Path(__file__).with_name("tasks.csv")


class Handbook:
    """Each task asks for one page; `served_by` names the site provider that has them."""

    name = "handbook"
    served_by = "handbook"

    def load(self, *, allow_modified: bool = False) -> LoadedTasks:
        content = FILE.read_bytes()
        tasks = tuple(
            self._task(row) for row in csv.DictReader(content.decode("utf-8").splitlines())
        )
        return LoadedTasks(self.name, tasks, hashlib.sha256(content).hexdigest(), str(FILE))

    def _task(self, row: dict[str, str]) -> Task:
        return Task(
            task_set=self.name,
            task_id=row["id"],
            intent=row["question"],
            sites=("wikipedia",),
            start_urls=("__WIKIPEDIA__",),
            login_sites=(),
            template_id=0,
            checks=(Check(kind="page_title", spec={"title": row["title"]}),),
            raw=row,
        )
