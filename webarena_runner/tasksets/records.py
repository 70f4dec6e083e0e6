"""Official task records, read into `Task` values with the record kept verbatim, or into what is wrong with them."""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from webarena_runner import registry
from webarena_runner.errors import TaskFileError
from webarena_runner.interfaces import Evaluator, UnusableTask
from webarena_runner.log.wellformed import nesting, well_formed
from webarena_runner.official.addresses import fault_of
from webarena_runner.official.node import Node, shown
from webarena_runner.official.notation import START_TABS
from webarena_runner.official.sites import SITES
from webarena_runner.tasksets.content import Content, read_content
from webarena_runner.tasksets.faults import require_whole
from webarena_runner.tasksets.keys import unread
from webarena_runner.types import Check, Geolocation, Task, TaskId, Viewport

T = TypeVar("T")
D = TypeVar("D")
R = TypeVar("R", Geolocation, Viewport)
_Found = Task | UnusableTask
# Whether it writes, and whether it may need a judge.
ReadCheck = tuple[Check, bool, bool]
_STATE_SUFFIX = "_state.json"
MAX_ID_CHARACTERS = 200
MAX_DEPTH = 100
# As many digits as --tasks takes.
MAX_ID = 10**18 - 1


@dataclass(frozen=True)
class ReadTasks:
    """`notes` are sentences about the file that its user should know; `unusable` are in the order of the file too."""

    tasks: tuple[Task, ...]
    unusable: tuple[UnusableTask, ...]
    sha256: str
    notes: tuple[str, ...] = ()


def read_tasks(path: Path, task_set: str) -> ReadTasks:
    """Tasks of a file or folder in WebArena's form, in its order.

    Raises:
        TaskFileError: unreadable, malformed (with line and column), or not one record of it can be used.
    """
    return tasks_of(read_content(path), str(path), task_set, Form())


def tasks_of(content: Content, file: str, task_set: str, form: "Form") -> ReadTasks:
    """The same of what was in a file, in whatever form; `file` is for error texts."""
    evaluators = Evaluators()
    found = [_task(record, place, task_set, form, evaluators) for place, record in content.records]
    places = [place for place, _ in content.records]
    read = _without_unknown_needs(_without_equal_ids(found, places), places)
    tasks = tuple(each for each in read if isinstance(each, Task))
    unusable = tuple(each for each in read if isinstance(each, UnusableTask))
    if not tasks:
        require_whole(unusable, total=len(read), file=file)
    note = unread([record for _, record in content.records])
    return ReadTasks(tasks, unusable, content.sha256, (f"{file}: {note}",) if note else ())


class Evaluators:
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


@dataclass
class Faults:
    """What is wrong with one record."""

    found: list[str] = field(default_factory=list)

    def unless(self, read: Callable[[], T], default: D) -> T | D:
        """What is read; the default, and the fault noted, where it cannot be."""
        try:
            return read()
        except TaskFileError as error:
            # It may quote a key with half a character in it.
            self.found.append(well_formed(str(error)))
            return default


@dataclass(frozen=True)
class Form:
    """How records say what they are about: here as WebArena's do, whose forks have the same keys.

    `rules` are those that its checks are written for, unless a record says so itself.
    """

    rules: str = "webarena"

    def start_urls(self, node: Node) -> tuple[str, ...]:
        """None for "", which officially is a blank page."""
        start = node.key("start_url")
        if start.value == "":
            return ()
        return tuple(check_address(start, url) for url in start.filled_text().split(START_TABS))

    def login_sites(self, node: Node) -> tuple[str, ...]:
        return _sites_of_state(node.get("storage_state", None))

    def checks(self, evaluation: Node, evaluators: Evaluators, faults: Faults) -> list[ReadCheck]:
        """The declared types in the declared order; fields of undeclared types are not looked at."""
        kinds = evaluation.key("eval_types")
        if not kinds.texts():
            raise kinds.wrong("at least one evaluator")
        if self.rules != Form.rules:
            evaluation = replace(evaluation, value={"rules": self.rules, **evaluation.value})
        read = [faults.unless(partial(read_check, evaluation, kind, evaluators), None) for kind in kinds.items()]
        return [check for check in read if check is not None]


def _task(record: Any, place: str, task_set: str, form: Form, evaluators: Evaluators) -> Task | UnusableTask:
    label = record.get("task_id") if isinstance(record, dict) else None
    where = place + (f" (task {' '.join(str(label).split())!s:.40})" if isinstance(label, int | str) else "")
    # A blank in front: no task's id begins with one.
    nameless = f" {place}"
    if not isinstance(record, dict):
        return UnusableTask(nameless, (f"{where}: expected a mapping, found {shown(record)}",))
    faults = Faults()
    node = Node(where, "", record)
    faults.unless(lambda: _require_writable(node), None)
    task_id = faults.unless(lambda: _task_id(node.key("task_id")), nameless)
    sites = faults.unless(lambda: _sites(node.key("sites")), ())
    template_id = faults.unless(lambda: _template_id(node.get("intent_template_id", None)), None)
    checks = faults.unless(lambda: form.checks(node.key("eval"), evaluators, faults), [])
    rest: dict[str, Any] = {
        "intent": faults.unless(lambda: node.key("intent").filled_text(), ""),
        "start_urls": faults.unless(lambda: form.start_urls(node), ()),
        "login_sites": faults.unless(lambda: form.login_sites(node), ()),
        "reset_before": faults.unless(lambda: node.get("require_reset", False).boolean(), False),
        "depends_on": faults.unless(lambda: tuple(map(_task_id, node.get("depends_on", []).items())), ()),
        "images": faults.unless(lambda: _images(node.get("image", None)), ()),
        "geolocation": faults.unless(lambda: _record(node.get("geolocation", None), Geolocation), None),
        "viewport": faults.unless(lambda: _record(node.get("viewport_size", None), Viewport), None),
    }
    if faults.found:
        return UnusableTask(task_id, tuple(faults.found), sites, template_id, _declared(record))
    return Task(
        task_set=task_set,
        task_id=task_id,
        sites=sites,
        template_id=template_id,
        checks=tuple(check for check, _, _ in checks),
        writes=any(writes for _, writes, _ in checks),
        judge=any(judge for _, _, judge in checks),
        raw=record,
        **rest,
    )


def _require_writable(node: Node) -> None:
    """Half of a surrogate pair, and numbers without a value, are in no other program's JSON."""
    if nesting(node.value) > MAX_DEPTH:
        raise node.fault(f"nested deeper than {MAX_DEPTH} levels")
    try:
        json.dumps(node.value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise node.fault(f"holds half a character, {error.object[error.start]!r}") from error
    except ValueError as error:
        raise node.fault("holds NaN or Infinity, which are no JSON") from error


def _task_id(node: Node) -> TaskId:
    """An integer, or a text that no selection and no folder name can take for one."""
    if not isinstance(node.value, str):
        if not 0 <= node.integer() <= MAX_ID:
            raise node.wrong("an integer of at least 0, and of 18 digits at most")
        return node.integer()
    text = node.value
    if text.isdecimal() or text != text.strip() or not text.isprintable() or '"' in text:
        raise node.wrong("an integer, or a text that is no number, without quotes and blanks around it")
    if not 0 < len(text) <= MAX_ID_CHARACTERS:
        raise node.wrong(f"an integer, or a text of 1 to {MAX_ID_CHARACTERS} characters")
    return text


def _template_id(node: Node) -> int | None:
    """None where there is none: official code never reads it."""
    return None if node.value is None else node.integer()


def check_address(node: Node, url: str) -> str:
    """The URL, which has to be one of a page. Raises TaskFileError."""
    if fault := fault_of(url):
        raise node.fault(f"{fault}, found {shown(url)}")
    return url


def _images(node: Node) -> tuple[str, ...]:
    if node.value in (None, ""):
        return ()
    return (node.filled_text(),) if isinstance(node.value, str) else tuple(item.filled_text() for item in node.items())


def _record(node: Node, kind: type[R]) -> R | None:
    return None if node.value is None or node.value == {} else node.record(kind)


def _sites(node: Node) -> tuple[str, ...]:
    sites = node.texts()
    for item in node.items():
        _known_site(item, item.text())
    return tuple(sites)


def _known_site(node: Node, site: str) -> str:
    if site not in SITES:
        raise node.wrong(f"one of the sites {', '.join(SITES)}")
    return site


def _sites_of_state(node: Node) -> tuple[str, ...]:
    """Sites named by an official state file, `./.auth/gitlab.reddit_state.json`, in whatever folder; none for null."""
    if node.value in (None, ""):
        return ()
    name = re.split(r"[/\\]", node.text())[-1]
    if not name.endswith(_STATE_SUFFIX):
        raise node.wrong(f"null, or a file such as ./.auth/SITE[.SITE]{_STATE_SUFFIX}")
    return tuple(_known_site(node, site) for site in name.removesuffix(_STATE_SUFFIX).split("."))


def read_check(evaluation: Node, kind: Node, evaluators: Evaluators) -> ReadCheck:
    """The check, whether it writes, and whether it may need a judge, as its evaluator says."""
    evaluator = evaluators.called(kind)
    spec = evaluator.read(evaluation)
    check = Check(kind=kind.text(), spec=spec.model_dump(mode="json"))
    return check, evaluator.writes(spec), evaluator.needs_judge(spec)


def _declared(record: dict[str, Any]) -> tuple[str, ...]:
    """The kinds of check that a record names, as far as they can be read."""
    evaluation = record.get("eval")
    kinds = evaluation.get("eval_types") if isinstance(evaluation, dict) else None
    return tuple(well_formed(kind) for kind in kinds if isinstance(kind, str)) if isinstance(kinds, list) else ()


def _without_equal_ids(found: Sequence[_Found], places: Sequence[str]) -> list[_Found]:
    """Which of two records an id means nobody can say, so that neither can be run."""
    counts = Counter(each.task_id for each in found)
    first: dict[TaskId, str] = {}
    kept: list[_Found] = []
    for each, place in zip(found, places, strict=True):
        earlier = first.setdefault(each.task_id, place)
        again = f"{place}: task_id {each.task_id} is already that of {_short(earlier)}; ids must differ"
        kept.append(_unusable(each, *([again] if earlier != place else [])) if counts[each.task_id] > 1 else each)
    return kept


def _without_unknown_needs(found: Sequence[_Found], places: Sequence[str]) -> list[_Found]:
    known = {each.task_id for each in found}
    kept: list[_Found] = []
    for each, place in zip(found, places, strict=True):
        needs = each.depends_on if isinstance(each, Task) else ()
        wrong = [needed for needed in needs if needed not in known or needed == each.task_id]
        where = f"{place} (task {each.task_id}): depends_on: expected ids of other tasks of this file"
        kept.append(_unusable(each, *(f"{where}, found {needed!r}" for needed in wrong)) if wrong else each)
    return kept


def _unusable(task: _Found, *faults: str) -> UnusableTask:
    if isinstance(task, UnusableTask):
        return replace(task, faults=(*task.faults, *faults))
    return UnusableTask(task.task_id, faults, task.sites, task.template_id, tuple(check.kind for check in task.checks))


def _short(place: str) -> str:
    """`record 3` of a place in a list, since the file is named before it."""
    return place.rpartition(": ")[2]
