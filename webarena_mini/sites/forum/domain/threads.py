"""The tree of comments under a submission."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Branch:
    """A comment with its replies; `depth` is 0 where the shown thread begins."""

    comment: sqlite3.Row
    depth: int = 0
    replies: list["Branch"] = field(default_factory=list)


def as_tree(comments: Iterable[sqlite3.Row]) -> list[Branch]:
    """Top-level comments in the given order, each with its replies in that order."""
    branches = {row["id"]: Branch(row) for row in comments}
    roots: list[Branch] = []
    for branch in branches.values():
        parent = branches.get(branch.comment["parent_id"])
        (parent.replies if parent else roots).append(branch)
    _set_depths(roots)
    return roots


def subtree(comments: Iterable[sqlite3.Row], comment_id: int) -> list[Branch]:
    """One comment and all below it."""
    found = [branch for branch in _walk(as_tree(comments)) if branch.comment["id"] == comment_id]
    _set_depths(found)
    return found


def _walk(branches: Iterable[Branch]) -> Iterable[Branch]:
    for branch in branches:
        yield branch
        yield from _walk(branch.replies)


def _set_depths(roots: list[Branch]) -> None:
    pending = [(branch, 0) for branch in roots]
    while pending:
        branch, depth = pending.pop()
        branch.depth = depth
        pending.extend((reply, depth + 1) for reply in branch.replies)
