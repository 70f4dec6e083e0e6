"""Which tasks a `--tasks` expression chooses."""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from webarena_runner.errors import SelectionError, StoreError, TaskFileError
from webarena_runner.official.families import WEBARENA
from webarena_runner.tasksets.expression import (
    FILTERS,
    And,
    Filter,
    IdFile,
    Ids,
    Leaf,
    Named,
    Node,
    Not,
    Or,
    Outcome,
    TextId,
    Token,
    fault,
    leaves,
    parse,
)
from webarena_runner.tasksets.faults import require_usable
from webarena_runner.tasksets.ids import Range, between, gaps, listed, listed_ids, read_id_file, split

if TYPE_CHECKING:
    from webarena_runner.interfaces import LoadedTasks
    from webarena_runner.settings.records import TaskChoice
    from webarena_runner.types import Task, TaskId

EMBEDDED = "mini"
EMBEDDED_NAMES = ("mini", "smoke")
ALL, IMAGE = "all", "image"
RUNS = Path("results")

SELECTION_HELP = """\
Which tasks to run:
  all               every task of the task set
  mini, smoke       the embedded benchmark, or its quick subset, whatever
                    the task set
  7   0-99          ids and ranges of ids (both ends included)
  "cart:7"          an id that is a text, in double quotes
  site:gitlab       tasks that involve a site
  template:12       tasks of an intent template
  old:349           by their id in WebArena, where the set has others
  image             tasks with pictures beside the intent
  hard, reddit      subsets of the set: hard and non-hard of
                    webarena-verified, the sites of visualwebarena
  eval:url_match    tasks scored by an evaluator
  @ids.txt          ids of a file: by line or comma, # starts a comment;
                    @"with space.txt"
  sample:50         50 tasks drawn with --seed: of all, or of what the rest
                    of an & leaves
  failed:RUN        tasks that an earlier run (folder, or id below --out)
                    scored below 1 in any trial; failed:"with space"
  errored:RUN       that it has no score of, for an error or because they
                    were not run
  passed:RUN        that it passed in each trial
Combine: A,B is or; A & B is and, and binds tighter; !A is not; ( ) group.
  0-99,105                           image & site:shopping
  site:gitlab & eval:program_html    (site:map,site:gitlab) & sample:20
"""

Chosen = frozenset["TaskId"]


def choose_task_set(expression: str, default: str, *, runs: Path = RUNS) -> str:
    """Name of the task set that an expression is about: of the run whose tasks it names, `mini` when it names `mini` or
    `smoke`, else the default.

    Raises:
        SelectionError: malformed, no such run, or what it names is of two sets or could be: `mini` or `smoke` beside
            ids or `all`, runs of several sets.
    """
    tree = list(leaves(parse(expression)))
    for leaf in tree:
        if isinstance(leaf, Outcome):
            default = _set_of_run(expression, leaf, default, runs)
    embedded = next((leaf.name for leaf in tree if isinstance(leaf, Named) and leaf.name in EMBEDDED_NAMES), None)
    if embedded is None or default == EMBEDDED:
        return default
    for leaf in tree:
        if isinstance(leaf, Ids | TextId | IdFile) or (isinstance(leaf, Named) and leaf.name not in EMBEDDED_NAMES):
            raise fault(
                expression,
                leaf.token,
                f"'{leaf.token.text}' beside '{embedded}': is it of '{EMBEDDED}' or of '{default}'?",
                hint=f"for tasks of {EMBEDDED} alone pass --task-set {EMBEDDED}; one run has one task set",
            )
    return EMBEDDED


def draws(expression: str) -> bool:
    """Whether the seed has a part in what an expression chooses. Raises SelectionError when it is malformed."""
    return _samples(parse(expression))


def choose(choice: "TaskChoice", *, seed: int, runs: Path = RUNS) -> "tuple[LoadedTasks, tuple[Task, ...]]":
    """The task set, and those of its tasks that are chosen.

    Raises:
        UsageError: as `select`, or the set cannot be loaded; what is wrong with the expression whatever the set is told
            first.
    """
    from webarena_runner.tasksets import load_task_set

    try:
        loaded = load_task_set(choice.task_set).load(allow_modified=choice.allow_modified)
    except TaskFileError:
        _check_unloaded(choice, runs)
        raise
    return loaded, _part(select(choice.expression, loaded, seed=seed, runs=runs), choice)


def parse_shard(text: str) -> tuple[int, int]:
    """K and N of `K/N`. Raises SelectionError."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", text)
    if match is None or int(match[1]) > int(match[2]):
        raise SelectionError(f"--shard {text}: expected K/N with K from 1 to N, for example 1/4 to 4/4 for four runs")
    return int(match[1]), int(match[2])


def _part(tasks: "tuple[Task, ...]", choice: "TaskChoice") -> "tuple[Task, ...]":
    """First the limit, then the shard: all shards together are what there is without any.

    Every Nth task, so that each shard has its part of every site, whose tasks stand together.
    """
    tasks = tasks[: choice.limit]
    if choice.shard is None:
        return tasks
    part, parts = choice.shard
    if len(tasks) < part:
        raise SelectionError(f"--shard {part}/{parts}: nothing is left for it, {len(tasks)} tasks are chosen")
    return tasks[part - 1 :: parts]


def select(expression: str, loaded: "LoadedTasks", *, seed: int, runs: Path = RUNS) -> "tuple[Task, ...]":
    """Tasks that the expression chooses, in file order, each once; `runs` is where runs are that it names by their id.

    `sample:N` draws from what the other operands of its `&` leave, and from all tasks where there is none. The draw
    depends on seed, task set and ids alone, and a smaller sample is part of a larger one.

    Raises:
        SelectionError: malformed, an unknown id, site, template, evaluator or subset, or nothing is left.
        TaskFileError: it chooses a task that cannot be run.
    """
    chosen = _Selection(expression, loaded, seed, runs).choose(parse(expression))
    if not chosen:
        raise SelectionError(f"--tasks: no task of '{loaded.name}' fits\n  {expression}")
    require_usable(chosen, loaded)
    return tuple(task for task in loaded.tasks if task.task_id in chosen)


@dataclass(frozen=True)
class _Described:
    """What filters look at, of tasks that can be run and of those that cannot."""

    task_id: "TaskId"
    sites: tuple[str, ...]
    template_id: int | None
    kinds: tuple[str, ...]
    old_id: int | None = None
    has_images: bool = False


@dataclass(frozen=True)
class _Selection:
    expression: str
    loaded: "LoadedTasks"
    seed: int
    runs: Path

    def choose(self, tree: Node) -> Chosen:
        self._require_known_ids(tree)
        return self._chosen(tree, self._all)

    @cached_property
    def _all(self) -> Chosen:
        return frozenset(task.task_id for task in self._described)

    @cached_property
    def _described(self) -> tuple[_Described, ...]:
        usable = [_described(task) for task in self.loaded.tasks]
        rest = [_Described(task.task_id, task.sites, task.template_id, task.kinds) for task in self.loaded.unusable]
        return (*usable, *rest)

    @cached_property
    def _numbers(self) -> Sequence[int]:
        return split(self._all)[0]

    def _chosen(self, node: Node, within: Chosen) -> Chosen:
        """What a node chooses of the tasks `within`, its universe."""
        match node:
            case Or(parts=parts):
                return frozenset().union(*(self._chosen(part, within) for part in parts))
            case And(parts=parts):
                # Samples last, since they draw from what the others leave.
                for part in sorted(parts, key=_samples):
                    within = self._chosen(part, within)
                return within
            case Not(of=inner):
                return within - self._chosen(inner, within)
            case Filter(key="sample", value=count, token=token):
                return self._sample(int(count), within, token)
            case _:
                return within & self._leaf(node)

    def _leaf(self, leaf: Leaf) -> Chosen:
        match leaf:
            case Outcome():
                return self._by_outcome(leaf)
            case Ids() | TextId() | IdFile():
                ranges, texts = _listed(self.expression, leaf)
                return frozenset(texts).union(*(between(self._numbers, bounds) for bounds in ranges))
            case Named(name=name, token=token):
                return self._named(name, token)
            case Filter(key="site", value=site, token=token):
                sites = {site for task in self._described for site in task.sites}
                return self._fitting(lambda task: site in task.sites, site, sites, token)
            case Filter(key="eval", value=kind, token=token):
                kinds = {kind for task in self._described for kind in task.kinds}
                return self._fitting(lambda task: kind in task.kinds, kind, kinds, token)
            case Filter(key="old", value=number, token=token):
                found = frozenset(task.task_id for task in self._described if task.old_id == int(number))
                if not found:
                    old = [task.old_id for task in self._described if task.old_id is not None]
                    known = (
                        f"its {len(old)} old ids are {listed_ids(old)}" if old else "its records have no old_task_id"
                    )
                    raise fault(self.expression, token, f"'{self.loaded.name}' has no task {token.text}", hint=known)
                return found
            case Filter(value=number, token=token):
                found = frozenset(task.task_id for task in self._described if task.template_id == int(number))
                if not found:
                    templates = {task.template_id for task in self._described if task.template_id is not None}
                    known = f"its {len(templates)} template ids are {listed((each, each) for each in templates)}"
                    known = known if templates else "its records have no intent_template_id"
                    raise fault(self.expression, token, f"'{self.loaded.name}' has no template {number}", hint=known)
                return found

    def _fitting(self, fits: Callable[[_Described], bool], wanted: str, known: Collection[str], token: Token) -> Chosen:
        if wanted not in known:
            raise fault(
                self.expression,
                token,
                f"no task of '{self.loaded.name}' has {token.text}",
                hint=f"known here: {', '.join(sorted(known))}",
            )
        return frozenset(task.task_id for task in self._described if fits(task))

    def _named(self, name: str, token: Token) -> Chosen:
        if name in (ALL, self.loaded.name):
            return self._all
        if name == IMAGE and IMAGE not in self.loaded.subsets:
            return frozenset(task.task_id for task in self._described if task.has_images)
        if name not in self.loaded.subsets:
            sites = {site for task in self.loaded.tasks for site in task.sites}
            kinds = {check.kind for task in self.loaded.tasks for check in task.checks}
            names = dict.fromkeys((ALL, self.loaded.name, IMAGE, *EMBEDDED_NAMES, *self.loaded.subsets))
            more = f'; the task of this id is "{name}", in double quotes' if name in self._all else ""
            raise _no_name(self.expression, token, self.loaded.name, names, sites, kinds, more=more)
        return frozenset(self.loaded.subsets[name])

    def _sample(self, count: int, within: Chosen, token: Token) -> Chosen:
        if not 0 < count <= len(within):
            raise fault(
                self.expression,
                token,
                f"cannot draw {count} of {len(within)} tasks",
                hint="sample:N draws from what the other operands of its & leave; N is from 1 to their number",
            )
        return frozenset(sorted(within, key=self._lot)[:count])

    def _lot(self, task_id: "TaskId") -> str:
        """A task's place in the draw, the same on every machine and Python version."""
        return hashlib.sha256(f"{self.seed} {self.loaded.name} {task_id}".encode()).hexdigest()

    def _require_known_ids(self, tree: Node) -> None:
        unknown: list[Range] = []
        unknown_texts: list[str] = []
        first: Token | None = None
        for leaf in leaves(tree):
            if isinstance(leaf, Ids | TextId | IdFile):
                ranges, texts = _listed(self.expression, leaf)
                missing = [gap for bounds in ranges for gap in gaps(self._numbers, bounds)]
                missing_texts = [text for text in texts if text not in self._all]
                unknown += missing
                unknown_texts += missing_texts
                first = first or (leaf.token if missing or missing_texts else None)
        if first:
            raise fault(
                self.expression,
                first,
                f"'{self.loaded.name}' has no task {listed(unknown, unknown_texts)}",
                hint=f"its {len(self._all)} ids are {listed_ids(self._all)}",
            )

    def _by_outcome(self, leaf: Outcome) -> Chosen:
        """Tasks by what became of them in a run of the same set, in any of its trials."""
        from webarena_runner.log.reading import read_manifest, readable_results

        folder = _run_folder(self.expression, leaf, self.runs)
        manifest = read_manifest(folder)
        if manifest.task_set != self.loaded.name:
            message = f"run {folder} is of '{manifest.task_set}', not of '{self.loaded.name}'"
            raise fault(self.expression, leaf.token, message, hint="one run has one task set")
        results, _ = readable_results(folder)
        values: dict[TaskId, list[float | None]] = {}
        for task_id, trial in manifest.planned:
            ended = results.get((task_id, trial))
            values.setdefault(task_id, []).append(ended.value if ended else None)
        return self._all & {task_id for task_id, of_trials in values.items() if _became(leaf.became, of_trials)}


def _described(task: "Task") -> _Described:
    old_id, kinds = task.raw.get("old_task_id"), tuple(check.kind for check in task.checks)
    return _Described(
        task.task_id,
        task.sites,
        task.template_id,
        kinds,
        old_id if isinstance(old_id, int) else None,
        has_images=bool(task.images),
    )


def _became(word: str, of_trials: "Sequence[float | None]") -> bool:
    """Whether it is the word for a task with these values, None for no score."""
    match word:
        case "failed":
            return any(value is not None and value < 1 for value in of_trials)
        case "errored":
            return None in of_trials
    return all(value == 1 for value in of_trials)


def _run_folder(expression: str, leaf: Outcome, runs: Path) -> Path:
    from webarena_runner.log.paths import find_run

    try:
        return find_run(leaf.run, runs)
    except StoreError as error:
        hint = f'expected a run folder, or a run id below --out, as in {leaf.became}:RUN or {leaf.became}:"PATH"'
        raise fault(expression, leaf.token, str(error), hint=hint) from error


def _set_of_run(expression: str, leaf: Outcome, default: str, runs: Path) -> str:
    """The task set of the run that a leaf names, which is to be played again."""
    from webarena_runner.log.reading import read_manifest

    manifest = read_manifest(_run_folder(expression, leaf, runs))
    found: str = manifest.config["tasks"].get("task_set", manifest.task_set)
    if default not in (found, WEBARENA.name):
        message = f"this run is of the task set '{found}', not of '{default}'"
        raise fault(expression, leaf.token, message, hint=f"one run has one task set; leave out --task-set {default}")
    return found


def _check_unloaded(choice: "TaskChoice", runs: Path) -> None:
    """Raises SelectionError for what is wrong with the expression whatever the tasks of the official set are."""
    from webarena_runner import registry
    from webarena_runner.official.sites import SITES

    kinds = registry.names("evaluators")
    for leaf in leaves(parse(choice.expression)) if choice.task_set == WEBARENA.name else ():
        match leaf:
            case IdFile():
                _listed(choice.expression, leaf)
            case Outcome():
                _run_folder(choice.expression, leaf, runs)
            case Named(name=name, token=token) if name not in (ALL, IMAGE, WEBARENA.name):
                names = (ALL, WEBARENA.name, IMAGE, *EMBEDDED_NAMES)
                raise _no_name(choice.expression, token, WEBARENA.name, names, SITES, kinds)
            case Filter(key="site", value=site, token=token) if site not in SITES:
                known = f"known here: {', '.join(sorted(SITES))}"
                raise fault(choice.expression, token, f"no task of '{WEBARENA.name}' has {token.text}", hint=known)
            case Filter(key="eval", value=kind, token=token) if kind not in kinds:
                known = f"known here: {', '.join(kinds)}"
                raise fault(choice.expression, token, f"no task of '{WEBARENA.name}' has {token.text}", hint=known)


def _no_name(
    expression: str,
    token: Token,
    task_set: str,
    names: Iterable[str],
    sites: Iterable[str],
    kinds: Iterable[str],
    *,
    more: str = "",
) -> SelectionError:
    """For a word that is no name: what was meant may be a name, or the value of a filter."""
    meant = {name: name for name in names}
    written = {**{kind: f"eval:{kind}" for kind in kinds}, **{site: f"site:{site}" for site in sites}, **meant}
    close = get_close_matches(token.text, written, n=1, cutoff=0.6)
    hint = f"; did you mean {written[close[0]]}?" if close else ""
    return fault(
        expression,
        token,
        f"'{token.text}' is no name of tasks in '{task_set}'{hint}",
        hint=f"names are {', '.join(meant)}; filters are {FILTERS}{more}",
    )


def _listed(expression: str, leaf: Ids | TextId | IdFile) -> tuple[list[Range], list[str]]:
    """Ranges of numbers and text ids that a leaf names."""
    match leaf:
        case Ids(low=low, high=high):
            return [(low, high)], []
        case TextId(text=text):
            return [], [text]
    try:
        return read_id_file(Path(leaf.path).expanduser())
    except ValueError as error:
        hint = 'expected ids such as 7, 0-99 or "cart:7", by line or comma; # starts a comment'
        raise fault(expression, leaf.token, str(error), hint=hint) from error


def _samples(node: Node) -> bool:
    return any(isinstance(leaf, Filter) and leaf.key == "sample" for leaf in leaves(node))
