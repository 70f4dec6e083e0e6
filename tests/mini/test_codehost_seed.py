"""The code hosting site's starting data: the same each time, large enough, and consistent with itself."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.mini.prose import wrong_plurals
from webarena_mini.kit.database import Database
from webarena_mini.sites.codehost.app import SITE

HASH = (
    "import hashlib; from webarena_mini.sites.codehost.seed.build import build;"
    " print(hashlib.sha256(build()).hexdigest())"
)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with closing(Database(SITE.snapshot())) as database:
        yield database


def test_another_process_builds_the_same_bytes() -> None:
    environ = {**os.environ, "PYTHONHASHSEED": "1"}
    done = subprocess.run([sys.executable, "-c", HASH], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.strip() == hashlib.sha256(SITE.snapshot()).hexdigest()


def test_there_is_enough_to_work_with(database: Database) -> None:
    counts = {"projects": 30, "users": 60, "commits": 2500, "issuables": 800, "notes": 1500, "stars": 800}
    for table, least in counts.items():
        assert database.value(f"select count(*) from {table}") >= least
    assert 1_000_000 < len(SITE.snapshot()) < 5_000_000


def test_references_hold(database: Database) -> None:
    assert database.all("pragma foreign_key_check") == []


@pytest.mark.parametrize(
    ("table", "column"),
    [("issuables", "title"), ("issuables", "description"), ("notes", "body"), ("commits", "message")],
)
def test_no_pattern_is_left_over(database: Database, table: str, column: str) -> None:
    assert database.all(f"select {column} from {table} where {column} glob '*[{{}}|«»]*'") == []


def test_no_file_has_a_slot_left(database: Database) -> None:
    assert database.all("select id from blobs where content glob '*[«»]*'") == []


def test_nouns_agree_with_their_number(database: Database) -> None:
    said = database.all("select body from notes union all select description from issuables")
    assert wrong_plurals(row["body"] for row in said) == set()


def test_a_list_grows_by_what_it_is_a_list_of(database: Database) -> None:
    of_a_project = "select message from commits where project_id = (select min(id) from projects where path = ?)"
    lists: dict[str, set[str]] = {}
    for row in database.all(of_a_project, "terminal-chess"):
        added = re.fullmatch(r"Add (.+) to the list of (\w+)", row["message"])
        if added:
            lists.setdefault(added[2], set()).add(added[1])
    assert lists.keys() == {"moves", "openings", "boards"}
    assert all(re.search("rook|knight|bishop|queen|king|pawn", piece) for piece in lists["moves"])
    assert not any("list of" in row["message"] for row in database.all(of_a_project, "dotfiles"))
    assert database.value("select count(*) from issuables where title glob 'Find tmux*'") == 0


def test_branches_have_names_that_an_address_can_say(database: Database) -> None:
    names = {
        row["source_branch"] for row in database.all("select source_branch from issuables where kind = 'merge_request'")
    }
    assert {name for name in names if not re.fullmatch(r"[\w.-]+", name)} == set()


def test_parents_are_older_than_their_children(database: Database) -> None:
    wrong = """select 1 from commit_parents e join commits c on c.id = e.commit_id join commits p on p.id = e.parent_id
        where p.id >= c.id or p.created_at > c.created_at or p.project_id != c.project_id"""
    assert database.all(wrong) == []


def test_nothing_happens_before_its_time(database: Database) -> None:
    early = """select n.id from notes n join issuables i on i.id = n.issuable_id
        where n.created_at < i.created_at or n.created_at > (select now from clock)"""
    assert database.all(early) == []
    assert database.all("select id from issuables where closed_at < created_at") == []


def test_titles_of_issues_are_unique_in_a_project(database: Database) -> None:
    repeated = "select 1 from issuables where kind = 'issue' group by project_id, title having count(*) > 1"
    assert database.all(repeated) == []


def test_no_two_public_projects_share_their_number_of_stars(database: Database) -> None:
    rows = database.all("select count(*) as stars from stars group by project_id")
    assert len({row["stars"] for row in rows}) == len(rows)


def test_nobody_but_the_account_has_a_password(database: Database) -> None:
    assert [row["username"] for row in database.all("select username from users where password != ''")] == ["byteblaze"]
    assert SITE.name == "gitlab"


def test_nothing_was_finished_before_its_milestone_began(database: Database) -> None:
    early = """select 1 from issuables i join milestones m on m.id = i.milestone_id
        where date(i.closed_at, 'unixepoch') < m.start_date"""
    assert database.all(early) == []


def test_nobody_names_a_version_before_it_was_there(database: Database) -> None:
    early = """select 1 from issuables i join tags t on t.project_id = i.project_id
        where i.created_at < t.created_at - 60 and instr(i.description, t.name || ' on ')"""
    assert database.all(early) == []


def test_a_thread_is_in_order_and_nobody_repeats_what_was_said(database: Database) -> None:
    turned = """select 1 from notes a join notes b on a.issuable_id = b.issuable_id and a.id < b.id
        where a.created_at > b.created_at"""
    assert database.all(turned) == []
    repeated = "select 1 from notes where not system group by issuable_id, body having count(*) > 1"
    assert database.all(repeated) == []


def test_an_open_thread_ends_with_a_comment_where_there_is_one(database: Database) -> None:
    ends = """select 1 from issuables i where state = 'opened'
        and exists (select 1 from notes where issuable_id = i.id and not system)
        and (select system from notes where issuable_id = i.id order by id desc limit 1)"""
    assert database.all(ends) == []


def test_commits_do_not_pile_up_at_the_end(database: Database) -> None:
    at_once = """select count(*) as commits from commits c join projects p on p.id = c.project_id
        where p.forked_from_id is null group by c.project_id, c.created_at order by commits desc limit 1"""
    assert database.value(at_once) <= 4


def test_only_merge_requests_are_answered_by_their_author(database: Database) -> None:
    line = "Thanks, addressed in the last commit."
    said = """select 1 from notes n join issuables i on i.id = n.issuable_id
        where n.body = ? and (i.kind != 'merge_request' or i.author_id != n.author_id)"""
    assert database.all(said, line) == []
