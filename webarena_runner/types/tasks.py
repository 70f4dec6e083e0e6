"""The records of a benchmark's tasks."""

from typing import Any

from pydantic import Field

from webarena_runner.types.actions import Tool
from webarena_runner.types.record import Record, is_empty

# As in the file, and so in JSON: 7 and "7" would be two tasks, so that no text id is a number.
TaskId = int | str


def id_order(task_id: TaskId) -> tuple[bool, int, str]:
    """Sort key: numbers first, then texts."""
    return (True, 0, task_id) if isinstance(task_id, str) else (False, task_id, "")


class Check(Record):
    """One check of the end state: `spec` is the JSON of the record that the evaluator called `kind` owns and reads."""

    kind: str
    spec: dict[str, Any]


class Geolocation(Record):
    """Where pages of a task are told that they are: degrees, and metres of accuracy."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    accuracy: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class Viewport(Record):
    """The size of a task's pages in CSS pixels; None: that of the settings."""

    width: int | None = Field(default=None, ge=1, le=10_000)
    height: int | None = Field(default=None, ge=1, le=10_000)


class Task(Record):
    """One benchmark task.

    `sites`, `start_urls` and the checks keep the official names and `__SITE__` placeholders; `raw` is the official
    record, verbatim. `login_sites` are the sites whose log-in state the episode starts with (from `storage_state`).
    `writes`: doing it may change the sites. `judge`: some answers to it only a judge can score. `reset_before`: the
    sites have to be reset first. `depends_on`: tasks of the set that have to be run before. `images`: paths or URLs of
    pictures that belong to the intent. `template_id` None: the record has none, or there are no templates. `tools` are
    the functions that its actions are calls of; empty where it has the browser's actions.
    """

    task_set: str
    task_id: TaskId
    intent: str
    sites: tuple[str, ...]
    start_urls: tuple[str, ...]
    login_sites: tuple[str, ...]
    template_id: int | None = None
    checks: tuple[Check, ...]
    writes: bool = False
    judge: bool = False
    reset_before: bool = False
    depends_on: tuple[TaskId, ...] = ()
    images: tuple[str, ...] = ()
    geolocation: Geolocation | None = None
    viewport: Viewport | None = None
    tools: tuple[Tool, ...] = Field(default=(), exclude_if=is_empty)
    raw: dict[str, Any] = Field(repr=False)
