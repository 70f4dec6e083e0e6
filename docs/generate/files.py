"""The files of a run folder: what the format says of them, and the keys of each record."""

import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from docs.generate.markdown import code, literal, table
from docs.generate.records import kind
from webarena_runner.log import format
from webarena_runner.types import Action, EpisodeResult, LastPage, RunManifest, RunStatus, SiteReset, Step, Task

_RECORDS = (
    ("manifest.json", RunManifest),
    ("tasks.jsonl", Task),
    ("steps.jsonl", Step),
    ("last.json", LastPage),
    ("result.json", EpisodeResult),
    ("resets.jsonl", SiteReset),
    ("status.json", RunStatus),
)


def format_of_run_folders() -> str:
    """The module's text: the indented tree becomes a code block."""
    _, tree, notes = re.split(r"\n\n(?=    RUN/)|(?<=\S)\n\n(?=Every JSON)", inspect.getdoc(format) or "")
    return f"Format {format.FORMAT}.\n\n{code(textwrap.dedent(tree))}\n{notes}\n"


def records() -> str:
    return "\n".join(part for file, record in _RECORDS for part in _file(file, record))


def _file(file: str, record: type[BaseModel]) -> Iterator[str]:
    yield f"## `{file}`\n"
    yield _described(record)
    for inner in _within(record, seen={record for _, record in _RECORDS}):
        yield f"### {inner.__name__}\n"
        yield _described(inner)
    if record is Step:
        yield f"### Action\n\n{_actions()}"


def _described(record: type[BaseModel]) -> str:
    schema = record.model_json_schema()
    kept = [(name, field) for name, field in record.model_fields.items() if not field.exclude]
    rows = [(literal(name), kind(schema["properties"][name], schema)) for name, field in kept]
    return f"{inspect.getdoc(record)}\n\n{table(('key', 'value'), rows)}"


def _actions() -> str:
    """One row a kind of action."""
    rows = []
    for action in get_args(get_args(Action)[0]):
        keys = [literal(name) for name in action.model_fields if name != "kind"]
        rows.append((literal(action.model_fields["kind"].default), ", ".join(keys)))
    return table(("kind", "further keys"), rows)


def _within(record: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Records below a record that no file has shown before, outermost first."""
    for field in record.model_fields.values():
        for inner in _records_of(field.annotation):
            if inner not in seen and not field.exclude:
                seen.add(inner)
                yield inner
                yield from _within(inner, seen)


def _records_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if annotation == get_args(Action)[0]:
        return
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _records_of(part)
