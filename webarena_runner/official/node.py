"""A value of a task file together with the way to it, so that every error says where and what was expected."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from webarena_runner.errors import TaskFileError

_ABSENT = object()
R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Node:
    """`where` names file and task, `path` the key inside the task."""

    where: str
    path: str
    value: Any

    def wrong(self, expected: str) -> TaskFileError:
        return self.fault(f"expected {expected}, found {shown(self.value)}")

    def fault(self, message: object) -> TaskFileError:
        place = f"{self.where}: {self.path}" if self.path else self.where
        return TaskFileError(f"{place}: {message}")

    def key(self, name: str) -> "Node":
        """The value under a key that must be there."""
        found = self.get(name)
        if found.value is _ABSENT:
            raise self.fault(f"key '{name}' is missing; found {', '.join(map(str, self.value)) or 'none'}")
        return found

    def get(self, name: str, default: Any = _ABSENT) -> "Node":
        if not isinstance(self.value, dict):
            raise self.wrong("a mapping")
        return Node(self.where, f"{self.path}.{name}" if self.path else name, self.value.get(name, default))

    def items(self) -> "Iterator[Node]":
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        return (Node(self.where, f"{self.path}[{index}]", item) for index, item in enumerate(self.value))

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.wrong("a text")
        return self.value

    def filled_text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.wrong("a text that is not empty")
        return self.value

    def integer(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.wrong("an integer")
        return self.value

    def boolean(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def texts(self) -> list[str]:
        """A list of at least one text."""
        found = [item.text() for item in self.items()]
        if not found:
            raise self.wrong("a list of at least one text")
        return found

    def record(self, kind: type[R]) -> R:
        """The value as a record of this kind; its first fault is raised with the key."""
        try:
            return kind.model_validate(self.value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            keys = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in first["loc"])
            at = Node(self.where, f"{self.path}{keys}".removeprefix("."), first["input"])
            found = "" if first["type"] == "missing" else f", found {shown(first['input'])}"
            raise at.fault(f"{first['msg']}{found}") from error


def shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
