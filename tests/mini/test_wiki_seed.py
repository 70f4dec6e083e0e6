"""What the encyclopedia contains."""

import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

from tests.mini.prose import wrong_plurals
from tests.mini.wiki_site import Facts, facts
from webarena_mini.region import region
from webarena_mini.sites.wiki.app import SITE
from webarena_mini.sites.wiki.domain.text import href
from webarena_mini.sites.wiki.seed.build import build

__all__ = ["facts"]
WRITTEN = "kind not in ('category', 'list')"


def documents(facts: Facts) -> Iterator[tuple[str, dict[str, Any]]]:
    for title, packed in facts.db.execute("select title, document from article where kind != 'category'"):
        yield title, json.loads(zlib.decompress(packed))


def test_building_twice_gives_the_same_bytes() -> None:
    assert build() == SITE.snapshot()


def test_the_snapshot_is_small_enough_to_reset_in_no_time() -> None:
    assert 1_000_000 < len(SITE.snapshot()) < 5_000_000


def test_there_is_enough_to_read(facts: Facts) -> None:
    count, words = facts.db.execute(f"select count(*), avg(words) from article where {WRITTEN}").fetchone()
    assert count >= 220
    assert words >= 200


def test_every_link_leads_to_an_article(facts: Facts) -> None:
    known = {href(title) for (title,) in facts.db.execute("select title from article")}
    for title, document in documents(facts):
        links = re.findall(r'href=\\"([^"\\]+)\\"', json.dumps(document, ensure_ascii=False))
        assert set(links) <= known, title


def test_nothing_is_left_of_the_sentences_it_is_made_from(facts: Facts) -> None:
    for title, body in facts.db.execute("select title, body from search"):
        assert not re.search(r"[{}\[\]]|''|\.\.(?!\.)|  | \.|\bNone\b", body), title
        assert not re.search(r"\b[Aa] (?:[aeio][a-z]|up)", body), title


def test_nouns_agree_with_their_number(facts: Facts) -> None:
    assert wrong_plurals(body for (body,) in facts.db.execute("select body from search")) == set()


def test_every_town_museum_and_station_of_the_region_has_an_article(facts: Facts) -> None:
    titles = {title for (title,) in facts.db.execute(f"select title from article where {WRITTEN}")}
    land = region()
    assert {town.name for town in land.towns} <= titles
    assert {place.name for place in land.places if place.kind in ("museum", "station")} <= titles


def test_boxes_agree_with_tables(facts: Facts) -> None:
    for (title,) in facts.db.execute("select title from article where kind = 'museum'").fetchall():
        assert facts.value(title, "Visitors") == f"{facts.row(title, 'Visitors by year', '2022')[1]} (2022)"
        directors = facts.table(title, f"Directors of the {title}")
        assert facts.value(title, "Director") == directors[-1][1]
        assert facts.value(title, "Opened") == directors[0][2]
    for town in region().towns:
        assert facts.row(town.name, "Population by census", "2020")[1] == f"{town.population:,}"


def test_club_seasons_agree_with_the_league(facts: Facts) -> None:
    for season, champion, points, *_ in facts.table("Halvern League", "Champions since 1998"):
        assert facts.row(champion, "Seasons", season)[1:3] == ["1", points]


def test_people_live_from_birth_to_death(facts: Facts) -> None:
    for (title,) in facts.db.execute("select title from article where kind = 'person'").fetchall():
        years = [int(row[0]) for row in facts.table(title, f"Life of {title}")]
        assert years == sorted(years), title
        assert str(years[-1]) in str(facts.value(title, "Died"))
        assert f"(aged {facts.table(title, f'Life of {title}')[-1][2]})" in str(facts.value(title, "Died"))


def test_old_buildings_are_not_of_iron_glass_or_concrete(facts: Facts) -> None:
    for (title,) in facts.db.execute("select title from article where kind = 'landmark'").fetchall():
        if int(str(facts.value(title, "Since"))) < 1840:
            assert not re.search("iron|concrete", facts.value(title, "Material") or ""), title


def test_herbs_are_used_in_pinches(facts: Facts) -> None:
    for dish, herb in (("Slate Toast", "Thyme"), ("Lifeboat Stew", "Pepper"), ("Ember Ale", "Hops from Marrowfield")):
        assert int(facts.row(dish, "For four people", herb)[1].removesuffix(" g")) < 40


def test_names_have_an_article_where_english_wants_one(facts: Facts) -> None:
    first = {title: summary for title, summary in facts.db.execute("select title, summary from article")}
    assert first["Harbor Cathedral"].startswith("Harbor Cathedral is")
    assert first["Lantern Theatre"].startswith("The Lantern Theatre is")
    assert first["Halvern Railways"].startswith("Halvern Railways is")
    sources = [source for _, document in documents(facts) for source in document["sources"]]
    assert not [source for source in sources if "Guide to Nathaniel Croft" in source or "around Lantern Owl" in source]


def test_species_look_and_grow_like_their_kind(facts: Facts) -> None:
    def body(title: str) -> str:
        return str(facts.db.execute("select body from search where title = ?", (title,)).fetchone()[0])

    for plant in ("Winter Bellflower", "Tinder Lichen", "Halvern Samphire"):
        assert facts.table(plant, "Growth")[0][0] == "Seedling"
        assert not re.search(r"\b(?:tail|feet|cheek|ear)\b", body(plant))
    assert facts.table("Furnace Moth", "Yearly count")[0][2].endswith(" July")
    assert "Its stronghold is the Halvern Sea." in body("Night Herring")
    assert "an ash rind is added" in body("Graywater Cheese")
