"""The task table: a row for each planned (task, trial), whatever became of it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from webarena_runner.evaluators.combine import UNCLEAR
from webarena_runner.log.paths import Key, RunPaths, task_name
from webarena_runner.report.breakdown import is_unachievable
from webarena_runner.report.html import links
from webarena_runner.report.summary import RunReport, not_passed
from webarena_runner.rescoring.errata import Erratum
from webarena_runner.types import EpisodeResult, Task, TaskId

PASSED = "passed"
WHY_CHARACTERS = 240


@dataclass(frozen=True)
class Row:
    """One planned (task, trial); `page` is "" where it has none in the report."""

    key: Key
    page: str
    intent: str
    sites: str
    template: int | None
    became: str
    why: str
    result: EpisodeResult | None
    flags: tuple[str, ...]
    erratum: Erratum | None

    @property
    def name(self) -> str:
        """The task id as people write it."""
        return str(self.key[0])

    @property
    def ending(self) -> str:
        """How the episode ended; of an error its class."""
        if self.result is None:
            return ""
        failure = self.result.failure
        return failure.error_class if failure else str(self.result.ending).replace("_", " ")

    @property
    def tokens(self) -> int:
        return self.result.prompt_tokens + self.result.completion_tokens if self.result else 0


def rows(report: RunReport, shown: Collection[Key]) -> Iterator[Row]:
    """In the order of the plan; `shown` are those that have a page."""
    paths = RunPaths(report.folder)
    for key in report.manifest.planned:
        yield row(report, key, links.episode_page(paths.episode(*key)) if key in shown else "")


def row(report: RunReport, key: Key, page: str) -> Row:
    task, result = report.task(key[0]), report.results.get(key)
    fault = not_passed(key, result) if result is None or result.value != 1 else None
    return Row(
        key=key,
        page=page,
        intent=task.intent if task else "",
        sites=report.manifest.task_sites[task_name(key[0])],
        template=task.template_id if task else None,
        became=fault.became if fault else PASSED,
        why=" ".join(fault.why[: 2 * WHY_CHARACTERS].split())[:WHY_CHARACTERS] if fault else "",
        result=result,
        flags=_flags(task, result, erratum=_erratum(report, key[0])),
        erratum=_erratum(report, key[0]),
    )


def _erratum(report: RunReport, task_id: TaskId) -> Erratum | None:
    return report.corrected.known.get(task_id) if report.corrected else None


def _flags(task: Task | None, result: EpisodeResult | None, *, erratum: Erratum | None) -> tuple[str, ...]:
    """What is special about it, in words that the table can be filtered by."""
    found = {
        "judged": bool(result and any(score.verdicts for score in result.scores)),
        "judge unclear": bool(result and any(UNCLEAR in score.flags for score in result.scores)),
        "tried again": bool(result and result.attempt > 1),
        "cut reply": bool(result and result.cut_replies),
        "deviates": bool(result and result.deviations),
        "writes": bool(task and task.writes),
        "not achievable": bool(task and is_unachievable(task)),
        "reference suspect": bool(erratum),
    }
    return tuple(name for name, holds in found.items() if holds)
