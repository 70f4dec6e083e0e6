"""The tasks that carry something from one site to another: what to write follows from the data of the first."""

import calendar
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any

import pytest

from tests.mini.mini_tasks import all_records, is_unachievable, of_template
from tests.mini.wiki_site import Facts, facts
from webarena_mini.kit.database import Database
from webarena_mini.sites.codehost.app import SITE as CODEHOST
from webarena_mini.sites.codehost.domain.access import Role, find_project, role_in
from webarena_mini.sites.codehost.domain.repository import branch_named, tree_of
from webarena_mini.sites.forum.app import SITE as FORUM
from webarena_mini.sites.home.domain.arithmetic import calculate
from webarena_mini.sites.shop.app import SITE as SHOP

__all__ = ["facts"]

TASKS = [task for task in all_records() if len(task["sites"]) > 1]
POSTS = [task for task in TASKS if "__REDDIT__/f/" in task["eval"]["reference_url"]]
ME = 1
OPEN_ISSUES = "select count(*) from issuables where kind = 'issue' and state = 'opened' and project_id = ?"
STARS = "select count(*) from stars where project_id = ?"


@pytest.fixture(scope="module")
def shop() -> Iterator[Database]:
    with closing(Database(SHOP.snapshot())) as database:
        yield database


@pytest.fixture(scope="module")
def forum() -> Iterator[Database]:
    with closing(Database(FORUM.snapshot())) as database:
        yield database


@pytest.fixture(scope="module")
def codehost() -> Iterator[Database]:
    with closing(Database(CODEHOST.snapshot())) as database:
        yield database


def required(task: dict[str, Any]) -> list[Any]:
    """What the targets' rules compare with."""
    return [value for target in task["eval"]["program_html"] for value in target["required_contents"].values()]


def project(codehost: Database, name: str) -> dict[str, Any]:
    """The one original project of that name, with its full path."""
    (row,) = codehost.all(
        "select p.*, n.path || '/' || p.path as full_path from projects p join namespaces n on n.id = p.namespace_id"
        " where p.name = ? and p.forked_from_id is null",
        name,
    )
    return dict(row)


def role(codehost: Database, full_path: str) -> Role:
    found = find_project(codehost, full_path)
    assert found is not None
    return role_in(codehost, found, ME)


def counts_line(codehost: Database, name: str) -> str:
    number = project(codehost, name)["id"]
    return f"{name}: {codehost.value(STARS, number)} stars, {codehost.value(OPEN_ISSUES, number)} open issues"


def version_line(codehost: Database, name: str) -> str:
    newest = "select name from tags where project_id = ? order by created_at desc limit 1"
    return f"{name}: {codehost.value(newest, project(codehost, name)['id'])}"


def test_the_set_covers_what_it_should() -> None:
    pairs = Counter(frozenset(task["sites"]) for task in TASKS)
    assert sum(pairs.values()) >= 16
    assert all(len(pair) == 2 for pair in pairs)
    assert pairs[frozenset({"wikipedia", "map"})] >= 4
    assert pairs[frozenset({"gitlab", "reddit"})] >= 3
    assert pairs[frozenset({"gitlab", "wikipedia"})] >= 1
    assert pairs[frozenset({"map", "shopping_admin"})] >= 1
    assert len({task["intent_template_id"] for task in TASKS}) >= 12
    tabs = Counter(1 + task["start_url"].count(" |AND| ") for task in TASKS)
    assert tabs[2] >= 2
    assert tabs[3] >= 1
    assert sum(map(is_unachievable, TASKS)) >= 2
    alternatives = [task for task in TASKS if any(" |OR| " in item for value in required(task) for item in value)]
    assert len(alternatives) >= 2


@pytest.mark.parametrize("task", POSTS, ids=lambda task: str(task["task_id"]))
def test_what_is_to_be_posted_goes_into_a_forum_that_has_no_such_submission(
    task: dict[str, Any], forum: Database
) -> None:
    title = task["instantiation_dict"]["title"]
    name = task["eval"]["reference_url"].removeprefix("__REDDIT__/f/")
    assert task["instantiation_dict"].get("forum", name) == name
    assert forum.one("select 1 from forums where name = ?", name) is not None
    assert required(task)[0] == title
    assert forum.one("select 1 from submissions where title = ?", title) is None


def test_a_price_to_post_is_the_shop_s(shop: Database) -> None:
    for task in of_template(2030):
        (product,) = shop.all("select price from product where name = ?", task["instantiation_dict"]["product"])
        assert required(task)[1] == [f"{product['price'] / 100:.2f}"]


def test_the_reviews_to_post_are_those_with_few_stars(shop: Database) -> None:
    for task in of_template(2031):
        (product,) = shop.all("select id from product where name = ?", task["instantiation_dict"]["product"])
        bad, others = (
            {row["title"] for row in shop.all(f"select title from review where product = ? and {which}", product["id"])}
            for which in ("stars <= 2", "stars > 2")
        )
        assert sorted(required(task)[1]) == sorted(bad)
        # A title that a better review has too would not tell that the right ones were chosen.
        assert not bad & others


def test_the_link_to_post_is_that_of_the_project_with_the_most_stars(codehost: Database) -> None:
    counted = "select p.name, count(*) as stars from stars s join projects p on p.id = s.project_id group by p.id"
    first, second = codehost.all(f"{counted} order by stars desc limit 2")
    assert first["stars"] > second["stars"]
    for task in of_template(5005):
        assert required(task)[1] == [f"/{project(codehost, first['name'])['full_path']}"]


def test_the_projects_in_the_tabs_are_counted(codehost: Database) -> None:
    for task in of_template(5006):
        forum, *tabs = task["start_url"].split(" |AND| ")
        assert forum == task["eval"]["reference_url"]
        found = [find_project(codehost, url.removeprefix("__GITLAB__/")) for url in tabs]
        assert required(task)[1] == [counts_line(codehost, each["name"]) for each in found if each is not None]
        example = task["instantiation_dict"]["example"]
        assert counts_line(codehost, example.partition(":")[0]) == example


def test_the_newest_versions_of_all_projects_of_a_group(codehost: Database) -> None:
    for task in of_template(5007):
        values = task["instantiation_dict"]
        query = "select p.name from projects p join namespaces n on n.id = p.namespace_id where n.name = ? order by 1"
        names = [row["name"] for row in codehost.all(query, values["group"])]
        assert required(task)[1] == [version_line(codehost, name) for name in names]
        assert version_line(codehost, values["example"].partition(":")[0]) == values["example"]


def test_the_complaint_to_report_is_the_only_one_about_that_line(codehost: Database, forum: Database) -> None:
    for task in of_template(5004):
        values = task["instantiation_dict"]
        (row,) = forum.all(
            "select s.body, u.name as author from submissions s join users u on u.id = s.user_id"
            " join forums f on f.id = s.forum_id where f.name = ? and instr(s.title, ?)",
            values["forum"],
            f"when {values['line']} runs normally again",
        )
        (minutes, stop), *_ = re.findall(r"Waited (\d+) minutes at (?:the )?(.+?) today", row["body"])
        title, (author, place, wait), labels = required(task)
        assert (title, author, place, labels) == (values["title"], row["author"], stop, [values["label"]])
        assert wait.split(" |OR| ")[0] == f"{minutes} min"
        target = project(codehost, values["project"])
        assert task["eval"]["reference_url"] == f"__GITLAB__/{target['full_path']}/-/issues"
        assert codehost.one("select 1 from issuables where title = ?", title) is None
        known = "select 1 from labels where project_id = ? and name = ?"
        assert codehost.one(known, target["id"], values["label"]) is not None


def test_the_recipe_to_add_is_the_encyclopedia_s(codehost: Database, facts: Facts) -> None:
    for task in of_template(5008):
        values = task["instantiation_dict"]
        main, further, time = (
            str(facts.value(values["dish"], label))
            for label in ("Main ingredient", "Further ingredients", "Preparation")
        )
        (items,) = required(task)
        assert items[:-1] == [values["dish"], main, *re.split(", | and ", further)]
        assert items[-1].split(" |OR| ")[0] == time.removesuffix("utes")
        target = project(codehost, values["project"])
        assert task["eval"]["program_html"][0]["url"].endswith(f"/{target['full_path']}/-/raw/main/{values['path']}")
        assert role(codehost, target["full_path"]) == Role.OWNER
        branch = branch_named(codehost, target["id"], "main")
        assert branch is not None
        assert values["path"] not in tree_of(codehost, branch["commit_id"])


def test_the_milestone_to_create_spans_the_month_of_the_event(codehost: Database, facts: Facts) -> None:
    for task in of_template(5009):
        values = task["instantiation_dict"]
        year = int(values["year"])
        month = list(calendar.month_name).index(str(facts.value(values["event"], "Month")))
        days = (1, calendar.monthrange(year, month)[1])
        dates = [[f"{date(year, month, day):%b %-d, %Y}"] for day in days]
        assert required(task) == [values["event"], *dates]
        target = project(codehost, values["project"])
        assert task["eval"]["reference_url"] == f"__GITLAB__/{target['full_path']}/-/milestones"
        assert role(codehost, target["full_path"]) >= Role.REPORTER
        assert codehost.one("select 1 from milestones where title = ?", values["event"]) is None


def test_the_product_to_note_is_the_cheapest(codehost: Database, shop: Database) -> None:
    for task in of_template(5012):
        values = task["instantiation_dict"]
        query = "select p.name, p.price from product p join category c on c.id = p.shelf where c.name = ?"
        first, second = shop.all(f"{query} order by p.price limit 2", values["category"])
        assert first["price"] < second["price"]
        assert required(task) == [first["name"], [f"{first['price'] / 100:.2f}"]]
        target = project(codehost, values["project"])
        assert target["visibility"] == "private"
        assert task["eval"]["reference_url"] == f"__GITLAB__/{target['full_path']}/-/issues"
        assert codehost.one("select 1 from issuables where title = ?", first["name"]) is None


def test_the_sum_is_the_result_of_the_calculator(facts: Facts) -> None:
    for task in of_template(9609):
        values = task["instantiation_dict"]
        counts = [facts.row(values[town], "Population by census", values["year"])[1] for town in ("one", "other")]
        assert required(task) == [calculate(" + ".join(counts))]


def test_the_note_has_the_facts_of_the_mountain(facts: Facts) -> None:
    for task in of_template(9611):
        mountain = task["instantiation_dict"]["mountain"]
        height = str(facts.value(mountain, "Height")).removesuffix(" m")
        assert required(task) == [[height, facts.value(mountain, "First ascent")]]
