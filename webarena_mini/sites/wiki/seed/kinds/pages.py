"""Overview articles, whose text is written by hand and whose tables are made from the other articles."""

from webarena_mini.sites.wiki.seed import figures
from webarena_mini.sites.wiki.seed.kinds.culture import league
from webarena_mini.sites.wiki.seed.model import Article, Entry, Table, World
from webarena_mini.sites.wiki.seed.words import capital, link, number


def page(world: World, entry: Entry) -> Article:
    land = world.region
    towns = land.towns
    if entry.facts.get("district"):
        towns = tuple(town for town in towns if town.district == entry.name)
    values = {
        "population": number(sum(town.population for town in land.towns)),
        "museums": str(len(world.of("museum"))),
        "holm_m": number(world.entries["Holm Peak"].facts["height_m"]),
    }
    largest = max(towns, key=lambda town: town.population)
    box = [
        ("Region", link("Halvern")),
        ("Towns", str(len(towns))),
        ("Population", number(sum(town.population for town in towns))),
        ("Largest town", link(largest.name)),
        ("Area of the towns", f"{sum(town.area_km2 for town in towns):.1f} km²"),
        ("Seat of parliament", link("Hollin Cross")),
        ("Currency", link("Halvern crown")),
    ]
    rows = tuple(
        (
            link(town.name),
            link(town.district),
            number(town.population),
            str(town.area_km2),
            str(town.founded),
            link(town.mayor),
        )
        for town in sorted(towns, key=lambda town: -town.population)
    )
    head = ("Town", "District", "Population", "Area (km²)", "First mentioned", "Mayor")
    tables = {"towns": Table("Towns", head, rows)} | _tables(world)
    return Article(values, box, tables, "Map of Halvern", "region")


def _tables(world: World) -> dict[str, Table]:
    def rows(*kinds: str, facts: tuple[str, ...], by: str) -> tuple[tuple[str, ...], ...]:
        found = sorted(world.of(*kinds), key=lambda other: other.facts[by])
        return tuple(
            (link(other.name), link(other.town), *(_cell(other.facts[fact]) for fact in facts)) for other in found
        )

    seasons = tuple(
        (str(year), link(table[0][0]), str(table[0][1]), link(table[1][0]), str(table[1][1]), link(table[-1][0]))
        for year, table in reversed(league(world))
    )
    return {
        "mountains": Table(
            "Mountains",
            ("Name", "Near", "Height (m)", "First ascent"),
            rows("mountain", facts=("height_m", "first"), by="height_m"),
        ),
        "chapters": Table(
            "Chronology", ("Event", "Place", "Year", "Kind"), rows("chapter", facts=("year", "what"), by="year")
        ),
        "groups": Table(
            "Companies and institutions",
            ("Name", "Town", "Founded", "Employees"),
            rows("group", facts=("since", "people"), by="since"),
        ),
        "dishes": Table(
            "Dishes", ("Dish", "From", "Course", "First mentioned"), rows("dish", facts=("course", "year"), by="year")
        ),
        "events": Table(
            "Festivals", ("Festival", "Town", "Month", "Since"), rows("event", facts=("month", "since"), by="since")
        ),
        "mayors": Table(
            "Mayors", ("Mayor", "Town", "Since", "Former profession"), rows("mayor", facts=("since", "job"), by="since")
        ),
        "museums": Table("Museums", ("Museum", "Town", "Opened"), rows("museum", facts=("opened",), by="opened")),
        "stations": _stations(world),
        "climate": _climate(world),
        "league": Table(
            "Champions since 1998", ("Season", "Champion", "Points", "Second", "Points of the second", "Last"), seasons
        ),
    }


def _cell(value: object) -> str:
    return str(value) if isinstance(value, int) else capital(str(value))


def _stations(world: World) -> Table:
    rows = tuple(
        (link(entry.name), link(entry.town), world.home(entry).district, f"{world.home(entry).elevation_m} m")
        for entry in sorted(world.of("station"), key=lambda other: other.name)
    )
    return Table("Stations", ("Station", "Town", "District", "Height"), rows)


def _climate(world: World) -> Table:
    rows = []
    for town in world.region.towns:
        year = figures.climate(town)
        mean, rain, sun = (sum(float(row[column]) for row in year) for column in (1, 2, 3))
        rows.append((link(town.name), f"{mean / 12:.1f}", number(round(rain)), number(round(sun))))
    head = ("Town", "Mean temperature (°C)", "Rain (mm a year)", "Sunshine (hours a year)")
    return Table("Climate of the towns", head, tuple(rows))
