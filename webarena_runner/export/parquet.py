"""`parquet`: a run as typed tables, for pandas, DuckDB and their like; the columns are those of its frames."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from webarena_runner.errors import ConfigError
from webarena_runner.export.folders import write_folder
from webarena_runner.export.jsonl import Line, faults_of, step_lines
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.results.columns import COUNT, FLAG, NUMBER, SCORES, STEPS, TASKS, TIME, Column
from webarena_runner.results.rows import dtype_of, score_lines, task_lines, value_of

if TYPE_CHECKING:
    import pyarrow as pa

NAME = "parquet"
# Texts of pages are long: this many steps are in memory at once.
_BATCH = 500


class Parquet:
    """Parquet tables of tasks, steps and scores, with typed columns: a folder a run below TARGET, or parquet/RUN."""

    needs: ClassVar[tuple[str, ...]] = ("pyarrow",)

    def __init__(self, target: Path) -> None:
        self._target = target

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when the target is a file."""
        target = Path(setup.target).expanduser() if setup.target else setup.out / NAME
        if target.exists() and not target.is_dir():
            raise ConfigError(f"{NAME}={target}: is a file; expected a folder, in which each run gets one of its own")
        return cls(target)

    def export(self, folder: Path) -> str:
        report = load_run(folder)
        target, faults = self._target / report.run_id, faults_of(report)
        rows: dict[str, int] = {}

        def write(new: Path) -> dict[str, Any]:
            rows["tasks"] = _write(new / "tasks.parquet", TASKS, task_lines(report), report)
            rows["steps"] = _write(new / "steps.parquet", STEPS, step_lines(report, faults), report)
            rows["scores"] = _write(new / "scores.parquet", SCORES, score_lines(report), report)
            return {"run_id": report.run_id, "rows": rows, "damaged": faults}

        write_folder(target, NAME, write)
        said = f"{target}: " + ", ".join(f"{name}.parquet ({count} rows)" for name, count in rows.items())
        return "\n".join((said, *(f"  damaged: {fault}" for fault in faults)))


def _write(path: Path, columns: Sequence[Column], lines: Iterable[Line], report: RunReport) -> int:
    """Returns how many rows there are. Raises OSError."""
    import pyarrow as pa
    from pyarrow import parquet

    dtypes = {column: dtype_of(column, [report]) for column in columns}
    schema = pa.schema([(column.name, _type(dtype)) for column, dtype in dtypes.items()])
    count, rows = 0, iter(lines)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(rows, _BATCH)):
            arrays = [[_value(value_of(line, column), dtype) for line in batch] for column, dtype in dtypes.items()]
            writer.write_table(pa.table(arrays, schema=schema))
            count += len(batch)
    return count


def _type(dtype: str) -> "pa.DataType":
    """Texts, and what may be one of few texts, are strings."""
    import pyarrow as pa

    if dtype == TIME:
        return pa.timestamp("us", tz="UTC")
    return {COUNT: pa.int64(), "int64": pa.int64(), NUMBER: pa.float64(), FLAG: pa.bool_()}.get(dtype, pa.string())


def _value(value: Any, dtype: str) -> Any:
    if value is None:
        return None
    if dtype == TIME:
        return datetime.fromisoformat(value)
    return str(value) if dtype == "string" else value
