"""The map's starting data: the same each time, complete, and consistent with itself."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from webarena_mini.kit.database import Database
from webarena_mini.region import region
from webarena_mini.sites.map.app import SITE
from webarena_mini.sites.map.domain.kinds import kinds

HASH = (
    "import hashlib; from webarena_mini.sites.map.seed.build import build; print(hashlib.sha256(build()).hexdigest())"
)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with closing(Database(SITE.snapshot())) as database:
        yield database


def test_another_process_builds_the_same_bytes() -> None:
    environ = {**os.environ, "PYTHONHASHSEED": "1"}
    done = subprocess.run([sys.executable, "-c", HASH], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.strip() == hashlib.sha256(SITE.snapshot()).hexdigest()


def test_all_of_the_region_is_on_the_map(database: Database) -> None:
    land = region()
    assert database.value("select count(*) from element where kind = 'town'") == len(land.towns)
    assert database.value("select count(*) from element where kind = 'street'") == len(land.streets)
    for place in land.places:
        row = database.one(
            "select * from element where name = ? and kind = ? and latitude = ?", place.name, place.kind, place.at[0]
        )
        assert row is not None, place.name
        assert row["label"] == kinds()[place.kind].label
        assert f", {place.house_number}, {land.streets[place.street - 1].name}, " in row["display_name"]
    assert 1_000_000 < len(SITE.snapshot()) < 5_000_000


def test_a_full_name_means_one_place(database: Database) -> None:
    doubled = "select display_name from element where name != '' and kind != 'street' group by 1 having count(*) > 1"
    assert database.all(doubled) == []


def test_coordinates_of_places_differ_in_what_an_address_shows(database: Database) -> None:
    doubled = """select 1 from element where name != '' and type = 'node'
        group by round(latitude, 5), round(longitude, 5) having count(*) > 1"""
    assert database.all(doubled) == []


def test_parts_exist_and_ways_have_two_ends(database: Database) -> None:
    assert database.all("select 1 from part where element not in (select key from element)") == []
    short = """select e.name from element e where e.type = 'way' and e.kind = 'street'
        and (select count(*) from part p where p.whole = e.key) < 2"""
    assert database.all(short) == []


def test_the_newest_revision_is_what_the_map_shows(database: Database) -> None:
    rows = database.all(
        "select e.tags as shown, r.tags as newest from element e left join revision r"
        " on r.element = e.key and r.version = e.version where e.kind != 'junction'"
    )
    assert all(row["shown"] == row["newest"] for row in rows)


def test_versions_follow_each_other_in_time(database: Database) -> None:
    wrong = """select 1 from revision one join revision other on other.element = one.element
        and other.version = one.version + 1 where other.changeset <= one.changeset"""
    assert database.all(wrong) == []
    assert database.value("select max(closed_at) from changeset") <= "2023-06-15T09:00:00+00:00"
    assert database.all("select 1 from changeset c join mapper m on m.id = c.mapper where m.joined > c.opened_at") == []


def test_one_way_streets_say_so(database: Database) -> None:
    rows = database.all("select tags from element where kind = 'street'")
    assert sum(json.loads(row["tags"]).get("oneway") == "yes" for row in rows) > 10
