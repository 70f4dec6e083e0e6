"""The plug-ins that come with the runner, by group."""

import inspect
from importlib.metadata import distribution

from docs.generate.markdown import literal, table

PREFIX = "webarena_runner."


def plugins() -> str:
    rows = []
    for entry in sorted(distribution("webarena-runner").entry_points, key=lambda entry: (entry.group, entry.name)):
        if not entry.group.startswith(PREFIX):
            continue
        first = (inspect.getdoc(entry.load()) or "").partition("\n")[0]
        rows.append((literal(entry.group), literal(entry.name), first))
    return table(("entry-point group", "name", "meaning"), rows)
