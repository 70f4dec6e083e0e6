"""Official task records: a JSON list of them, read into `Task` values with the record kept verbatim."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from webarena_runner import registry
from webarena_runner.errors import TaskFileError
from webarena_runner.interfaces import Evaluator
from webarena_runner.official.node import Node, shown
from webarena_runner.official.notation import START_TABS
from webarena_runner.official.sites import SITES
from webarena_runner.types import Check, Task, TaskId

_STATE_FOLDER, _STATE_SUFFIX = "./.auth/", "_state.json"
MAX_ID_CHARACTERS = 200


def read_tasks(path: Path, task_set: str) -> tuple[tuple[Task, ...], str]:
    """Tasks of a file in file order, and the file's sha256.

    Raises:
        TaskFileError: unreadable, malformed (with line and column), or a record that is not as it has to be.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TaskFileError(f"{path}: the task file cannot be read: {error.strerror or error}") from error
    return parse_tasks(content, str(path), task_set), hashlib.sha256(content).hexdigest()


def parse_tasks(content: bytes, file: str, task_set: str) -> tuple[Task, ...]:
    """Tasks of a JSON list of official records; `file` is for error texts."""
    try:
        records = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TaskFileError(f"{file}: expected UTF-8 text: {error}") from error
    except json.JSONDecodeError as error:
        raise TaskFileError(f"{file}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise TaskFileError(f"{file}: nested too deep for a task file") from error
    if not isinstance(records, list) or not records:
        raise TaskFileError(f"{file}: expected a JSON list of at least one task record, found {shown(records)}")
    evaluators = _Evaluators()
    tasks = tuple(_task(record, index, file, task_set, evaluators) for index, record in enumerate(records))
    _check_unique(tasks, file)
    _check_dependencies(tasks, file)
    return tasks


class _Evaluators:
    """The evaluator classes that are installed, each imported when a task asks for it."""

    def __init__(self) -> None:
        self._names = registry.names("evaluators")
        self._classes: dict[str, type[Evaluator]] = {}

    def called(self, kind: Node) -> type[Evaluator]:
        name = kind.text()
        if name not in self._names:
            raise kind.wrong(
                f"one of the evaluators {', '.join(self._names)}, or one of a plug-in: install its package in this "
                f"environment"
            )
        if name not in self._classes:
            self._classes[name] = registry.load("evaluators", name)
        return self._classes[name]


def _task(record: Any, index: int, file: str, task_set: str, evaluators: _Evaluators) -> Task:
    label = record.get("task_id") if isinstance(record, dict) else None
    where = f"{file}: record {index}" + (f" (task {label})" if isinstance(label, int | str) else "")
    node = Node(where, "", record)
    evaluation = node.key("eval")
    checks = [_check(evaluation, kind, evaluators) for kind in _kinds_of(evaluation)]
    return Task(
        task_set=task_set,
        task_id=_task_id(node.key("task_id")),
        intent=node.key("intent").filled_text(),
        sites=_sites(node.key("sites")),
        start_urls=tuple(node.key("start_url").filled_text().split(START_TABS)),
        login_sites=_login_sites(node.get("storage_state", None)),
        template_id=node.key("intent_template_id").integer(),
        checks=tuple(check for check, _, _ in checks),
        writes=any(writes for _, writes, _ in checks),
        judge=any(judge for _, _, judge in checks),
        reset_before=node.get("require_reset", False).boolean(),
        depends_on=tuple(_task_id(each) for each in node.get("depends_on", []).items()),
        images=_images(node.get("image", None)),
        raw=record,
    )


def _task_id(node: Node) -> TaskId:
    """An integer, or a text that no selection and no folder name can take for one."""
    if not isinstance(node.value, str):
        if node.integer() < 0:
            raise node.wrong("an integer of at least 0")
        return node.integer()
    text = node.value
    if text.isdecimal() or text != text.strip() or not text.isprintable() or '"' in text:
        raise node.wrong("an integer, or a text that is no number, without quotes and blanks around it")
    if not 0 < len(text) <= MAX_ID_CHARACTERS:
        raise node.wrong(f"an integer, or a text of 1 to {MAX_ID_CHARACTERS} characters")
    return text


def _images(node: Node) -> tuple[str, ...]:
    if node.value is None:
        return ()
    return (node.filled_text(),) if isinstance(node.value, str) else tuple(item.filled_text() for item in node.items())


def _sites(node: Node) -> tuple[str, ...]:
    sites = node.texts()
    for item in node.items():
        _known_site(item, item.text())
    return tuple(sites)


def _known_site(node: Node, site: str) -> str:
    if site not in SITES:
        raise node.wrong(f"one of the sites {', '.join(SITES)}")
    return site


def _login_sites(node: Node) -> tuple[str, ...]:
    """Sites named by an official state file, `./.auth/gitlab.reddit_state.json`; none for null."""
    if node.value is None:
        return ()
    name = node.text().removeprefix(_STATE_FOLDER)
    if not name.endswith(_STATE_SUFFIX):
        raise node.wrong(f"null or {_STATE_FOLDER}SITE[.SITE]{_STATE_SUFFIX}")
    return tuple(_known_site(node, site) for site in name.removesuffix(_STATE_SUFFIX).split("."))


def _kinds_of(evaluation: Node) -> Iterator[Node]:
    """The declared types in the declared order; fields of undeclared types are not looked at."""
    kinds = evaluation.key("eval_types")
    if not kinds.texts():
        raise kinds.wrong("at least one evaluator")
    return kinds.items()


def _check(evaluation: Node, kind: Node, evaluators: _Evaluators) -> tuple[Check, bool, bool]:
    """The check, whether it writes, and whether it may need a judge, as its evaluator says."""
    evaluator = evaluators.called(kind)
    spec = evaluator.read(evaluation)
    check = Check(kind=kind.text(), spec=spec.model_dump(mode="json"))
    return check, evaluator.writes(spec), evaluator.needs_judge(spec)


def _check_unique(tasks: Sequence[Task], file: str) -> None:
    first: dict[TaskId, int] = {}
    for index, task in enumerate(tasks):
        if task.task_id in first:
            raise TaskFileError(
                f"{file}: record {index}: task_id {task.task_id} is already that of record {first[task.task_id]}; "
                f"ids must differ"
            )
        first[task.task_id] = index


def _check_dependencies(tasks: Sequence[Task], file: str) -> None:
    known = {task.task_id for task in tasks}
    for index, task in enumerate(tasks):
        for needed in task.depends_on:
            if needed not in known or needed == task.task_id:
                raise TaskFileError(
                    f"{file}: record {index} (task {task.task_id}): depends_on: expected ids of other tasks of this "
                    f"file, found {needed!r}"
                )
