"""Directories: what lies in one, with the last commit of each entry."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from webarena_mini.kit.database import Database
from webarena_mini.sites.codehost.domain.repository import COMMITS, File, content_of
from webarena_mini.sites.codehost.domain.text import hue

_READMES = ("README.md", "readme.md", "README", "README.txt")
_LANGUAGES = {
    "css": "CSS",
    "go": "Go",
    "html": "HTML",
    "java": "Java",
    "js": "JavaScript",
    "kt": "Kotlin",
    "py": "Python",
    "rb": "Ruby",
    "rs": "Rust",
    "sh": "Shell",
    "swift": "Swift",
    "ts": "TypeScript",
}


@dataclass(frozen=True)
class Entry:
    name: str
    path: str
    is_folder: bool
    commit: sqlite3.Row


@dataclass(frozen=True)
class Node:
    """A file, or a directory with what is in it."""

    name: str
    path: str
    is_open: bool
    nodes: list["Node"]


@dataclass(frozen=True)
class Readme:
    name: str
    text: str


@dataclass(frozen=True)
class Language:
    name: str
    percent: float
    colour: str


def directory(database: Database, tree: Mapping[str, File], path: str) -> list[Entry]:
    """Entries directly below a path ("" for the root), folders first."""
    prefix = f"{path}/" if path else ""
    newest: dict[tuple[bool, str], int] = {}
    for file in tree.values():
        if file.path.startswith(prefix):
            name, slash, _ = file.path[len(prefix) :].partition("/")
            key = (not slash, name)
            newest[key] = max(newest.get(key, 0), file.commit_id)
    marks = ", ".join("?" * len(newest))
    commits = {row["id"]: row for row in database.all(f"{COMMITS} where c.id in ({marks})", *newest.values())}
    return [
        Entry(name, prefix + name, not is_file, commits[commit_id])
        for (is_file, name), commit_id in sorted(newest.items())
    ]


def readme_of(database: Database, tree: Mapping[str, File], path: str) -> Readme | None:
    prefix = f"{path}/" if path else ""
    name = next((name for name in _READMES if prefix + name in tree), None)
    return Readme(name, content_of(database, tree[prefix + name])) if name else None


def outline(tree: Iterable[str], shown: str) -> list[Node]:
    """All paths as nested directories, those on the way to the path `shown` open; directories first."""
    return _nodes([tuple(path.split("/")) for path in tree], (), tuple(shown.split("/")))


def _nodes(paths: Sequence[tuple[str, ...]], above: tuple[str, ...], shown: tuple[str, ...]) -> list[Node]:
    depth = len(above)
    folders = sorted({path[depth] for path in paths if len(path) > depth + 1})
    nodes = []
    for name in folders:
        here = (*above, name)
        inside = [path for path in paths if path[: depth + 1] == here and len(path) > depth + 1]
        nodes.append(Node(name, "/".join(here), shown[: depth + 1] == here, _nodes(inside, here, shown)))
    return nodes + [Node(path[-1], "/".join(path), False, []) for path in sorted(paths) if len(path) == depth + 1]


def languages(sizes: Mapping[str, int]) -> list[Language]:
    """The largest first; prose does not count, nor what is too little for a tenth of a percent."""
    totals: Counter[str] = Counter()
    for path, size in sizes.items():
        name = _LANGUAGES.get(path.rpartition(".")[2])
        if name:
            totals[name] += size
    every = totals.total()
    shares = [(name, round(100 * size / every, 1)) for name, size in totals.most_common() if size]
    return [Language(name, percent, hue(name)) for name, percent in shares if percent]
