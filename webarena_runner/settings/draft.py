"""Nested settings while they are put together, each value with the place it came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from webarena_runner.settings.records import ModelSpec
from webarena_runner.settings.yaml import Document, dotted


@dataclass
class Draft:
    """Nested values while they are put together; `origins` says by dotted key where a value came from."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def put(self, keys: Sequence[str], value: Any, origin: str) -> None:
        if isinstance(value, dict) and value:
            for key, below in value.items():
                self.put((*keys, str(key)), below, origin)
            return
        at = self.values
        for key in keys[:-1]:
            if not isinstance(at.get(key), dict):
                at[key] = {}
            at = at[key]
        at[keys[-1]] = value
        self.origins[dotted(keys)] = origin

    def get(self, name: str) -> Any:
        at: Any = self.values
        for key in name.split("."):
            at = at.get(key) if isinstance(at, dict) else None
        return at

    def add(self, document: Document, *, under: Sequence[str] = ()) -> None:
        for keys, value in leaves(document.values):
            self.put((*under, *keys), value, document.where(keys))


def fields(record: type[BaseModel], prefix: str = "") -> dict[str, FieldInfo]:
    """All fields of a record by dotted key, in order, with those of the records in it in their place."""
    found: dict[str, FieldInfo] = {}
    for name, info in record.model_fields.items():
        below = _record_in(info.annotation)
        found |= {f"{prefix}{name}": info} if below is None else fields(below, f"{prefix}{name}.")
    return found


def valid_keys(record: type[BaseModel], prefix: str = "") -> list[str]:
    """Dotted names of all keys of a record, the nested ones too, in order."""
    return list(fields(record, prefix))


def leaves(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for key, value in values.items():
        keys = (*above, str(key))
        found += leaves(value, keys) if isinstance(value, dict) and value else [(keys, value)]
    return found


def value_at(values: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _record_in(annotation: Any) -> type[BaseModel] | None:
    """The record type of a field, or None; a model file is a section of its own."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not ModelSpec:
        return annotation
    inner = [_record_in(argument) for argument in get_args(annotation)]
    return next((record for record in inner if record and not _is_mapping(annotation)), None)


def _is_mapping(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is dict
