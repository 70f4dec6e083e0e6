"""The code hosting tasks: in the official format, with answers that follow from the seeded data."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.mini.mini_tasks import answer, is_unachievable, of_template, records
from webarena_mini.kit.database import Database
from webarena_mini.sites.codehost.app import SITE
from webarena_mini.sites.codehost.domain.access import Role, find_project, role_in
from webarena_mini.sites.codehost.domain.repository import branch_named, conflicts, content_of, history, tree_of, unseen

TASKS = records("gitlab")


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with closing(Database(SITE.snapshot())) as database:
        yield database


def project_id(database: Database, name: str) -> int:
    """Of the one original project of that name."""
    (row,) = database.all("select id from projects where name = ? and forked_from_id is null", name)
    return int(row["id"])


def user(database: Database, name: str) -> str:
    (row,) = database.all("select username from users where name = ?", name)
    return str(row["username"])


def targets(task: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = task["eval"]["program_html"]
    return found


def test_the_set_covers_what_it_should() -> None:
    kinds = [tuple(task["eval"]["eval_types"]) for task in TASKS]
    assert len(TASKS) >= 24
    assert len({task["intent_template_id"] for task in TASKS}) >= 20
    assert sum("program_html" in kind for kind in kinds) >= 15
    assert {("string_match",), ("url_match",), ("program_html",), ("string_match", "url_match")} <= set(kinds)
    assert sum(map(is_unachievable, TASKS)) == 3


def on_main(database: Database, number: int, columns: str, rest: str, *values: object) -> list[Any]:
    """A query over the commits behind a project's main branch."""
    branch = branch_named(database, number, "main")
    assert branch is not None
    sql, given = history(branch["commit_id"])
    return database.all(f"select {columns} from ({sql}) {rest}", *given, *values)


def test_top_contributors(database: Database) -> None:
    columns = "author_name as name, author_email as email, count(*) as commits"
    for task in [*of_template(4001), *of_template(4004)]:
        named = find_project(database, task["start_url"].removeprefix("__GITLAB__").strip("/"))
        number = named["id"] if named else project_id(database, task["instantiation_dict"]["project"])
        first, second, *_ = on_main(database, number, columns, "group by author_id order by commits desc")
        assert first["commits"] > second["commits"]
        assert answer(task) == ([first["email"]] if named else first["name"])


def test_numbers_of_commits(database: Database) -> None:
    for task in [*of_template(4002), *of_template(4003)]:
        values = task["instantiation_dict"]
        rows = on_main(
            database,
            project_id(database, values["project"]),
            "created_at",
            "where author_name = ?",
            values["person"],
        )
        days = [f"{datetime.fromtimestamp(row['created_at'], UTC):%B %-d, %Y}" for row in rows]
        counted = len(days) if "date" not in values else days.count(values["date"])
        assert answer(task) == [str(counted)]
        assert counted > 1


def test_labels_to_filter_by_are_in_use(database: Database) -> None:
    for task in of_template(4005):
        values = task["instantiation_dict"]
        found = database.value(
            "select count(*) from issuable_labels x join labels l on l.id = x.label_id"
            " join issuables i on i.id = x.issuable_id where i.kind = 'issue' and i.state = 'opened'"
            " and i.project_id = ? and l.name = ?",
            project_id(database, values["project"]),
            values["label"],
        )
        assert found >= 2


def test_the_newest_issue_with_a_word(database: Database) -> None:
    for task in of_template(4009):
        values = task["instantiation_dict"]
        rows = database.all(
            "select iid, state from issuables where kind = 'issue' and project_id = ?"
            " and instr(lower(title), ?) order by created_at desc",
            project_id(database, values["project"]),
            values["word"],
        )
        assert len(rows) > 1
        assert task["eval"]["reference_url"].endswith(f"/-/issues/{rows[0]['iid']}")
        assert answer(task) == ["open" if rows[0]["state"] == "opened" else "closed"]


def test_the_projects_with_the_most_stars(database: Database) -> None:
    rows = database.all(
        "select p.name, p.path from stars s join projects p on p.id = s.project_id group by p.id"
        " order by count(*) desc limit 3"
    )
    for task in of_template(4010):
        assert targets(task)[0]["required_contents"] == {"must_include": [row["name"] for row in rows]}
    assert database.all("select 1 from stars where user_id = 1") == []


def test_people_who_are_to_get_a_role_do_not_have_it_yet(database: Database) -> None:
    for task in [*of_template(4016), *of_template(4017)]:
        values = task["instantiation_dict"]
        project = find_project(database, re.sub(r"^__GITLAB__/([^/]+/[^/]+)/.*", r"\1", targets(task)[0]["url"]))
        assert project is not None
        assert project["name"] == values["project"]
        assert role_in(database, project, 1) >= Role.MAINTAINER
        for name, target in zip(
            re.split(" and ", values.get("people", values.get("person"))), targets(task), strict=True
        ):
            username = user(database, name)
            assert target["locator"].endswith(f"'{username}')")
            user_id = database.value("select id from users where username = ?", username)
            assert role_in(database, project, user_id).name.title() != values["role"]


def test_people_to_follow_are_not_followed_yet(database: Database) -> None:
    for task in of_template(4011):
        for mention in targets(task)[0]["required_contents"]["must_include"]:
            user_id = database.value("select id from users where username = ?", mention.removeprefix("@"))
            assert user_id is not None
            assert database.one("select 1 from follows where follower_id = 1 and user_id = ?", user_id) is None


def test_the_page_to_change_is_as_the_reference_actions_take_it(database: Database) -> None:
    for task in of_template(4020):
        values = task["instantiation_dict"]
        branch = branch_named(database, project_id(database, values["project"]), "main")
        assert branch is not None
        content = content_of(database, tree_of(database, branch["commit_id"])[values["file"]])
        (typed,) = [action["text"] for action in task["reference_actions"] if action.get("name") == "File content"]
        assert typed == re.sub("<title>.*</title>", f"<title>{values['title']}</title>", content)
        assert typed != content


def test_branches_to_merge_have_something_to_merge(database: Database) -> None:
    for task in of_template(4024):
        values = task["instantiation_dict"]
        project = find_project(database, task["start_url"].removeprefix("__GITLAB__/"))
        assert project is not None
        source = branch_named(database, project["id"], values["source"])
        target = branch_named(database, project["id"], values["target"])
        assert source is not None
        assert target is not None
        assert unseen(database, source["commit_id"], target["commit_id"])


def test_merge_requests_named_in_a_task_are_the_only_ones_meant(database: Database) -> None:
    sql = """select i.iid, i.source_branch, u.username as author from issuables i join users u on u.id = i.author_id
        where i.kind = 'merge_request' and i.state = 'opened' and i.project_id = ?"""
    for task in of_template(4025):
        values = task["instantiation_dict"]
        (row,) = database.all(f"{sql} and i.title = ?", project_id(database, values["project"]), values["title"])
        assert targets(task)[0]["url"].endswith(f"/-/merge_requests/{row['iid']}")
    for task in of_template(4026):
        number = project_id(database, task["instantiation_dict"]["project"])
        (row,) = database.all(f"{sql} and i.id in (select issuable_id from reviewers where user_id = 1)", number)
        said = database.value(
            "select u.username from notes n join users u on u.id = n.author_id join issuables i on i.id = n.issuable_id"
            " where i.project_id = ? and i.kind = 'merge_request' and i.iid = ? order by n.id desc limit 1",
            number,
            row["iid"],
        )
        wanted = "Thank you" if said == row["author"] else f"@{row['author']}"
        assert targets(task)[0]["required_contents"] == {"exact_match": wanted}
    for task in of_template(4028):
        values = task["instantiation_dict"]
        number = project_id(database, values["project"])
        (row,) = database.all(f"{sql} and u.username = ?", number, user(database, values["person"]))
        source, main = (branch_named(database, number, name) for name in (row["source_branch"], "main"))
        assert source is not None
        assert main is not None
        assert conflicts(database, source["commit_id"], main["commit_id"]) == []


def test_the_issue_to_assign_is_open_and_somebody_else_s(database: Database) -> None:
    for task in of_template(4027):
        values = task["instantiation_dict"]
        ((title,),) = (target["required_contents"]["must_include"] for target in targets(task))
        (row,) = database.all(
            "select id, state from issuables where kind = 'issue' and title = ? and project_id = ?",
            title,
            project_id(database, values["project"]),
        )
        assert row["state"] == "opened"
        username = user(database, values["person"])
        assert targets(task)[0]["url"].endswith(f"assignee_username={username}")
        assigned = "select u.username from assignees a join users u on u.id = a.user_id where a.issuable_id = ?"
        assert username not in [each["username"] for each in database.all(assigned, row["id"])]


def test_unachievable_tasks_are_so(database: Database) -> None:
    most = database.value(
        "select max((select count(*) from stars where project_id = p.id)) from projects p"
        " join namespaces n on n.id = p.namespace_id where n.user_id = 1"
    )
    for task in of_template(4006):
        assert most <= task["instantiation_dict"]["count"]
    for task in of_template(4007):
        assert database.one("select 1 from issuables where title = ?", task["instantiation_dict"]["title"]) is None
    for task in of_template(4029):
        project = find_project(database, "cartwright/stitch")
        assert project is not None
        assert project["name"] == task["instantiation_dict"]["project"]
        assert role_in(database, project, 1) == Role.NONE
