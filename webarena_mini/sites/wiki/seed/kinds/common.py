"""What several kinds of article say: where something is, how to get there, what stands near it."""

from random import Random

from webarena_mini.kit.text import counted
from webarena_mini.region import Place, Town
from webarena_mini.region.model import distance_km
from webarena_mini.sites.wiki.seed.model import Entry, World
from webarena_mini.sites.wiki.seed.words import data, joined, link, links, spelled

_WALK_KM_PER_MINUTE = 0.075


def rng_of(entry: Entry) -> Random:
    return Random(f"wiki:{entry.name}")


def sited(entry: Entry) -> Place:
    """The place that the entry is about; towns and people have none."""
    if entry.place is None:
        raise ValueError(f"{entry.name} is not a place on the map")
    return entry.place


def lines_through(world: World, town: str) -> list[str]:
    """Names of the railway lines with a station in this town."""
    home = world.region.town(town).id
    places = world.region.places
    return [line.name for line in world.region.railways if any(places[stop - 1].town == home for stop in line.stations)]


def line_text(world: World, town: str) -> str:
    lines = lines_through(world, town)
    if not lines:
        return f"There is no station in {town}; buses leave for {link(nearest_station(world, town))} every hour."
    return f"{link(f'{town} Station')} is a stop of the {joined(link(line) for line in lines)}."


def nearest_station(world: World, town: str) -> str:
    here = world.region.town(town).at
    stations = [place for place in world.region.places if place.kind == "station"]
    return min(stations, key=lambda place: distance_km(place.at, here)).name


def location(world: World, entry: Entry) -> dict[str, str]:
    """Address, way from the station or the town hall, and what stands near."""
    place = sited(entry)
    land = world.region
    goal = next(
        other
        for kind in ("station", "townhall")
        for other in land.places
        if other.kind == kind and other.town == place.town
    )
    near = sorted(
        (other for other in world.entries.values() if other.place and other.town == entry.town and other != entry),
        key=lambda other: distance_km(place.at, other.place.at) if other.place else 0,
    )
    street = land.streets[place.street - 1].name
    values = {"hours": spelled(place.hours)} if place.hours else {}
    return values | {
        "address": f"{place.house_number} {street}",
        "walk": counted(max(1, round(distance_km(place.at, goal.at) * 1.3 / _WALK_KM_PER_MINUTE)), "minute"),
        "from_place": link(goal.name) if goal.kind == "station" else "the town hall",
        "neighbor_text": f"Nearby are {links(other.name for other in near[:3])}.",
        "step_text": "There is an entrance without steps."
        if place.wheelchair
        else "There are steps at the entrance, and no lift.",
        "district": world.home(entry).district,
        "town": entry.town,
    }


def coordinates(at: tuple[float, float]) -> str:
    return f"{at[0]:.4f}° N, {-at[1]:.4f}° W"


def town_box(world: World, entry: Entry) -> list[tuple[str, str]]:
    return [("Town", link(entry.town)), ("District", link(world.home(entry).district))]


def species_text(world: World, home: str) -> str:
    """What lives in a place, by the ranges of the species."""
    found = [other.name for other in world.of("species") if other.facts["home"] == home]
    return f"It is a stronghold of the {joined(link(name) for name in found)}." if found else ""


def chapter_text(world: World, town: Town, *, after: int = 0) -> str:
    found = [
        other
        for other in world.of("chapter", town=town.name)
        if other.facts["year"] > after and not other.name.startswith("Union")
    ]
    if not found:
        return ""
    chapter = found[0]
    return f"The {link(chapter.name, chapter.name)} meant {chapter.facts['cost']}."


def peaks_of(near: str) -> list[str]:
    return [peak["name"] for peak in data("nature")["mountain"] if peak["near"] == near]
