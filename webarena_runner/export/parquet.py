"""`parquet`: a run as two tables with typed columns, for pandas, DuckDB and their like."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from webarena_runner.errors import ConfigError
from webarena_runner.export.folders import write_folder
from webarena_runner.export.jsonl import Line, episode_lines, faults_of, step_lines
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.report.summary import load_run

if TYPE_CHECKING:
    import pyarrow as pa

NAME = "parquet"
# Texts of pages are long: this many steps are in memory at once.
_BATCH = 500
_TIME, _MAP, _SCORES = "time", "map", "scores"
# Keys of the lines of `jsonl` with their types; `a.b` is b in a.
_TASKS = {
    **dict.fromkeys(("run_id", "model", "agent", "profile", "judge", "task_set", "task_id"), "string"),
    **{"trial": "int32", "sites": "string", "template_id": "int64"},
    **dict.fromkeys(("intent", "became", "why"), "string"),
    **{"value": "double", "scores": _SCORES, "ending": "string", "answer": "string", "final_url": "string"},
    **dict.fromkeys(("failure.error_class", "failure.message", "failure.cause"), "string"),
    **dict.fromkeys(("attempt", "steps"), "int32"),
    **dict.fromkeys(("prompt_tokens", "completion_tokens", "cached_tokens", "cut_replies", "thought_replies"), "int64"),
    **dict.fromkeys(("cost_usd", "wall_s"), "double"),
    **{"started_at": _TIME, "finished_at": _TIME, "timings_ms": _MAP},
}
_STEPS = {
    **{"run_id": "string", "task_id": "string", "trial": "int32", "index": "int32", "started_at": _TIME},
    **dict.fromkeys(("url", "observation", "action.kind", "acted_on.element_id", "acted_on.line"), "string"),
    **dict.fromkeys(("action_text", "action_error", "note", "reply.text", "reply.finish_reason"), "string"),
    **dict.fromkeys(("reply.prompt_tokens", "reply.completion_tokens", "reply.cached_tokens"), "int64"),
    **{"reply.latency_s": "double", "reply.cost_usd": "double", "timings_ms": _MAP, "screenshot": "string"},
}


class Parquet:
    """Two Parquet tables, tasks and steps, with typed columns: a folder a run below TARGET, or parquet/RUN."""

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
        made: dict[str, Any] = {"run_id": report.run_id}

        def write(new: Path) -> dict[str, Any]:
            made["tasks"] = _write(new / "tasks.parquet", _TASKS, episode_lines(report))
            made["steps"] = _write(new / "steps.parquet", _STEPS, step_lines(report, faults))
            return made | {"damaged": faults}

        write_folder(target, NAME, write)
        said = f"{target}: tasks.parquet ({made['tasks']} rows), steps.parquet ({made['steps']} rows)"
        return "\n".join((said, *(f"  damaged: {fault}" for fault in faults)))


def _write(path: Path, columns: Mapping[str, str], lines: Iterable[Line]) -> int:
    """Returns how many rows there are. Raises OSError."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name.replace(".", "_"), _type(kind)) for name, kind in columns.items()])
    count, rows = 0, iter(lines)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(rows, _BATCH)):
            arrays = [[_value(line, name, kind) for line in batch] for name, kind in columns.items()]
            writer.write_table(pa.table(arrays, schema=schema))
            count += len(batch)
    return count


def _type(kind: str) -> "pa.DataType":
    import pyarrow as pa

    match kind:
        case "time":
            return pa.timestamp("us", tz="UTC")
        case "map":
            return pa.map_(pa.string(), pa.float64())
        case "scores":
            return pa.list_(
                pa.struct([("evaluator", pa.string()), ("value", pa.float64()), ("explanation", pa.string())])
            )
    return pa.type_for_alias(kind)


def _value(line: Line, name: str, kind: str) -> Any:
    value: Any = line
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return None
    match kind:
        case "time":
            return datetime.fromisoformat(value)
        case "map":
            return list(value.items())
        case "string":
            # Ids of tasks are numbers or texts, in one column.
            return "+".join(value) if isinstance(value, list) else str(value)
    return value
