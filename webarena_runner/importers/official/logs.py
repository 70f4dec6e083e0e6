"""What the official harness's logs say of each task: passed, failed, or its error; the last word counts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from webarena_runner.errors import UsageError
from webarena_runner.log.files import is_file

MERGED = ("merged_log.txt", "merge_log.txt", "tmp_merged_log.txt")
LOG_LIST, ERRORS = "log_files.txt", "error.txt"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) - ")
_TASK_FILE = re.compile(r"([^/\\]+)\.json\s*$")
_RESULT = re.compile(r"\[Result\] \((PASS|FAIL)\)")
_ERROR = re.compile(r"\[(Unhandled|OpenAI) Error\] ?(.*)")
_CONFIG = "[Config file]"


@dataclass(frozen=True)
class Logged:
    """Of one task; `passed` None: it has no score. `error` is what ended it, `of_model` whether that was the model's.

    Times are of the machine that ran it, which does not say its zone.
    """

    passed: bool | None = None
    error: str = ""
    of_model: bool = False
    traceback: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


def find_logs(folder: Path, named: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Logs that are there, those that `named` names last, and the names of those that are not.

    `log_files.txt` has paths on the machine that ran it: they are looked for by name below the folder and beside it.
    """
    listed = [line.strip() for line in _lines(folder / LOG_LIST) if line.strip()] if is_file(folder / LOG_LIST) else []
    found, missing = [], []
    for line in dict.fromkeys(listed):
        name = re.split(r"[/\\]", line)[-1]
        places = (folder / name, folder / "log_files" / name, folder.parent / "log_files" / name, folder.parent / name)
        there = next((place for place in places if name and is_file(place)), None)
        if there:
            found.append(there)
        else:
            missing.append(line)
    merged = [folder / name for name in MERGED if is_file(folder / name)]
    return [*merged, *found, *named], missing


def read_logs(folder: Path, logs: Iterable[Path]) -> dict[str, Logged]:
    """By the name of the task's file, which is its id. Raises UsageError when one cannot be read."""
    said: dict[str, Logged] = {}
    for path in logs:
        _read(_lines(path), said)
    # It has the errors of all starts, also of tasks that were run again since.
    errors: dict[str, Logged] = {}
    if is_file(folder / ERRORS):
        _read(_lines(folder / ERRORS), errors)
    return {task: _with_traceback(errors, said, task) for task in {**errors, **said}}


def _with_traceback(errors: dict[str, Logged], said: dict[str, Logged], task: str) -> Logged:
    if task not in said:
        return errors[task]
    known = errors.get(task)
    return replace(said[task], traceback=known.traceback) if known and known.error == said[task].error else said[task]


def _read(lines: Iterable[str], said: dict[str, Logged]) -> None:
    task, in_traceback = "", False
    for line in lines:
        at = _time(line)
        if _CONFIG in line and (found := _TASK_FILE.search(line)):
            task, in_traceback = found[1], False
            said[task] = Logged(started_at=at)
        elif found := _RESULT.search(line):
            name = _TASK_FILE.search(line)
            task, in_traceback = name[1] if name else task, False
            said[task] = replace(said.get(task, Logged()), passed=found[1] == "PASS", finished_at=at, error="")
        elif task and (found := _ERROR.search(line)):
            of_model, in_traceback = found[1] == "OpenAI", True
            # The harness closes a bracket too many.
            error = found[2].strip().removesuffix("]")
            said[task] = replace(said[task], passed=None, error=error, of_model=of_model, finished_at=at)
        elif task and in_traceback and at is None:
            said[task] = replace(said[task], traceback=said[task].traceback + line)


def _time(line: str) -> datetime | None:
    found = _TIME.match(line)
    if found is None:
        return None
    try:
        at = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return at.replace(microsecond=1000 * int(found[2]))


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from file
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
