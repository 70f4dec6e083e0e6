"""The forum's tasks: in the official format, with answers that follow from the seeded data."""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.mini.mini_tasks import answer, is_unachievable, of_template, records
from webarena_mini.kit.database import Database
from webarena_mini.sites.forum.app import SITE

SUBMISSIONS = """
select s.*, f.name as forum, u.name as author from submissions s
join forums f on f.id = s.forum_id join users u on u.id = s.user_id
"""
SUBSCRIBERS = """
select f.name, count(*) as subscribers from forums f join subscriptions s on s.forum_id = f.id group by f.id
order by subscribers
"""
TASKS = records("reddit")


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with closing(Database(SITE.snapshot())) as database:
        yield database


def top(database: Database, forum: str, column: str) -> dict[str, Any]:
    """The submission of a forum with the highest value, which no other one shares."""
    best, second = database.all(f"{SUBMISSIONS} where f.name = ? order by s.{column} desc limit 2", forum)
    assert best[column] > second[column]
    return dict(best)


def path(submission: dict[str, Any]) -> str:
    return f"__REDDIT__/f/{submission['forum']}/{submission['id']}/{submission['slug']}"


def voted_on(task: dict[str, Any]) -> list[str]:
    return [target["url"] for target in task["eval"]["program_html"]]


def test_the_set_covers_what_it_should() -> None:
    kinds = [tuple(task["eval"]["eval_types"]) for task in TASKS]
    assert len({task["intent_template_id"] for task in TASKS}) >= 10
    assert {("string_match",), ("url_match",), ("program_html",), ("url_match", "program_html")} == set(kinds)
    assert sum("program_html" in kind for kind in kinds) >= 9
    assert sum(map(is_unachievable, TASKS)) >= 3


def test_comments_of_the_best_submission(database: Database) -> None:
    for task in of_template(2001):
        best = top(database, task["instantiation_dict"]["forum"], "net_score")
        assert answer(task) == str(best["comment_count"])


def test_authors_of_the_most_commented_submissions(database: Database) -> None:
    for task in of_template(2002):
        assert answer(task) == [top(database, task["instantiation_dict"]["forum"], "comment_count")["author"]]


def test_moderators(database: Database) -> None:
    for task in of_template(2003):
        rows = database.all(
            "select u.name from moderators m join users u on u.id = m.user_id join forums f on f.id = m.forum_id"
            " where f.name = ?",
            task["instantiation_dict"]["forum"],
        )
        assert sorted(answer(task)) == sorted(row["name"] for row in rows)


def test_forums_with_most_and_fewest_subscribers(database: Database) -> None:
    fewest, next_to_it, *_, before, most = database.all(SUBSCRIBERS)
    assert fewest["subscribers"] < next_to_it["subscribers"]
    assert before["subscribers"] < most["subscribers"]
    for task in of_template(2004):
        forum = {"most": most, "fewest": fewest}[task["instantiation_dict"]["extreme"]]
        assert answer(task) == [forum["name"], str(forum["subscribers"])]


def test_submission_scores(database: Database) -> None:
    for task in of_template(2005):
        score = database.value(
            "select sum(net_score) from submissions s join users u on u.id = s.user_id where u.name = ?",
            task["instantiation_dict"]["user"],
        )
        assert answer(task) == str(score)


def test_newest_submissions(database: Database) -> None:
    for task in of_template(2006):
        newest = top(database, task["instantiation_dict"]["forum"], "id")
        assert task["eval"]["reference_url"] == path(newest)
    for task in of_template(2009):
        newest = top(database, task["instantiation_dict"]["forum"].replace(" ", ""), "id")
        assert voted_on(task) == [path(newest)]


def test_most_commented_submissions(database: Database) -> None:
    for task in of_template(2010):
        assert voted_on(task) == [path(top(database, task["instantiation_dict"]["forum"], "comment_count"))]


def test_all_submissions_of_a_user_in_a_forum(database: Database) -> None:
    for task in of_template(2011):
        values = task["instantiation_dict"]
        rows = database.all(f"{SUBMISSIONS} where u.name = ? and f.name = ?", values["user"], values["forum"])
        assert sorted(voted_on(task)) == sorted(path(dict(row)) for row in rows)
        assert bool(rows) is (task["eval"]["reference_answers"] is None)


def test_nothing_to_vote_on_has_the_account_s_vote_yet(database: Database) -> None:
    for task in [*of_template(2009), *of_template(2010), *of_template(2011)]:
        for url in voted_on(task):
            submission_id = int(url.split("/")[3])
            assert (
                database.one("select 1 from submission_votes where user_id = 1 and submission_id = ?", submission_id)
                is None
            )


def test_unachievable_tasks_are_so(database: Database) -> None:
    assert database.one("select 1 from users where name = 'velvet_anchovy'") is None
    moderated = database.all(
        "select f.name from forums f join moderators m on m.forum_id = f.id where m.user_id = 1 order by f.name"
    )
    assert [row["name"] for row in moderated] == ["boardgames", "PortAlder"]


def test_threads_named_in_a_task_exist(database: Database) -> None:
    for task in TASKS:
        for url in (task["start_url"], task["eval"]["reference_url"], *voted_on(task)):
            for forum, submission_id, rest in re.findall(r"/f/(\w+)/(\d+)/([^ ]*)", url):
                row = database.one(f"{SUBMISSIONS} where s.id = ?", int(submission_id))
                assert row is not None
                assert row["forum"] == forum
                assert rest == row["slug"] or rest.startswith("-/comment/")


def test_own_posts_to_edit_are_own(database: Database) -> None:
    for task in of_template(2020):
        (url,) = voted_on(task)
        row = database.one(f"{SUBMISSIONS} where s.id = ?", int(url.split("/")[3]))
        assert row is not None
        assert row["author"] == "MarvelsGrantMan136"
        new, kept = task["eval"]["program_html"][0]["required_contents"]["must_include"]
        assert kept in row["body"]
        assert new not in row["body"]


def test_the_comment_to_answer_is_by_that_user(database: Database) -> None:
    for task in of_template(2015):
        (url,) = voted_on(task)
        author = database.value(
            "select u.name from comments c join users u on u.id = c.user_id where c.id = ?", int(url.rpartition("/")[2])
        )
        assert author == task["instantiation_dict"]["user"]
        thread = int(url.split("/")[3])
        assert (
            database.value(
                "select count(*) from comments c join users u on u.id = c.user_id"
                " where u.name = ? and c.submission_id = ?",
                author,
                thread,
            )
            == 1
        )
