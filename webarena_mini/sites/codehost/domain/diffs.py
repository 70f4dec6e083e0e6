"""What changed between two trees, line by line."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from webarena_mini.kit.database import Database
from webarena_mini.sites.codehost.domain.repository import changed_paths, content_of, tree_of

_CONTEXT_LINES = 3


@dataclass(frozen=True)
class Line:
    """`kind` is "old", "new", "same" or "hunk"; a number is 0 on the side where the line does not exist."""

    kind: str
    old: int
    new: int
    text: str


@dataclass(frozen=True)
class FileDiff:
    path: str
    status: str
    lines: list[Line]

    @property
    def added(self) -> int:
        return sum(line.kind == "new" for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.kind == "old" for line in self.lines)


def commit_diff(database: Database, commit_id: int) -> list[FileDiff]:
    """Against the first parent; everything is new in a first commit."""
    parent = database.value("select parent_id from commit_parents where commit_id = ? and place = 0", commit_id)
    if parent is None:
        return _between(database, 0, commit_id, tree_of(database, commit_id))
    return _between(database, parent, commit_id, changed_paths(database, commit_id, parent))


def branch_diff(database: Database, source_id: int, target_id: int) -> list[FileDiff]:
    """What merging the source into the target would change."""
    return _between(database, target_id, source_id, changed_paths(database, source_id, target_id))


def _between(database: Database, old_id: int, new_id: int, paths: Iterable[str]) -> list[FileDiff]:
    old_tree = tree_of(database, old_id) if old_id else {}
    new_tree = tree_of(database, new_id)
    diffs = []
    for path in paths:
        old, new = old_tree.get(path), new_tree.get(path)
        if (old and old.blob_id) == (new and new.blob_id):
            continue
        status = "added" if old is None else "deleted" if new is None else "changed"
        lines = _lines(content_of(database, old), content_of(database, new))
        diffs.append(FileDiff(path, status, lines))
    return diffs


def _lines(old: str, new: str) -> list[Line]:
    before, after = old.splitlines(), new.splitlines()
    shown: list[Line] = []
    for group in difflib.SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_CONTEXT_LINES):
        _, old_start, _, new_start, _ = group[0]
        *_, old_end, _, new_end = group[-1]
        place = f"@@ -{old_start + 1},{old_end - old_start} +{new_start + 1},{new_end - new_start} @@"
        shown.append(Line("hunk", 0, 0, place))
        for tag, old_low, old_high, new_low, new_high in group:
            if tag == "equal":
                shown += [
                    Line("same", at + 1, new_low + at - old_low + 1, before[at]) for at in range(old_low, old_high)
                ]
                continue
            shown += [Line("old", at + 1, 0, before[at]) for at in range(old_low, old_high)]
            shown += [Line("new", 0, at + 1, after[at]) for at in range(new_low, new_high)]
    return shown
