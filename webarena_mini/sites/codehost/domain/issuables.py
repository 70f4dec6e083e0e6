"""Issues and merge requests: what belongs to one of them, notes, people, to-dos."""

import re
import sqlite3
from collections.abc import Iterable

from webarena_mini.kit.clock import now, tick
from webarena_mini.kit.database import Database
from webarena_mini.sites.codehost.domain.access import seen_by

ISSUABLES = """
select i.*, p.path as project_path, n.path || '/' || p.path as full_path, p.name as project_name,
    u.username as author_username, u.name as author_name, m.title as milestone_title, m.iid as milestone_iid,
    (select count(*) from notes where issuable_id = i.id and not system) as comments,
    (select count(*) from awards where issuable_id = i.id and thumb = 'up') as upvotes,
    (select count(*) from awards where issuable_id = i.id and thumb = 'down') as downvotes
from issuables i join projects p on p.id = i.project_id join namespaces n on n.id = p.namespace_id
join users u on u.id = i.author_id left join milestones m on m.id = i.milestone_id
"""
SLUGS = {"issue": "issues", "merge_request": "merge_requests"}
_MENTIONED = re.compile(r"(?<![\w/@])@([A-Za-z0-9][\w.-]*\w)")


def attached(database: Database, rows: Iterable[sqlite3.Row]) -> dict[int, dict[str, list[sqlite3.Row]]]:
    """Labels, assignees and reviewers of each issue or merge request, by its id."""
    ids = [row["id"] for row in rows]
    things: dict[int, dict[str, list[sqlite3.Row]]] = {
        each: {"labels": [], "assignees": [], "reviewers": []} for each in ids
    }
    marks = ", ".join("?" * len(ids))
    labels = f"""select x.issuable_id, l.* from issuable_labels x join labels l on l.id = x.label_id
        where x.issuable_id in ({marks}) order by l.name collate nocase"""
    for row in database.all(labels, *ids):
        things[row["issuable_id"]]["labels"].append(row)
    for table in ("assignees", "reviewers"):
        people = f"""select x.issuable_id, u.id, u.username, u.name from {table} x join users u on u.id = x.user_id
            where x.issuable_id in ({marks}) order by u.name"""
        for row in database.all(people, *ids):
            things[row["issuable_id"]][table].append(row)
    return things


def numbered(database: Database, project_id: int, kind: str, iid: int) -> sqlite3.Row | None:
    return database.one(f"{ISSUABLES} where i.project_id = ? and i.kind = ? and i.iid = ?", project_id, kind, iid)


def open_requests(database: Database, project_id: int) -> dict[tuple[str, str], int]:
    """Numbers of the open merge requests between branches of a project, by source and target."""
    rows = database.all(
        "select source_branch, target_branch, iid from issuables"
        " where source_project_id = ?1 and project_id = ?1 and state = 'opened'",
        project_id,
    )
    return {(row["source_branch"], row["target_branch"]): row["iid"] for row in rows}


def path_of(issuable: sqlite3.Row) -> str:
    return f"/{issuable['full_path']}/-/{SLUGS[issuable['kind']]}/{issuable['iid']}"


def add_note(database: Database, issuable: sqlite3.Row, author: sqlite3.Row, body: str, *, system: bool = False) -> int:
    """Writes a note, and to-dos for the people that it mentions; a system note says what somebody did."""
    created_at = tick(database)
    note_id = database.insert(
        "notes",
        issuable_id=issuable["id"],
        author_id=author["id"],
        body=body,
        system=int(system),
        created_at=created_at,
    )
    database.run("update issuables set updated_at = ? where id = ?", created_at, issuable["id"])
    if not system:
        mention(database, issuable["id"], author, body)
    return note_id


def mention(database: Database, issuable_id: int, author: sqlite3.Row, body: str) -> None:
    for name in dict.fromkeys(_MENTIONED.findall(body)):
        user_id = database.value("select id from users where username = ?", name)
        if user_id and _is_visible(database, issuable_id, user_id):
            remind(database, issuable_id, author, user_id, "mentioned")


def _is_visible(database: Database, issuable_id: int, user_id: int) -> bool:
    visible = f"select 1 from issuables i join projects p on p.id = i.project_id where i.id = ? and {seen_by(user_id)}"
    return database.one(visible, issuable_id) is not None


def remind(database: Database, issuable_id: int, author: sqlite3.Row, user_id: int, reason: str) -> None:
    """A to-do for somebody else, or one that the author has asked for."""
    if user_id != author["id"] or reason == "marked":
        database.insert(
            "todos",
            user_id=user_id,
            author_id=author["id"],
            issuable_id=issuable_id,
            reason=reason,
            created_at=now(database),
        )


def assign(
    database: Database, issuable_id: int, author: sqlite3.Row, people: Iterable[int], *, table: str = "assignees"
) -> None:
    """Replaces the assignees (or the `reviewers`) and reminds those who are new."""
    before = {row["user_id"] for row in database.all(f"select user_id from {table} where issuable_id = ?", issuable_id)}
    database.run(f"delete from {table} where issuable_id = ?", issuable_id)
    for user_id in people:
        database.insert(table, issuable_id=issuable_id, user_id=user_id)
        if user_id not in before:
            reason = "assigned" if table == "assignees" else "review_requested"
            remind(database, issuable_id, author, user_id, reason)
