"""The map's tasks: in the official format, with answers that follow from the region's data."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import unquote

import pytest

from tests.mini.map_tasks import ENGINE_INDEX, element, minutes, nearest, shown_ends, way, with_address
from tests.mini.mini_tasks import answer, is_unachievable, of_template, records
from webarena_mini.kit.database import Database
from webarena_mini.sites.map.app import SITE
from webarena_mini.sites.map.domain.geo import length_text, time_text
from webarena_mini.sites.map.domain.kinds import phrases

TASKS = records("map")
ENGINES = {
    "walk": "foot", "walking": "foot", "drive": "car", "driving": "car",
    "cycle": "bike", "cycling": "bike", "by bicycle": "bike",
}  # fmt: skip


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with closing(Database(SITE.snapshot())) as database:
        yield database


def test_the_set_covers_what_it_should() -> None:
    kinds = {tuple(task["eval"]["eval_types"]) for task in TASKS}
    assert len(TASKS) >= 14
    assert len({task["intent_template_id"] for task in TASKS}) >= 5
    assert kinds == {("string_match",), ("url_match",), ("program_html",), ("url_match", "program_html")}
    assert {shown_ends(task)[0] for task in of_template(3302)} == set(ENGINE_INDEX.values())
    assert sum(map(is_unachievable, TASKS)) >= 2


def test_times_of_ways(database: Database) -> None:
    for task in of_template(3300):
        values = task["instantiation_dict"]
        ends = element(database, values["start"]), element(database, values["end"])
        assert answer(task) == [time_text(way(ENGINES[values["travel"]], *ends).duration_s)]


def test_lengths_of_ways(database: Database) -> None:
    for task in of_template(3301):
        values = task["instantiation_dict"]
        ends = element(database, values["start"]), element(database, values["end"])
        assert answer(task) == [length_text(way(ENGINES[values["means"]], *ends).distance_m)]
        others = {
            length_text(way(engine, *ends).distance_m) for engine in ENGINE_INDEX if engine != ENGINES[values["means"]]
        }
        assert values["means"] == "driving" or answer(task)[0] not in others


def test_directions_that_are_left_open(database: Database) -> None:
    for task in of_template(3302):
        values = task["instantiation_dict"]
        index, start, end = shown_ends(task)
        assert index == ENGINE_INDEX[ENGINES[values["means"]]]
        for name, parts in ((values["start"], start), (values["end"], end)):
            row = element(database, name)
            assert parts == [row["name"], row["town"]]


def test_walks_to_what_is_closest(database: Database) -> None:
    for task in of_template(3303):
        values = task["instantiation_dict"]
        index, start, end = shown_ends(task)
        found = nearest(database, values["kind"], element(database, values["place"]))
        assert (index, start) == (ENGINE_INDEX["foot"], [values["place"]])
        assert end == [with_address(found)]


def test_searches_by_address(database: Database) -> None:
    for task in of_template(3304):
        values = task["instantiation_dict"]
        assert unquote(task["eval"]["reference_url"]) == f"__MAP__/search?query={values['kind']} near {values['place']}"
        assert values["kind"] in phrases()
        element(database, values["place"])


def test_pages_of_places(database: Database) -> None:
    for task in of_template(3305):
        place = task["instantiation_dict"]["place"]
        only = re.fullmatch(r"the only (\w+) in (\w+)", place)
        if only:
            (row,) = database.all("select * from element where kind = ? and town = ?", *only.groups())
        else:
            row = element(database, place)
        assert task["eval"]["reference_url"] == f"__MAP__/{row['type']}/{row['id']}"
        (target,) = task["eval"]["program_html"]
        assert target["required_contents"]["must_include"] == [row["name"], row["town"], "opening_hours"]
        assert "opening_hours" in row["tags"]


def test_pages_of_one_of_several(database: Database) -> None:
    for task in of_template(3306):
        values = task["instantiation_dict"]
        rows = database.all(
            "select * from element where kind = ? and display_name like ? order by key",
            phrases()[values["kind"]],
            f"%, {values['district']},%",
        )
        assert len(rows) > 1
        assert task["eval"]["reference_url"] == " |OR| ".join(f"__MAP__/{row['type']}/{row['id']}" for row in rows)


def test_phone_numbers(database: Database) -> None:
    for task in of_template(3307):
        tags = json.loads(element(database, task["instantiation_dict"]["place"])["tags"])
        assert answer(task) == ([tags["phone"]] if "phone" in tags else "N/A")
        assert bool(task["eval"]["string_note"]) is ("phone" not in tags)


def test_counts(database: Database) -> None:
    for task in of_template(3308):
        values = task["instantiation_dict"]
        count = "select count(*) from element where kind = ? and town = ?"
        assert answer(task) == str(database.value(count, phrases()[values["kind"]], values["town"]))


def test_what_is_reached_first(database: Database) -> None:
    for task in of_template(3309):
        values = task["instantiation_dict"]
        start = element(database, values["start"])
        times = sorted(
            (minutes(ENGINES[values["means"]], start, element(database, values[key])), values[key])
            for key in ("first", "second", "third")
        )
        assert answer(task) == times[0][1]
        assert times[1][0] - times[0][0] > 3


def test_a_walk_and_a_drive(database: Database) -> None:
    for task in of_template(3310):
        values = task["instantiation_dict"]
        start = element(database, values["start"])
        stop = nearest(database, values["kind"], start)
        assert answer(task) == str(
            minutes("foot", start, stop) + minutes("car", stop, element(database, values["end"]))
        )


def test_what_is_too_far_to_walk(database: Database) -> None:
    for task in of_template(3312):
        values = task["instantiation_dict"]
        start = element(database, values["place"])
        rows = database.all("select * from element where kind = ?", phrases()[values["kind"]])
        shortest = min(minutes("foot", start, row) for row in rows)
        assert answer(task) == "N/A"
        assert shortest > values["minutes"] + 1
        assert f"takes {shortest} minutes" in task["eval"]["string_note"]
