"""Collects everything that gets an article."""

import re
from collections.abc import Iterator
from functools import cache

from webarena_mini.region import Region, region
from webarena_mini.sites.wiki.seed.model import Entry, World
from webarena_mini.sites.wiki.seed.words import data

_GIVEN = re.compile(r"^(?P<year>\d+): (?:(?:Opening|Building|Foundation|Gift) of )?(?:the )?\[\[(?P<what>[^\]|]+)\]\]")
_NATURE = {
    "mountain": "Mountains of Halvern",
    "reserve": "Nature reserves in Halvern",
    "river": "Rivers and lakes of Halvern",
    "lake": "Rivers and lakes of Halvern",
    "species": "Species of Halvern",
}
_CULTURE = {
    "dish": "Dishes of Halvern",
    "event": "Festivals in Halvern",
    "group": "Companies of Halvern",
    "club": "Football clubs of Halvern",
}
LEAGUE = "Halvern League"


@cache
def make_world() -> World:
    land = region()
    entries = (*_pages(), *_towns(land), *_sights(land), *_railways(land), *_people(), *_nature(), *_culture(land))
    return World(land, {entry.name: entry for entry in entries})


def _pages() -> Iterator[Entry]:
    for page in data("overview")["page"]:
        topic = "Football clubs of Halvern" if page["name"] == LEAGUE else "Halvern"
        yield Entry(page["name"], "page", topic, page)


def _towns(land: Region) -> Iterator[Entry]:
    for town in land.towns:
        yield Entry(town.name, "town", "Towns in Halvern", {}, town=town.name, at=town.at)


def _sights(land: Region) -> Iterator[Entry]:
    """Places that have a year of opening are the landmarks; the others are too ordinary for an article."""
    kinds = data("transport")["kinds"]
    for place in land.places:
        if "opened" not in place.facts:
            continue
        museum = place.kind == "museum"
        yield Entry(
            place.name,
            "museum" if museum else "landmark",
            "Museums in Halvern" if museum else kinds[place.kind][1],
            {"opened": int(place.facts["opened"]), "form": place.kind},
            town=land.towns[place.town - 1].name,
            place=place,
            at=place.at,
        )


def _railways(land: Region) -> Iterator[Entry]:
    for line in data("transport")["line"]:
        yield Entry(line["name"], "railway", "Railways in Halvern", line)
    for place in land.places:
        if place.kind == "station":
            home = land.towns[place.town - 1].name
            yield Entry(place.name, "station", "Railways in Halvern", {}, town=home, place=place, at=place.at)


def _people() -> Iterator[Entry]:
    for person in data("people")["person"]:
        kind = "person" if "died" in person else "living"
        yield Entry(person["name"], kind, "People from Halvern", person, town=person["home"])
    homes = {town.mayor: town.name for town in region().towns}
    for mayor in data("people")["mayor"]:
        facts = mayor | {"home": homes[mayor["name"]]}
        yield Entry(mayor["name"], "mayor", "Mayors in Halvern", facts, town=facts["home"])


def _nature() -> Iterator[Entry]:
    towns = {town.name for town in region().towns}
    for kind, topic in _NATURE.items():
        for found in data("nature")[kind]:
            near = found.get("near") or found.get("home") or found["through"][-1]
            town = near if near in towns else ""
            yield Entry(found["name"], kind, topic, found, town=town if kind != "species" else "")


def _culture(land: Region) -> Iterator[Entry]:
    for kind, topic in _CULTURE.items():
        for found in data("culture")[kind]:
            yield Entry(found["name"], kind, topic, found, town=found["home"])
    for found in data("history")["chapter"]:
        yield Entry(found["name"], "chapter", "Events in the history of Halvern", found, town=found["home"])


def maker_of(world: World, entry: Entry) -> Entry | None:
    """Who opened, built or gave this, by the list of works of the people."""
    for person in world.of("person", "living"):
        for work in person.facts["works"]:
            found = _GIVEN.match(work)
            if found and found["what"] == entry.name and int(found["year"]) == entry.facts.get("opened"):
                return person
    return None
