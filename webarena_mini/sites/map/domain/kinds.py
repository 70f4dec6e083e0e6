"""Kinds of places, and the words that people search for them with."""

import tomllib
from dataclasses import dataclass
from functools import cache

from webarena_mini.sites.map import FOLDER


@dataclass(frozen=True)
class Kind:
    """`words` are the phrases, in lower case, that mean this kind in a search."""

    name: str
    key: str
    value: str
    label: str
    plural: str
    group: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    name: str
    title: str
    color: str


@cache
def _data() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((FOLDER / "data" / "kinds.toml").read_text("utf-8"))


@cache
def kinds() -> dict[str, Kind]:
    found = {}
    for name, (tag, label, plural, group, others) in _data()["kinds"].items():
        key, _, value = tag.partition("=")
        words = (label.lower(), plural, *(word for word in others.split(", ") if word))
        found[name] = Kind(name, key, value, label, plural, group, words)
    return found


@cache
def groups() -> dict[str, Group]:
    return {name: Group(name, title, color) for name, (title, color) in _data()["groups"].items()}


@cache
def phrases() -> dict[str, str]:
    """Search phrase to name of kind; the first kind that claims a phrase keeps it."""
    found: dict[str, str] = {}
    for kind in kinds().values():
        for word in kind.words:
            found.setdefault(word, kind.name)
    return found


def color_of(kind: str) -> str:
    return groups()[kinds()[kind].group].color
