"""YAML files read with the place of every key, so that an error can say where it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from webarena_runner.errors import ConfigError

Keys = tuple[str | int, ...]
_MAX_DEPTH = 20


@dataclass(frozen=True)
class Document:
    """A YAML mapping; `places` has line and column, counted from 1, by key path."""

    path: Path
    values: dict[str, Any]
    places: Mapping[Keys, tuple[int, int]]

    def where(self, keys: Sequence[str | int] = ()) -> str:
        """`FILE, line L, column C` of a key, or of the nearest thing around it."""
        known = next((tuple(keys[:n]) for n in range(len(keys), -1, -1) if tuple(keys[:n]) in self.places), None)
        if known is None:
            return str(self.path)
        line, column = self.places[known]
        return f"{self.path}, line {line}, column {column}"


class _Loader(yaml.SafeLoader):
    """Without the numbers that JSON, in which settings are kept, does not have."""

    def construct_yaml_float(self, node: Any) -> float:
        number = float(super().construct_yaml_float(node))
        if not isfinite(number):
            raise yaml.constructor.ConstructorError(None, None, f"{node.value} is no number", node.start_mark)
        return number


_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)


def read_text(path: Path) -> str:
    """Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; give an existing file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text: {error}") from error


def read_yaml(path: Path) -> Document:
    """Reads a file that holds one mapping.

    Raises:
        ConfigError: unreadable, malformed, a key given twice, or not a mapping.
    """
    text = read_text(path)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        places: dict[Keys, tuple[int, int]] = {}
        if node is not None:
            _note_places(node, (), places, path)
        values = {} if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_malformed(path, error)) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    finally:
        loader.dispose()
    if not isinstance(values, dict):
        raise ConfigError(f"{path}, line 1, column 1: expected a mapping of `key: value` lines, got {_kind(values)}")
    return Document(path, values, places)


def parse_value(text: str) -> Any:
    """One YAML value from the command line; what is not YAML is the text itself."""
    try:
        return yaml.load(text, _Loader) if text else ""  # noqa: S506 - a safe one
    # A day that there is not, or a number of thousands of digits, is only found as the value is made.
    except (yaml.YAMLError, ValueError):
        return text


def describe(
    error: ValidationError,
    where: Mapping[str, str] | Document,
    *,
    valid: Sequence[str] = (),
    under: Sequence[str] = (),
) -> str:
    """All faults of a validation, one a line: where, key, value, what was expected; `under` is where the record is."""
    lines: list[str] = []
    named: set[tuple[str, str | int]] = set()
    for fault in error.errors(include_url=False):
        # pydantic marks a fault of a mapping's key, and not of its value, by a last part of its own.
        keys = (*under, *(part for part in fault["loc"] if part != "[key]"))
        name = dotted(keys)
        place = where.where(keys) if isinstance(where, Document) else _origin(where, name)
        # A value that is used in two places (a model file's sampling) is reported once.
        if (place, keys[-1] if keys else "") in named:
            continue
        named.add((place, keys[-1] if keys else ""))
        if fault["type"] == "extra_forbidden":
            lines.append(f"{place}: unknown key '{name}'{nearest(name, valid)}")
        elif fault["type"] == "missing":
            lines.append(f"{place}: key '{name}' is missing; expected `{keys[-1]}: ...`")
        else:
            expected = fault["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
            # `--workers` and `-o workers` say by themselves which key it is.
            said = place if place.rpartition(" ")[2].removeprefix("--") == name else f"{place}: {name}"
            lines.append(f"{said}: {expected}, got {fault['input']!r}")
    return "\n".join(lines)


def dotted(keys: Sequence[str | int]) -> str:
    return ".".join(str(key) for key in keys)


def nearest(name: str, valid: Sequence[str]) -> str:
    """`; did you mean ...?` for the error text, or the valid names when none is near."""
    if not valid:
        return ""
    tails = {key.rpartition(".")[2]: key for key in reversed(valid)}
    close = get_close_matches(name, valid, n=3, cutoff=0.6) or [
        tails[tail] for tail in get_close_matches(name.rpartition(".")[2], list(tails), n=3, cutoff=0.7)
    ]
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; valid keys: {', '.join(valid)}"


def _origin(origins: Mapping[str, str], name: str) -> str:
    while name and name not in origins:
        name = name.rpartition(".")[0]
    return origins.get(name, "configuration")


def _note_places(node: yaml.Node, keys: Keys, places: dict[Keys, tuple[int, int]], path: Path) -> None:
    places.setdefault(keys, (node.start_mark.line + 1, node.start_mark.column + 1))
    if len(keys) > _MAX_DEPTH:
        raise ConfigError(
            f"{path}, line {node.start_mark.line + 1}: nested deeper than {_MAX_DEPTH} levels, or in itself"
        )
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_places(item, (*keys, index), places, path)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        below = (*keys, str(key.value))
        line, column = key.start_mark.line + 1, key.start_mark.column + 1
        if below in places:
            raise ConfigError(
                f"{path}, line {line}, column {column}: key '{dotted(below)}' is given twice "
                f"(first in line {places[below][0]}); remove one"
            )
        places[below] = (line, column)
        _note_places(value, below, places, path)


def _malformed(path: Path, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
    message = "; ".join(part for part in (error.problem, error.context) if part)
    return f"{place}: not YAML: {message}; expected `key: value` lines, indented with spaces"


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else f"{value!r}"
