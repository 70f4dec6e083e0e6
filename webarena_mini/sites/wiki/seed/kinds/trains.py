"""Railway lines and stations."""

from webarena_mini.region import Place, Railway
from webarena_mini.region.model import distance_km
from webarena_mini.sites.wiki.seed import figures
from webarena_mini.sites.wiki.seed.kinds.common import (
    chapter_text,
    coordinates,
    lines_through,
    location,
    rng_of,
    sited,
    town_box,
)
from webarena_mini.sites.wiki.seed.model import Article, Entry, Table, World
from webarena_mini.sites.wiki.seed.words import data, joined, link, links, number

_KMH = 62


def stops(world: World, name: str) -> list[tuple[Place, float, int]]:
    """Stations of a line with the distance from its start in kilometers, and the year in which each was opened."""
    track = _track(world, name)
    facts = next(line for line in data("transport")["line"] if line["name"] == name)
    stations = [world.region.places[stop - 1] for stop in track.stations]
    found: list[tuple[Place, float, int]] = []
    gone = 0.0
    for index, point in enumerate(track.points):
        if index:
            gone += distance_km(track.points[index - 1], point)
        if len(found) < len(stations) and point == stations[len(found)].at:
            part = len(found) / (len(stations) - 1)
            opened = facts["opened"] if part < 0.6 else facts["complete"]
            found.append((stations[len(found)], round(gone, 1), int(opened)))
    return found


def _track(world: World, name: str) -> Railway:
    return next(line for line in world.region.railways if line.name == name)


def railway(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    route = stops(world, entry.name)
    minutes = [round(km / _KMH * 60) + 2 * index for index, (_, km, _) in enumerate(route)]
    length = route[-1][1]
    founder = facts["by"]
    values = {
        "name": entry.name,
        "first_station": route[0][0].name,
        "last_station": route[-1][0].name,
        "length": f"{length}",
        "stops": str(len(route)),
        "opened": str(facts["opened"]),
        "founder_text": f"It was built on a plan of {link(founder)}." if founder != "Halvern Railways" else "",
        "coaches": str(rng.randint(4, 11)),
        "late": str(rng.randint(7, 95)),
        "guests": str(rng.randint(80, 420)),
        "electric": str(facts["electric"]),
        "through_text": links(place.name for place, _, _ in route[1:-1]),
        "bridge_text": facts["bridge"],
        "every": str(facts["every"]),
        "every_sunday": str(facts["every"] * 2),
        "journey": str(minutes[-1]),
    }
    box = [
        ("Operator", link("Halvern Railways")),
        ("From", link(route[0][0].name)),
        ("To", link(route[-1][0].name)),
        ("Length", f"{length} km"),
        ("Stations", str(len(route))),
        ("Opened", str(facts["opened"])),
        ("Complete since", str(facts["complete"])),
        ("Electric since", str(facts["electric"])),
        ("Trains", f"every {facts['every']} minutes"),
    ]
    rows = tuple(
        (link(place.name), f"{km:.1f}", str(opened), f"{minutes[index]} min")
        for index, (place, km, opened) in enumerate(route)
    )
    times = tuple(
        (place.name, *(_clock(start * 60 + minutes[index]) for start in (6, 8, 10, 12, 14, 16, 18, 20, 22)))
        for index, (place, _, _) in enumerate(route)
    )
    head = ("Station", *(f"Train {number_of}" for number_of in range(1, 10)))
    tables = {
        "stops": Table("Stations", ("Station", "Distance (km)", "Opened", "Journey"), rows),
        "timetable": Table("Timetable of the express trains", head, times),
    }
    return Article(values, box, tables, f"Course of the {entry.name}", "line")


def station(world: World, entry: Entry) -> Article:
    rng, place = rng_of(entry), sited(entry)
    lines = lines_through(world, entry.town)
    opened = min(year for line in lines for stop, _, year in stops(world, line) if stop.id == place.id)
    daily = round(world.home(entry).population ** 0.86 * rng.uniform(0.2, 0.4))
    counted = figures.visitors(entry.name, opened, daily * 365)
    platforms = str(2 * len(lines))
    museums = [other.name for other in world.of("museum", town=entry.town)]
    values = location(world, entry) | {
        "name": entry.name,
        "opened": str(opened),
        "lines_text": f"the {joined(map(link, lines))}",
        "designed": number(rng.randint(2, 60) * 50),
        "chapter_text": chapter_text(world, world.home(entry), after=opened),
        "clock_year": str(rng.randint(1905, 1975)),
        "clock": rng.choice(("one minute", "two minutes", "half a minute")),
        "platforms": platforms,
        "museum_text": f"From here it is a short walk to the {links(museums[:2])}." if museums else "",
        "neighbor_text": _neighbors(world, place, lines),
    }
    box = [
        *town_box(world, entry),
        ("Address", values["address"]),
        ("Coordinates", coordinates(place.at)),
        ("Opened", str(opened)),
        ("Lines", ", ".join(map(link, lines))),
        ("Platforms", platforms),
        ("Passengers", f"{number(counted[-1][1])} (2022)"),
        ("Phone", place.phone),
    ]
    tables = {
        "passengers": figures.visitor_table(counted, "Passengers"),
        "departures": _departures(world, place, lines),
    }
    return Article(values, box, tables, f"{entry.name}, marked on the map of Halvern", "locator")


def _neighbors(world: World, place: Place, lines: list[str]) -> str:
    parts = []
    for line in lines:
        names = [stop.name for stop, _, _ in stops(world, line)]
        here = names.index(place.name)
        beside = [names[index] for index in (here - 1, here + 1) if 0 <= index < len(names)]
        parts.append(
            f"On the {link(line)} the next stops are {links(beside)}."
            if len(beside) > 1
            else f"On the {link(line)} the next stop is {links(beside)}."
        )
    return " ".join(parts)


def _departures(world: World, place: Place, lines: list[str]) -> Table:
    """Both directions of all lines; trains from different ends leave at different minutes."""
    rows = []
    for line in lines:
        route = stops(world, line)
        here = next(index for index, stop in enumerate(route) if stop[0].id == place.id)
        every = _every(line)
        for end in (0, len(route) - 1):
            if end == here:
                continue
            km = abs(route[end][1] - route[here][1])
            minute = (here * 7 + end * 3 + every // 4) % every
            ride = round(km / _KMH * 60) + 2 * abs(end - here)
            rows.append(
                (link(line), link(route[end][0].name), f"every {every} min, first at 5:{minute:02}", f"{ride} min")
            )
    return Table("Departures", ("Line", "Towards", "Trains", "Ride to the end"), tuple(rows))


def _every(line: str) -> int:
    return next(int(found["every"]) for found in data("transport")["line"] if found["name"] == line)


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24}:{minutes % 60:02}"
