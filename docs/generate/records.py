"""Records as tables: key, type, default and the docstring under the field."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from docs.generate.markdown import literal, marked, table

_WORDS = {
    "object": "map",
    "boolean": "`true` or `false`",
    "null": "`null`",
    "string": "text",
    "integer": "whole number",
    "number": "number",
}


def fields_table(record: type[BaseModel]) -> str:
    """Every field of a record, and of the records within it, by dotted key."""
    return table(("key", "value", "default", "meaning"), _rows(record, ""))


def _rows(record: type[BaseModel], prefix: str) -> Iterator[tuple[str, ...]]:
    schema = record.model_json_schema()
    for name, field in record.model_fields.items():
        key = f"{prefix}{name}"
        inner = _inner(field)
        if inner is not None:
            yield from _rows(inner, f"{key}.")
            continue
        value = field.get_default(call_default_factory=True)
        yield literal(key), kind(schema["properties"][name], schema), _shown(field, value), meaning(field)


def meaning(field: FieldInfo) -> str:
    """The text below a field: a line that may stand alone, then, after an empty one, what else there is to say."""
    first, _, more = (field.description or "").partition("\n\n")
    return marked(" ".join(f"{first}. {more}".split()) if more else first)


def _inner(field: FieldInfo) -> type[BaseModel] | None:
    """The record that a field holds, when it holds one or None; a map of records is one value."""
    if get_origin(field.annotation) is dict:
        return None
    held = [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]
    return next((part for part in held if issubclass(part, BaseModel)), None)


def kind(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """What may be written, in words, from a JSON schema."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name if "properties" in whole["$defs"][name] else kind(whole["$defs"][name], whole)
    if "enum" in schema:
        return " or ".join(literal(value) for value in schema["enum"])
    if "const" in schema:
        return literal(schema["const"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(kind(part, whole) for part in schema["anyOf"]))
    if "oneOf" in schema:
        return "Action"
    if schema.get("format") == "date-time":
        return "time, as in ISO 8601"
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}), whole)}"
    return _WORDS.get(schema.get("type", ""), "any") + _bounds(schema)


def _bounds(schema: Mapping[str, Any]) -> str:
    words = {"exclusiveMinimum": "above", "minimum": "from", "exclusiveMaximum": "below", "maximum": "to"}
    return "".join(f" {word} {schema[key]}" for key, word in words.items() if key in schema)


def _shown(field: FieldInfo, value: Any) -> str:
    if field.is_required() and value in (None, PydanticUndefined):
        return "required"
    return literal(json.dumps(value, default=str, ensure_ascii=False))
