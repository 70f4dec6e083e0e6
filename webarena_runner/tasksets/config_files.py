"""Task files for other harnesses: one per task, as the official set-up script leaves them in `config_files/`."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from webarena_runner.errors import ConfigError
from webarena_runner.log.files import write_atomically
from webarena_runner.official.notation import render
from webarena_runner.types import Task

TEMPLATE, ALL = "test.raw.json", "test.json"
# Ours, not official: what to do would be given away.
_REFERENCE = "reference_actions"


# What BrowserGym and AgentLab take in place of task files, copied as they are but for the name of the set.
MODULES = ("browsergym_tasks.py", "agentlab_benchmark.py")
_OWN_NAME = 'TASK_SET = "mini"'


def require_own_folder(folder: Path, tasks: Iterable[Task]) -> None:
    """Before anything is written: raises ConfigError when the folder holds JSON files that are not of these tasks."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: expected a folder for the task files; this is a file")
    ours = {TEMPLATE, ALL, *(f"{task.task_id}.json" for task in tasks)}
    foreign = sorted(path.name for path in folder.glob("*.json") if path.name not in ours)
    template = folder / TEMPLATE
    if not foreign and template.exists() and template.read_text("utf-8") != _text([_record(task) for task in tasks]):
        foreign = [TEMPLATE]
    if foreign:
        raise ConfigError(
            f"{folder}: holds task files of something else ({', '.join(foreign[:3])}{', ...' if foreign[3:] else ''}), "
            "which would be mixed with these; choose an empty folder"
        )


def write_config_files(tasks: Iterable[Task], urls: Mapping[str, str], folder: Path, *, task_set: str) -> None:
    """`ID.json` for each task and `test.json` with all of them, their `__SITE__` replaced by the URLs, and
    `test.raw.json` with the placeholders left in; beside them the modules by which BrowserGym and AgentLab have them.

    Raises:
        ConfigError: the folder cannot be written.
    """
    records = [_record(task) for task in tasks]
    raw = _text(records)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / TEMPLATE, raw)
        write_atomically(folder / ALL, render(raw, urls))
        for record in records:
            write_atomically(folder / f"{record['task_id']}.json", render(_text(record), urls))
        for name in MODULES:
            write_atomically(folder / name, _module(name, task_set))
    except OSError as error:
        raise ConfigError(f"{folder}: the task files cannot be written: {error.strerror or error}") from error


def _record(task: Task) -> dict[str, Any]:
    return {key: value for key, value in task.raw.items() if key != _REFERENCE}


def _module(name: str, task_set: str) -> str:
    # What Gymnasium takes in the id of an environment.
    named = re.sub(r"[^\w.-]", "-", task_set, flags=re.ASCII)
    return Path(__file__).with_name(name).read_text("utf-8").replace(_OWN_NAME, f'TASK_SET = "{named}"', 1)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
