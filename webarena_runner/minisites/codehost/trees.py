"""Directories: what lies in one, with the last commit of each entry."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from webarena_runner.minisites._kit import Database
from webarena_runner.minisites.codehost.repository import COMMITS, File, content_of

_READMES = ("README.md", "readme.md", "README", "README.txt")


@dataclass(frozen=True)
class Entry:
    name: str
    path: str
    is_folder: bool
    commit: sqlite3.Row


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


def readme_of(database: Database, tree: Mapping[str, File], path: str) -> str:
    """Text of the README in a directory; "" when there is none."""
    prefix = f"{path}/" if path else ""
    found = next((tree[prefix + name] for name in _READMES if prefix + name in tree), None)
    return content_of(database, found)
