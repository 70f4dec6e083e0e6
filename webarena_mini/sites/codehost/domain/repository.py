"""Commits, branches and files: a commit stores which paths it changed, and a tree is what its ancestors left behind."""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from webarena_mini.kit.clock import tick
from webarena_mini.kit.database import Database
from webarena_mini.sites.codehost.domain.access import touch

_WALK = """with recursive walk (id) as (
    values (?) union select parent_id from commit_parents p join walk on p.commit_id = walk.id)
"""
_UNSEEN = """with recursive walk (id) as (
    values (?1) union select parent_id from commit_parents p join walk on p.commit_id = walk.id),
known (id) as (values (?2) union select parent_id from commit_parents p join known on p.commit_id = known.id),
own (id) as (select id from commits where id in walk and sha not in (select sha from commits where id in known))
"""
COMMITS = """
select c.*, substr(c.sha, 1, 8) as short, u.username, u.name as user_name from commits c
left join users u on u.id = c.author_id
"""


@dataclass(frozen=True)
class File:
    """A file in a tree; `commit_id` is the last commit that changed it."""

    path: str
    blob_id: int
    commit_id: int


@dataclass(frozen=True)
class Ref:
    """What a URL's ref names: a branch (its name), a tag or a commit; `path` is what follows it in the URL."""

    name: str
    commit_id: int
    is_branch: bool
    path: str = ""


def address(project: sqlite3.Row, page: str, *parts: str) -> str:
    """URL of a page of the repository, such as ("blob", "main", "docs/a b.md"); empty parts are left out."""
    return quote("/".join((f"/{project['full_path']}/-/{page}", *(part for part in parts if part))))


def tree_of(database: Database, commit_id: int) -> dict[str, File]:
    """All files at a commit, by path."""
    # With max() SQLite takes the other columns from the same row: the newest change of each path.
    rows = database.all(
        f"""{_WALK} select path, blob_id, max(commit_id) as commit_id from changes
        where commit_id in walk group by path order by path""",
        commit_id,
    )
    return {row["path"]: File(row["path"], row["blob_id"], row["commit_id"]) for row in rows if row["blob_id"]}


def content_of(database: Database, file: File | None) -> str:
    return str(database.value("select content from blobs where id = ?", file.blob_id)) if file else ""


def sizes_of(database: Database, tree: Mapping[str, File]) -> dict[str, int]:
    """Characters in each file."""
    marks = ", ".join("?" * len(tree))
    ids = [file.blob_id for file in tree.values()]
    lengths = dict(map(tuple, database.all(f"select id, length(content) from blobs where id in ({marks})", *ids)))
    return {path: lengths[file.blob_id] for path, file in tree.items()}


def contents_at(database: Database, commit_id: int, paths: Sequence[str]) -> dict[str, str | None]:
    """Contents of these paths at a commit; None for those that are not there."""
    tree = tree_of(database, commit_id)
    return {path: content_of(database, tree[path]) if path in tree else None for path in paths}


def history(commit_id: int, path: str = "") -> tuple[str, tuple[object, ...]]:
    """Query (without order) and values of the commits behind one, or of those that changed a path or what is below."""
    if not path:
        return f"{_WALK}{COMMITS} where c.id in walk", (commit_id,)
    changed = "select commit_id from changes where path = ?2 or substr(path, 1, length(?2) + 1) = ?2 || '/'"
    return f"{_WALK}{COMMITS} where c.id in walk and c.id in ({changed})", (commit_id, path)


def count_commits(database: Database, commit_id: int) -> int:
    return int(database.value(f"{_WALK} select count(*) from walk", commit_id))


def unseen(database: Database, source_id: int, target_id: int) -> list[sqlite3.Row]:
    """Commits behind `source_id` that `target_id` does not have (a fork shares them by SHA), the newest first."""
    return database.all(f"{_UNSEEN}{COMMITS} where c.id in own order by c.id desc", source_id, target_id)


def containing(database: Database, project_id: int, commit_id: int, table: str) -> list[str]:
    """Names of the "branches" or "tags" behind which a commit is."""
    rows = database.all(
        f"""with recursive after (id) as (
            values (?1) union select commit_id from commit_parents c join after on c.parent_id = after.id)
        select name from {table} where project_id = ?2 and commit_id in after order by id""",
        commit_id,
        project_id,
    )
    return [row["name"] for row in rows]


def changed_paths(database: Database, source_id: int, target_id: int) -> list[str]:
    """Paths touched by the commits that only the source has."""
    rows = database.all(
        f"{_UNSEEN} select distinct path from changes where commit_id in own order by path",
        source_id,
        target_id,
    )
    return [row["path"] for row in rows]


def conflicts(database: Database, source_id: int, target_id: int) -> list[str]:
    """Paths that both sides have changed, each in its own way, since they parted."""
    both = set(changed_paths(database, source_id, target_id)) & set(changed_paths(database, target_id, source_id))
    source, target = tree_of(database, source_id), tree_of(database, target_id)
    return sorted(path for path in both if _blob(source, path) != _blob(target, path))


def _blob(tree: Mapping[str, File], path: str) -> int:
    return tree[path].blob_id if path in tree else 0


def branches_of(database: Database, project_id: int) -> list[sqlite3.Row]:
    return database.all("select * from branches where project_id = ? order by name", project_id)


def refs_of(database: Database, project_id: int) -> dict[str, list[sqlite3.Row]]:
    """Branches by name and tags, the newest first, under what they are called in menus."""
    tags = "select * from tags where project_id = ? order by created_at desc, id desc"
    return {"Branches": branches_of(database, project_id), "Tags": database.all(tags, project_id)}


def branch_named(database: Database, project_id: int, name: str) -> sqlite3.Row | None:
    return database.one("select * from branches where project_id = ? and name = ?", project_id, name)


def head_of(database: Database, project: sqlite3.Row) -> Ref | None:
    """The default branch; None in an empty repository."""
    branch = branch_named(database, project["id"], project["default_branch"])
    return Ref(branch["name"], branch["commit_id"], is_branch=True) if branch else None


def commit_named(database: Database, project_id: int, sha: str) -> sqlite3.Row | None:
    """By full or shortened SHA of at least 7 digits."""
    if len(sha) < 7 or not all(digit in "0123456789abcdef" for digit in sha):
        return None
    return database.one(f"{COMMITS} where c.project_id = ? and c.sha glob ? order by c.id", project_id, f"{sha}*")


def write_commit(
    database: Database,
    project: sqlite3.Row,
    author: sqlite3.Row,
    *,
    branch: str,
    message: str,
    files: Mapping[str, str | None],
    parents: Sequence[int],
) -> int:
    """Commits contents (None deletes) and moves or creates the branch; returns the commit's id."""
    created_at = tick(database)
    seed = f"{project['id']} {list(parents)} {created_at} {message}"
    commit_id = database.insert(
        "commits",
        project_id=project["id"],
        sha=hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest(),
        author_id=author["id"],
        author_name=author["name"],
        author_email=author["email"],
        message=message,
        created_at=created_at,
    )
    for place, parent_id in enumerate(parents):
        database.insert("commit_parents", commit_id=commit_id, parent_id=parent_id, place=place)
    for path, content in files.items():
        blob_id = None if content is None else database.insert("blobs", content=content)
        database.insert("changes", commit_id=commit_id, path=path, blob_id=blob_id)
    database.run(
        "insert into branches (project_id, name, commit_id) values (?, ?, ?)"
        " on conflict (project_id, name) do update set commit_id = excluded.commit_id",
        project["id"],
        branch,
        commit_id,
    )
    touch(database, project["id"])
    return commit_id


def copy_history(database: Database, source_id: int, target_id: int) -> None:
    """Gives a fork the commits, branches and tags of the project that it was made from."""
    first, last = database.one("select min(id), max(id) from commits where project_id = ?", source_id) or (None, None)
    if first is None or last is None:
        return
    shift = database.value("select max(id) from commits") - first + 1
    database.run(
        """insert into commits select id + ?, ?, sha, author_id, author_name, author_email, message, created_at
        from commits where project_id = ?""",
        shift,
        target_id,
        source_id,
    )
    own = "in (select id from commits where project_id = ?2)"
    for statement in (
        f"insert into commit_parents select commit_id + ?1, parent_id + ?1, place from commit_parents"
        f" where commit_id {own}",
        f"insert into changes select commit_id + ?1, path, blob_id from changes where commit_id {own}",
        "insert into branches (project_id, name, commit_id) select ?3, name, commit_id + ?1 from branches"
        " where project_id = ?2",
        "insert into tags (project_id, name, commit_id, message, created_at)"
        " select ?3, name, commit_id + ?1, message, created_at from tags where project_id = ?2",
    ):
        values = (shift, source_id, target_id) if "?3" in statement else (shift, source_id)
        database.run(statement, *values)
