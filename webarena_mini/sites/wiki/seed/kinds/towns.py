"""Towns: the largest articles, which draw on everything that has its home there."""

from webarena_mini.region import Town
from webarena_mini.sites.wiki.seed import figures
from webarena_mini.sites.wiki.seed.kinds.common import (
    chapter_text,
    coordinates,
    line_text,
    lines_through,
    peaks_of,
    rng_of,
    sited,
)
from webarena_mini.sites.wiki.seed.model import Article, Entry, Table, World
from webarena_mini.sites.wiki.seed.words import data, joined, link, links, number, the


def describe(world: World, entry: Entry) -> Article:
    town = world.home(entry)
    values = _geography(world, town) | _history(world, entry, town) | _present(world, town)
    tables = {
        "population": figures.population_table(town),
        "sights": _sights(world, town),
        "climate": figures.climate_table(town),
    }
    return Article(values, _box(world, town), tables, f"{town.name} in Halvern", "locator")


def _geography(world: World, town: Town) -> dict[str, str]:
    near = figures.neighbors(world.region, town)[:3]
    reserves = [other.name for other in world.of("reserve", town=town.name)]
    peaks, lakes = peaks_of(town.name), [other.name for other in world.of("lake", town=town.name)]
    year = figures.climate(town)
    return {
        "name": town.name,
        "kind": town.kind,
        "district": town.district,
        "on_river": f", on the {_river(town)}" if town.river else "",
        "by_water": f", on the banks of the {_river(town)}" if town.river else ", high above the sea",
        "population": number(town.population),
        "known_for": town.known_for,
        "founded": str(town.founded),
        "area": f"{town.area_km2}",
        "elevation": str(town.elevation_m),
        "nearest": joined(f"{link(other.name)} ({away:.0f} km)" for other, away in near),
        "reserve_text": f"{links(reserves)} begins at the edge of the town." if len(reserves) == 1 else "",
        "mountain_text": f"The mountains {links(peaks)} can be seen from the center."
        if len(peaks) > 1
        else f"{link(peaks[0])} can be seen from the center."
        if peaks
        else "",
        "lake_text": f"The shore of {joined(_the_lake(name) for name in lakes)} is a short walk away." if lakes else "",
        "mean_temp": f"{sum(row[1] for row in year) / 12:.1f}",
        "rain": number(sum(row[2] for row in year)),
        "weather": "mild" if town.elevation_m < 150 else "cool and clear",
    }


def _history(world: World, entry: Entry, town: Town) -> dict[str, str]:
    rng = rng_of(entry)
    lines = [line for line in data("transport")["line"] if line["name"] in lines_through(world, town.name)]
    oldest = min(lines, key=lambda line: int(line["opened"])) if lines else None
    founder = next(
        (
            other
            for other in world.of("person")
            if any(f"Foundation of [[{town.name}]]" in work for work in other.facts["works"])
        ),
        None,
    )
    return {
        "founder_text": f"Its founder was {link(founder.name)}, {founder.facts['job']} by trade." if founder else "",
        "wall_year": str(town.founded + rng.randint(40, 110)),
        "toll": str(rng.randint(4, 30) * 10),
        "chapter_text": chapter_text(world, town),
        "railway_text": f"The railway arrived with the {link(oldest['name'])}." if oldest else "",
        "main_street": next(
            street.name for street in world.region.streets if street.town == town.id and street.kind == "secondary"
        ),
    }


def _present(world: World, town: Town) -> dict[str, str]:
    def named(*kinds: str) -> list[str]:
        return [other.name for other in world.of(*kinds, town=town.name)]

    museums, events, dishes, groups = named("museum"), named("event"), named("dish"), named("group")
    people, clubs = named("person", "living"), named("club")
    mayor = world.entries[town.mayor]
    roads = _roads(world, town)
    return {
        "museum_text": f"There are {len(museums)} museums: {links(museums)}."
        if len(museums) > 1
        else f"The only museum is the {links(museums)}.",
        "event_text": f"The main events of the year are the {joined(map(link, events))}." if events else "",
        "dish_text": f"The town's own food is {joined(map(link, dishes))}." if dishes else "",
        "club_text": f"Its football club is {the(clubs[0])}{links(clubs)}." if clubs else "",
        "group_text": f"Well-known companies and institutions are the {joined(map(link, groups))}." if groups else "",
        "people_text": f"Among those born in {town.name} are {links(people)}."
        if len(people) > 1
        else f"The best-known native is {links(people)}."
        if people
        else "",
        "mayor": town.mayor,
        "mayor_since": str(mayor.facts["since"]),
        "seats": str(9 + 2 * round(town.population**0.25)),
        "line_text": line_text(world, town.name),
        "road_text": f"Main roads are the {joined(roads)}." if len(roads) > 1 else f"The main road is the {roads[0]}.",
    }


def _roads(world: World, town: Town) -> list[str]:
    """Numbers of the main roads that end in the town's streets."""
    streets = world.region.streets
    nodes = {node for street in streets if street.town == town.id for node in street.nodes}
    ending = (road for road in streets if road.ref and not nodes.isdisjoint((road.nodes[0], road.nodes[-1])))
    return sorted({road.ref for road in ending})


def _river(town: Town) -> str:
    return link(town.river if town.river == "Larch Beck" else f"River {town.river}")


def _the_lake(name: str) -> str:
    return link(name) if name.startswith("Lake") else f"the {link(name)}"


def _box(world: World, town: Town) -> list[tuple[str, str]]:
    lines = lines_through(world, town.name)
    return [
        ("Type", town.kind.capitalize()),
        ("District", link(town.district)),
        ("Coordinates", coordinates(town.at)),
        ("First mentioned", str(town.founded)),
        ("Population", f"{number(town.population)} (2020)"),
        ("Area", f"{town.area_km2} km²"),
        ("Density", f"{number(round(town.population / town.area_km2))} per km²"),
        ("Elevation", f"{town.elevation_m} m"),
        ("River", _river(town) if town.river else "none"),
        ("Mayor", link(town.mayor)),
        ("Postal code", town.postcode),
        ("Railway", ", ".join(map(link, lines)) if lines else "none"),
    ]


def _sights(world: World, town: Town) -> Table:
    rows = []
    for other in sorted(world.of("museum", "landmark", town=town.name), key=lambda found: int(found.facts["opened"])):
        place = sited(other)
        street = world.region.streets[place.street - 1].name
        hours = "always" if place.hours == "24/7" else place.hours or "–"
        rows.append((link(other.name), place.kind, str(other.facts["opened"]), f"{place.house_number} {street}", hours))
    return Table(f"Sights of {town.name}", ("Name", "Kind", "Since", "Address", "Open"), tuple(rows))
