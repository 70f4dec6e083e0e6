"""The rows of a run's tables, and what stands in each column: for frames here and for the exporter `parquet`."""

from collections.abc import Iterable, Iterator
from typing import Any

from webarena_runner.export.jsonl import Line, episode_lines
from webarena_runner.report.breakdown import is_unachievable, kinds_of
from webarena_runner.report.summary import RunReport
from webarena_runner.results.columns import ID, Column

_MOST = 2**63 - 1


def task_lines(report: RunReport) -> Iterator[Line]:
    for line in episode_lines(report):
        task = report.task(line["task_id"])
        known = {"evaluators": kinds_of(task), "achievable": not is_unachievable(task)} if task else {}
        yield line | known | {"sites": "+".join(line["sites"])}


def score_lines(report: RunReport) -> Iterator[Line]:
    for key in report.manifest.planned:
        result = report.results.get(key)
        for score in result.scores if result else ():
            yield {
                "run_id": report.run_id,
                "task_id": key[0],
                "trial": key[1],
                "evaluator": score.evaluator,
                "value": score.value,
                "explanation": score.explanation,
                "flags": ", ".join(score.flags),
                "verdicts": len(score.verdicts),
                "kept_verdicts": sum(verdict.cached for verdict in score.verdicts),
            }


def value_of(line: Line, column: Column) -> Any:
    """None where the line does not say."""
    value: Any = line
    for name in (column.key or column.name).split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def dtype_of(column: Column, reports: Iterable[RunReport]) -> str:
    """The column's own; ids are numbers where they are in all runs and a column can hold them, else texts."""
    if column.dtype != ID:
        return column.dtype
    ids = (task_id for report in reports for task_id, _ in report.manifest.planned)
    return "int64" if all(isinstance(task_id, int) and _MOST >= task_id > -_MOST for task_id in ids) else "string"
