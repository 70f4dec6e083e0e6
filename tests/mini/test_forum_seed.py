"""The forum's starting data: the same each time, large enough, and consistent with itself."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.mini.prose import wrong_plurals
from webarena_mini.kit.database import Database
from webarena_mini.sites.forum.app import SITE
from webarena_mini.sites.forum.seed.topics import load_common

HASH = (
    "import hashlib; from webarena_mini.sites.forum.seed.build import build; print(hashlib.sha256(build()).hexdigest())"
)


@pytest.fixture
def database() -> Iterator[Database]:
    with closing(Database(SITE.snapshot())) as database:
        yield database


def test_another_process_builds_the_same_bytes() -> None:
    environ = {**os.environ, "PYTHONHASHSEED": "1"}
    done = subprocess.run([sys.executable, "-c", HASH], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.strip() == hashlib.sha256(SITE.snapshot()).hexdigest()


def test_there_is_enough_to_read(database: Database) -> None:
    assert database.value("select count(*) from forums") >= 24
    assert database.value("select count(*) from submissions") >= 600
    assert database.value("select count(*) from comments") >= 5000
    assert database.value("select count(*) from images") >= 50
    assert 1_000_000 < len(SITE.snapshot()) < 5_000_000


@pytest.mark.parametrize("column", ["title", "body"])
def test_no_pattern_is_left_in_a_submission(database: Database, column: str) -> None:
    assert database.all(f"select {column} from submissions where {column} glob '*[{{}}|]*'") == []


def test_no_pattern_is_left_in_a_comment(database: Database) -> None:
    assert database.all("select body from comments where body glob '*[{}|]*'") == []


def test_nouns_agree_with_their_number(database: Database) -> None:
    bodies = database.all("select body from comments union all select body from submissions")
    assert wrong_plurals(row["body"] for row in bodies) == set()


def test_no_thread_says_the_same_thing_twice(database: Database) -> None:
    repeated = "select 1 from comments group by submission_id, body having count(*) > 1"
    assert database.all(repeated) == []


def test_scores_are_sums_of_votes(database: Database) -> None:
    for kind in ("submission", "comment"):
        wrong = f"""select id from {kind}s where net_score !=
            (select sum(choice) from {kind}_votes where {kind}_id = {kind}s.id)"""
        assert database.all(wrong) == []


def test_replies_come_after_what_they_answer(database: Database) -> None:
    early = """select c.id from comments c join submissions s on s.id = c.submission_id
        left join comments p on p.id = c.parent_id
        where c.created_at <= coalesce(p.created_at, s.created_at) or c.created_at > (select now from clock)"""
    assert database.all(early) == []


def test_nobody_but_the_account_has_a_password(database: Database) -> None:
    assert [row["name"] for row in database.all("select name from users where password != ''")] == [
        "MarvelsGrantMan136"
    ]
    assert SITE.name == "reddit"


def test_what_answers_a_question_does_not_take_it_for_advice(database: Database) -> None:
    common = load_common()
    kinds = {line.say: line.to for line in [*common.replies, *common.more_replies, *common.op, *common.more_op]}
    answers = database.all("""select c.body from comments c join comments p on p.id = c.parent_id
        where p.body like '%?' and p.parent_id is null""")
    general = [row["body"] for row in answers if row["body"] in kinds]
    assert len(general) > 100
    assert [body for body in general if "question" not in kinds[body]] == []


def test_no_single_remark_is_heard_everywhere(database: Database) -> None:
    most = database.value("select count(*) as heard from comments group by body order by heard desc limit 1")
    assert most < database.value("select count(*) from comments") / 100


def test_forums_were_not_all_founded_in_the_same_month(database: Database) -> None:
    assert database.value("select count(distinct created_at / 2592000) from forums") > 12
