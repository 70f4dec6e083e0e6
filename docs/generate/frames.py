"""The columns of the frames that `webarena_runner.results` gives."""

from docs.generate.markdown import literal, table
from webarena_runner.results.columns import SCORES, STEPS, TASKS


def frames() -> str:
    parts = []
    for name, columns in (("tasks", TASKS), ("steps", STEPS), ("scores", SCORES)):
        rows = [(literal(column.name), literal(column.dtype), column.meaning) for column in columns]
        parts.append(f"### {name}\n\n{table(('column', 'dtype', 'meaning'), rows)}")
    return "\n".join(parts)
