"""Official task records: a JSON list of them, read into `Task` values with the record kept verbatim."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from webarena_runner.errors import TaskFileError
from webarena_runner.official.notation import FUNC, SCRIPT_STARTS, START_TABS, UNACHIEVABLE, parse_helper
from webarena_runner.official.sites import SITES
from webarena_runner.tasksets.node import Node, shown
from webarena_runner.types import Check, HtmlCheck, HtmlTarget, StringCheck, Task, UrlCheck

EVAL_TYPES = ("string_match", "url_match", "program_html")
URL_NOTE = "GOLD in PRED"
_STATE_FOLDER, _STATE_SUFFIX = "./.auth/", "_state.json"


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
    tasks = tuple(_task(record, index, file, task_set) for index, record in enumerate(records))
    _check_unique(tasks, file)
    return tasks


def _task(record: Any, index: int, file: str, task_set: str) -> Task:
    label = record.get("task_id") if isinstance(record, dict) else None
    where = f"{file}: record {index}" + (f" (task {label})" if isinstance(label, int) else "")
    node = Node(where, "", record)
    evaluation = node.key("eval")
    return Task(
        task_set=task_set,
        task_id=_task_id(node.key("task_id")),
        intent=node.key("intent").filled_text(),
        sites=_sites(node.key("sites")),
        start_urls=tuple(node.key("start_url").filled_text().split(START_TABS)),
        login_sites=_login_sites(node.get("storage_state", None)),
        template_id=node.key("intent_template_id").integer(),
        checks=_checks(evaluation),
        raw=record,
    )


def _task_id(node: Node) -> int:
    if node.integer() < 0:
        raise node.wrong("an integer of at least 0")
    return node.integer()


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


def _checks(node: Node) -> tuple[Check, ...]:
    """One check for each declared type, in the declared order; fields of undeclared types are not looked at."""
    kinds = node.key("eval_types")
    if not kinds.texts():
        raise kinds.wrong("at least one evaluator")
    return tuple(_check(node, kind) for kind in kinds.items())


def _check(node: Node, kind: Node) -> Check:
    match kind.value:
        case "string_match":
            return StringCheck(
                reference_answers=_reference_answers(node.key("reference_answers")),
                string_note=node.get("string_note", "").text(),
            )
        case "url_match":
            return _url_check(node)
        case "program_html":
            targets = tuple(_target(target) for target in node.key("program_html").items())
            if not targets:
                raise node.key("program_html").wrong("a list of at least one target")
            return HtmlCheck(targets=targets)
    raise kind.wrong(f"one of the evaluators {', '.join(EVAL_TYPES)}")


def _reference_answers(node: Node) -> dict[str, str | list[str]]:
    if not isinstance(node.value, dict) or not node.value:
        raise node.wrong("a mapping with exact_match, must_include or fuzzy_match")
    answers: dict[str, str | list[str]] = {}
    for name in node.value:
        wanted = node.key(name)
        match name:
            case "exact_match":
                answers[name] = wanted.text()
            case "must_include":
                answers[name] = wanted.texts()
            case "fuzzy_match" if wanted.value == UNACHIEVABLE:
                answers[name] = UNACHIEVABLE
            case "fuzzy_match" if isinstance(wanted.value, list):
                answers[name] = wanted.texts()
            case "fuzzy_match":
                raise wanted.wrong(f"'{UNACHIEVABLE}' or a list of texts")
            case _:
                raise wanted.fault("no rule of this evaluator; known: exact_match, must_include, fuzzy_match")
    return answers


def _url_check(node: Node) -> UrlCheck:
    note = node.get("url_note", URL_NOTE)
    if note.value != URL_NOTE:
        raise note.wrong(f"'{URL_NOTE}'")
    return UrlCheck(reference_url=node.key("reference_url").filled_text(), url_note=URL_NOTE)


def _target(node: Node) -> HtmlTarget:
    url, locator = node.key("url"), node.key("locator")
    if url.filled_text().startswith("func"):
        _check_helper(url)
    if locator.text().startswith("func"):
        _check_helper(locator)
    elif locator.text().strip() and not locator.text().startswith(SCRIPT_STARTS):
        raise locator.wrong(f"an empty text, or one that starts with {', '.join(SCRIPT_STARTS)} or {FUNC}")
    preparing = node.get("prep_actions", [])
    return HtmlTarget(
        url=url.text(),
        locator=locator.text(),
        required_contents=_required(node.key("required_contents")),
        prep_actions=[action.filled_text() for action in preparing.items()],
    )


def _check_helper(node: Node) -> None:
    try:
        parse_helper(node.text(), "url" if node.path.endswith("url") else "locator")
    except TaskFileError as error:
        raise node.fault(error) from error


def _required(node: Node) -> dict[str, str | list[str]]:
    if not isinstance(node.value, dict) or not node.value:
        raise node.wrong("a mapping with exact_match or must_include")
    required: dict[str, str | list[str]] = {}
    for name in node.value:
        match name:
            case "exact_match":
                required[name] = node.key(name).text()
            case "must_include":
                required[name] = node.key(name).texts()
            case _:
                raise node.key(name).fault("no rule of this evaluator; known: exact_match, must_include")
    return required


def _check_unique(tasks: Sequence[Task], file: str) -> None:
    first: dict[int, int] = {}
    for index, task in enumerate(tasks):
        if task.task_id in first:
            raise TaskFileError(
                f"{file}: record {index}: task_id {task.task_id} is already that of record {first[task.task_id]}; "
                f"ids must differ"
            )
        first[task.task_id] = index
