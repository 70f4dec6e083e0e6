"""Frames of one or several runs, each made when it is asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webarena_runner.errors import UsageError
from webarena_runner.export.jsonl import Line, faults_of, step_lines
from webarena_runner.log.paths import find_run
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.results.columns import BECAME, CHOICE, SCORES, STEPS, TASKS, TIME, Column
from webarena_runner.results.rows import dtype_of, score_lines, task_lines, value_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Frames:
    """The runs that were loaded, as frames whose columns docs/notebooks.md lists; rows are in the order of the plan.

    `reports` has the runs themselves, with counts, intervals and `statistics`. `damaged` says what cannot be read of
    them; of steps as soon as these have been asked for.
    """

    reports: tuple[RunReport, ...]
    damaged: list[str] = field(default_factory=list)

    @cached_property
    def tasks(self) -> "pd.DataFrame":
        """A row for each planned task and trial, also those that errored or have not run.

        dtypes: texts `string`, counts and ids `Int64` (`task_id` int64 where all ids are numbers), scores, dollars,
        seconds (`_s`) and milliseconds (`_ms`) float64, times UTC, `became` a category, `achievable` boolean.
        """
        return self._frame(TASKS, (line for report in self.reports for line in task_lines(report)))

    @cached_property
    def steps(self) -> "pd.DataFrame":
        """A row for each step of the latest attempts: what was seen, replied and done, tokens, dollars, milliseconds.

        dtypes as in `tasks`. Texts of pages are long: a whole run takes some hundred MB.
        """
        faults: list[str] = []
        frame = self._frame(STEPS, (line for report in self.reports for line in step_lines(report, faults)))
        self.damaged.extend(faults)
        return frame

    @cached_property
    def scores(self) -> "pd.DataFrame":
        """A row for each evaluator of each episode that has a score; dtypes as in `tasks`."""
        return self._frame(SCORES, (line for report in self.reports for line in score_lines(report)))

    def __repr__(self) -> str:
        runs = ", ".join(report.run_id for report in self.reports)
        return f"Frames of {runs}: .tasks, .steps, .scores"

    def _frame(self, columns: Sequence[Column], lines: Iterable[Line]) -> "pd.DataFrame":
        import pandas as pd

        values: dict[str, list[Any]] = {column.name: [] for column in columns}
        for line in lines:
            for column in columns:
                values[column.name].append(value_of(line, column))
        dtypes = {column.name: dtype_of(column, self.reports) for column in columns}
        return pd.DataFrame({name: _series(values[name], dtype) for name, dtype in dtypes.items()})


def load(runs: str | Path | Iterable[str | Path], *, out: str | Path = "results") -> Frames:
    """One run or several, each a run folder or a run id below `out`; finished, in progress or interrupted.

    Raises:
        UsageError: there is no such run, two have the same id, or a newer version wrote one.
    """
    given = [runs] if isinstance(runs, str | Path) else list(runs)
    reports = tuple(load_run(find_run(str(run), Path(out))) for run in given)
    ids = [report.run_id for report in reports]
    if twice := sorted({run_id for run_id in ids if ids.count(run_id) > 1}):
        raise UsageError(
            f"{', '.join(twice)}: given twice; rows are told apart by the run's id, which is its folder's name: leave "
            "one out, or rename its folder"
        )
    return Frames(reports, [fault for report in reports for fault in faults_of(report)])


def _series(values: list[Any], dtype: str) -> "pd.Series[Any]":
    import pandas as pd

    if dtype == TIME:
        return pd.Series(pd.to_datetime(values, utc=True, format="ISO8601"), dtype=dtype)
    if dtype == CHOICE:
        return pd.Series(pd.Categorical(values, categories=BECAME))
    # Ids that are numbers in one run and texts in another are texts.
    return pd.Series([None if each is None else str(each) for each in values] if dtype == "string" else values, dtype=dtype)
