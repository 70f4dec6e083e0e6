"""The tasks that carry something to or from the map: their answers follow from the data of both sites."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.mini.map_tasks import ENGINE_INDEX, element, nearest, shown_ends, way, with_address
from tests.mini.mini_tasks import answer, is_unachievable, of_template
from tests.mini.wiki_site import Facts, facts
from webarena_mini.kit.database import Database
from webarena_mini.sites.admin.app import SITE as ADMIN
from webarena_mini.sites.map.app import SITE as MAP
from webarena_mini.sites.map.domain.geo import time_text

__all__ = ["facts"]


@pytest.fixture(scope="module")
def places() -> Iterator[Database]:
    with closing(Database(MAP.snapshot())) as database:
        yield database


@pytest.fixture(scope="module")
def office() -> Iterator[Database]:
    with closing(Database(ADMIN.snapshot())) as database:
        yield database


def named(places: Database, text: str) -> list[sqlite3.Row]:
    return places.all("select * from element where instr(lower(display_name || tags), lower(?))", text)


def titles(facts: Facts, label: str, value: str) -> list[str]:
    """Titles of the articles whose box says so."""
    query = "select a.title from fact f join article a on a.id = f.article_id where label = ? and value = ?"
    return [title for (title,) in facts.db.execute(query, [label, value])]


def test_walks_to_home_grounds(facts: Facts, places: Database) -> None:
    for task in of_template(5000):
        values = task["instantiation_dict"]
        ground = str(facts.value(values["club"], "Ground"))
        start = element(places, values["start"])
        if is_unachievable(task):
            assert named(places, ground) == []
            assert ground in task["eval"]["string_note"]
            continue
        walk, *rides = (
            time_text(way(engine, start, element(places, ground)).duration_s) for engine in ("foot", "bike", "car")
        )
        assert answer(task) == [walk]
        assert walk not in rides


def test_one_ground_is_on_the_map_and_one_is_not() -> None:
    assert sorted(map(is_unachievable, of_template(5000))) == [False, True]


def test_ways_to_birthplaces(facts: Facts, places: Database) -> None:
    for task in of_template(5001):
        values = task["instantiation_dict"]
        home = str(facts.value(values["person"], "Born")).partition(", ")[2]
        (station,) = places.all("select * from element where kind = 'station' and town = ?", home)
        assert shown_ends(task) == (ENGINE_INDEX["bike"], [values["start"]], [station["name"]])
        assert element(places, values["start"])["town"] != home


def test_the_oldest_building_of_an_architect(facts: Facts, places: Database) -> None:
    for task in of_template(5002):
        architect = task["instantiation_dict"]["architect"]
        works = {row[1]: row[0] for row in facts.table(architect, "Selected works")}
        assert sorted(works) == sorted(titles(facts, "Architect", architect))
        assert all(facts.value(title, "Since") == year for title, year in works.items())
        oldest, second = sorted(works, key=lambda title: works[title])[:2]
        assert works[oldest] < works[second]
        row = element(places, oldest)
        assert task["eval"]["reference_url"] == f"__MAP__/{row['type']}/{row['id']}"
        (target,) = task["eval"]["program_html"]
        assert target["required_contents"] == {"must_include": [oldest]}


def test_ways_from_what_somebody_founded(facts: Facts, places: Database) -> None:
    for task in of_template(5003):
        values = task["instantiation_dict"]
        (museum,) = titles(facts, "Founder", values["founder"])
        origin = element(places, museum)
        assert origin["kind"] == "museum"
        assert shown_ends(task) == (
            ENGINE_INDEX["foot"],
            [museum],
            [with_address(nearest(places, values["kind"], origin))],
        )


def test_no_customer_lives_where_the_map_is(office: Database, places: Database) -> None:
    for task in of_template(5010):
        (number,) = re.findall(r"/customer/index/edit/id/(\d+)/", task["start_url"])
        (address,) = office.all("select city, region from address where customer = ?", int(number))
        assert named(places, address["city"]) == named(places, address["region"]) == []
        assert f"{address['city']}, {address['region']}" in task["eval"]["string_note"]
        element(places, task["instantiation_dict"]["place"])


def test_the_address_to_put_on_a_page_is_the_one_of_that_town(office: Database, places: Database) -> None:
    for task in of_template(5011):
        values = task["instantiation_dict"]
        name, town = values["place"].removeprefix("the ").rsplit(" in ", 1)
        homonyms = places.all("select * from element where name = ?", name)
        (row,) = [each for each in homonyms if each["town"] == town]
        assert len(homonyms) > 1
        tags = json.loads(row["tags"])
        number, street = tags["addr:housenumber"], tags["addr:street"]
        (page,) = office.all("select id, content from cms_page where title = ?", values["page"])
        (target,) = task["eval"]["program_html"]
        assert target["url"].endswith(f"/page_id/{page['id']}/")
        written = [f"{number} {street}", f"{number}, {street}", f"{street} {number}", f"{street}, {number}"]
        assert target["required_contents"]["must_include"] == [
            *page["content"].split("\n"),
            town,
            tags["addr:postcode"],
            " |OR| ".join(written),
        ]
        assert street not in page["content"]
