"""One attempt at one task, as its page shows it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner.errors import StoreError
from webarena_runner.log.files import is_file
from webarena_runner.log.paths import AttemptPaths, Key, RunPaths
from webarena_runner.log.reading import read_last_page, read_result, readable_steps
from webarena_runner.report.html import links
from webarena_runner.report.html.evidence import Checked, checked
from webarena_runner.report.html.pictures import Picture, picture, why_none
from webarena_runner.report.html.rows import PASSED, Row, row
from webarena_runner.report.html.steps import Shot, Shown, Unreadable, shot, shown_steps
from webarena_runner.report.summary import RunReport, not_passed
from webarena_runner.types import EpisodeResult, LastPage, Task


@dataclass(frozen=True)
class Attempt:
    """An attempt that another page shows: its number, page, and what became of it."""

    number: int | None
    page: str
    result: EpisodeResult | None


@dataclass(frozen=True)
class Neighbour:
    """The episode before or after in the plan."""

    name: str
    page: str


@dataclass(frozen=True)
class Seen:
    """A picture that the score comes from; `of` says where it was."""

    picture: Picture
    of: str


@dataclass(frozen=True)
class EpisodeView:
    """`result` None: it has not ended, or nobody can read how; `faults` say what of its folder cannot be read.

    `images` are what belongs to the task's intent, and `looked_at` what it was scored by, where that is in the folder.
    `number` is None for the latest attempt. `others` are the other attempts at the same task and trial.
    """

    row: Row
    name: str
    page: str
    task: Task | None
    result: EpisodeResult | None
    number: int | None
    steps: Sequence[Shown | Unreadable]
    last: LastPage | None
    last_shot: Shot | None
    checks: Sequence[Checked]
    others: Sequence[Attempt]
    before: Neighbour | None
    after: Neighbour | None
    faults: Sequence[str]
    has_trace: bool
    images: Sequence[Picture] = ()
    looked_at: Sequence[Seen] = ()

    @property
    def became(self) -> str:
        """Of this attempt, as rows of the task table say it."""
        if self.number is None or self.result is None:
            return self.row.became if self.number is None else "interrupted"
        return not_passed(self.row.key, self.result).became if self.result.value != 1 else PASSED

    @property
    def pictures(self) -> list[Picture]:
        """Each once, whatever the steps say."""
        shots = [step.shot for step in self.steps if isinstance(step, Shown)]
        shots += [self.last_shot] if self.last_shot else []
        found = [each.picture for each in shots if each.picture]
        found += [*self.images, *(each.picture for each in self.looked_at)]
        return list({each.page_path: each for each in found}.values())


def episode_view(report: RunReport, paths: AttemptPaths, shown: Sequence[Key]) -> EpisodeView:
    """`shown` are the episodes that have a page, in the order in which they are leafed through."""
    run, key, number = RunPaths(report.folder), paths.key, paths.number
    faults: list[str] = []
    result = report.results.get(key) if number is None else _result(paths, faults)
    last = _last_page(paths, faults)
    no_picture = why_none(report.manifest, result, paths)
    task = report.task(key[0])
    before, after = _neighbours(shown, key, run)
    return EpisodeView(
        row=row(report, key, links.episode_page(run.episode(*key))),
        name=paths.folder.name,
        page=links.episode_page(paths),
        task=task,
        result=result,
        number=number,
        steps=tuple(shown_steps(readable_steps(paths.folder), paths, why_none=no_picture)),
        last=last,
        last_shot=shot(paths, last.screenshot_file, why_none=no_picture) if last else None,
        checks=checked(result, task) if result else (),
        others=_others(run, key, number, report.results.get(key)),
        before=before,
        after=after,
        faults=faults,
        has_trace=is_file(paths.trace),
        images=[found for name in paths.task_pictures() if isinstance(found := picture(paths, name), Picture)],
        looked_at=tuple(_looked_at(paths, result)) if result else (),
    )


def _looked_at(paths: AttemptPaths, result: EpisodeResult) -> Iterator[Seen]:
    """Of the page, and then those that they were compared with; the same one of each once."""
    queries = [query for score in result.scores for query in _listed(score.evidence, "queries")]
    for of, part in (("on the page", "pictures"), ("compared with", "compared_with")):
        names = dict.fromkeys(each.get("file") for query in queries for each in _listed(query, part))
        for name in names:
            if isinstance(name, str) and isinstance(found := picture(paths, name), Picture):
                yield Seen(found, of)


def _listed(value: Any, key: str) -> list[dict[str, Any]]:
    """The mappings in a list of evidence, which may be another evaluator's or changed by hand."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _result(paths: AttemptPaths, faults: list[str]) -> EpisodeResult | None:
    if not is_file(paths.result):
        return None
    try:
        return read_result(paths)
    except StoreError as error:
        faults.append(str(error))
        return None


def _last_page(paths: AttemptPaths, faults: list[str]) -> LastPage | None:
    try:
        return read_last_page(paths.folder)
    except StoreError as error:
        faults.append(str(error))
        return None


def _others(run: RunPaths, key: Key, number: int | None, latest: EpisodeResult | None) -> list[Attempt]:
    found = []
    for paths in run.earlier_attempts(*key):
        if paths.number != number:
            found.append(Attempt(paths.number, links.episode_page(paths), _result(paths, [])))
    if number is not None:
        found.append(Attempt(None, links.episode_page(run.episode(*key)), latest))
    return found


def _neighbours(shown: Sequence[Key], key: Key, run: RunPaths) -> tuple[Neighbour | None, Neighbour | None]:
    if key not in shown:
        return None, None
    at = shown.index(key)
    before = _neighbour(shown[at - 1], run) if at else None
    return before, _neighbour(shown[at + 1], run) if at + 1 < len(shown) else None


def _neighbour(key: Key, run: RunPaths) -> Neighbour:
    return Neighbour(str(key[0]), links.episode_page(run.episode(*key)))
