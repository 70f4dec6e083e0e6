"""Mountains, reserves, rivers, lakes and species."""

from random import Random

from webarena_mini.region.model import distance_km
from webarena_mini.sites.wiki.seed import figures
from webarena_mini.sites.wiki.seed.kinds.common import line_text, rng_of, species_text, town_box
from webarena_mini.sites.wiki.seed.model import Article, Entry, Table, World
from webarena_mini.sites.wiki.seed.words import a_day, joined, link, links, number, somebody, the, with_article, words

_GRADES = ("easy", "moderate", "difficult")
_GROUPS = {
    "bird": "a bird",
    "mammal": "a mammal",
    "breed": "a breed of horse",
    "fish": "a fish",
    "plant": "a plant",
    "insect": "an insect",
}

_MARKS = {group: f"marks_{group}" for group in ("bird", "fish", "insect", "plant")}
_FIRST_STAGE = {"bird": "Chick", "fish": "Fry", "insect": "Larva", "plant": "Seedling"}


def mountain(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    height = int(facts["height_m"])
    others = sorted(world.of("mountain"), key=lambda other: -int(other.facts["height_m"]))
    path_km = rng.randint(18, 92) / 10
    climbers = [other.name for other in world.of("person") if any(entry.name in work for work in other.facts["works"])]
    values = {
        "name": entry.name,
        "height": number(height),
        "near": entry.town,
        "note": facts["note"],
        "rock": rng.choice(words("rocks")),
        "age": str(rng.randint(90, 460)),
        "steep": rng.choice(words("sides")),
        "wall": str(round(height * rng.uniform(0.08, 0.3))),
        "first": str(facts["first"]),
        "climb_text": f"The climber was {links(climbers)}." if climbers else f"The climber was {somebody(rng)}.",
        "path_km": str(path_km),
        "hours_up": str(_hours(path_km, height)),
        "tree_line": number(min(height - 20, rng.randint(1290, 1480))),
        "species_text": species_text(world, entry.name),
    }
    box = [
        ("Height", f"{number(height)} m"),
        ("Rank", f"{others.index(entry) + 1} of {len(others)}"),
        ("First ascent", str(facts["first"])),
        ("Rock", values["rock"].capitalize()),
        *town_box(world, entry),
    ]
    routes = tuple(
        (f"{side.capitalize()} route", f"{km:.1f} km", f"{_hours(km, height)} h", rng.choice(_GRADES))
        for side, km in zip(words("sides"), (path_km + step * 1.7 for step in range(4)), strict=True)
    )
    rows = tuple(
        (str(rank), link(other.name), number(other.facts["height_m"]), str(other.facts["first"]), link(other.town))
        for rank, other in enumerate(others, 1)
    )
    tables = {
        "routes": Table("Routes to the top", ("Route", "Length", "Time", "Grade"), routes),
        "mountains": Table("Mountains of Halvern", ("Rank", "Name", "Height (m)", "First ascent", "Near"), rows),
    }
    return Article(values, box, tables, f"{entry.name} near {entry.town}", "mountain")


def _hours(path_km: float, height_m: int) -> int:
    return max(1, round(path_km / 2.4 + height_m / 900))


def reserve(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    counted = figures.visitors(entry.name, facts["since"], rng.randint(12, 160) * 1000)
    path_km = rng.randint(21, 140) / 10
    values = {
        "name": entry.name,
        "form": facts["form"],
        "a_form": with_article(facts["form"]),
        "near": entry.town,
        "area": str(facts["area_km2"]),
        "since": str(facts["since"]),
        "note": facts["note"],
        "species_text": species_text(world, entry.name),
        "plants": str(rng.randint(120, 640)),
        "birds": str(rng.randint(60, 190)),
        "rangers": str(rng.randint(2, 9)),
        "steep": rng.choice(words("sides")),
        "path_km": str(path_km),
        "line_text": line_text(world, entry.town),
    }
    box = [
        ("Type", facts["form"].capitalize()),
        ("Area", f"{facts['area_km2']} km²"),
        ("Protected since", str(facts["since"])),
        ("Rangers", values["rangers"]),
        ("Round walk", f"{path_km} km"),
        *town_box(world, entry),
    ]
    tables = {"counts": _counts(rng, "Birds counted in May", "May"), "visitors": figures.visitor_table(counted)}
    return Article(values, box, tables, f"{entry.name} near {entry.town}", "landscape")


def river(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    banks = [world.region.town(name) for name in facts["through"]]
    flow = int(facts["flow"])
    bridges = [
        other.name
        for other in world.of("landmark")
        if other.facts["form"] == "bridge" and other.town in facts["through"]
    ]
    values = {
        "name": entry.name,
        "rises": facts["rises"],
        "mouth": facts["mouth"],
        "length": str(facts["length_km"]),
        "note": facts["note"],
        "through_text": links(facts["through"]),
        "joins_text": f"It is joined by the {joined(map(link, facts['joins']))}." if facts["joins"] else "",
        "flow": str(flow),
        "flood": number(flow * rng.randint(9, 19)),
        "chapter_text": f"The worst flood was the {link('Great Flood of 1783')}."
        if entry.name == "River Alder"
        else "",
        "species_text": species_text(world, entry.name),
        "clean_year": str(rng.randint(1979, 2006)),
        "bridges": str(rng.randint(3, 9) * len(banks)),
        "bridge_text": f"The best known are the {links(bridges)}." if len(bridges) > 1 else "",
    }
    box = [
        ("Length", f"{facts['length_km']} km"),
        ("Mean flow", f"{flow} m³/s"),
        ("Source", facts["rises"]),
        ("Mouth", facts["mouth"]),
        ("Towns", ", ".join(map(link, facts["through"]))),
        ("Tributaries", ", ".join(map(link, facts["joins"])) or "none"),
        ("Bridges", values["bridges"]),
    ]
    gauges = tuple(
        (
            link(town.name),
            str(max(town.elevation_m - 3, 1)),
            f"{flow * (index + 1) / len(banks):.1f}",
            f"{rng.randint(140, 520)} cm",
            str(rng.choice((1783, 1829, 1954, 1982, 2002, 2013))),
        )
        for index, town in enumerate(banks)
    )
    head = ("Gauge", "Height (m)", "Mean flow (m³/s)", "Highest level", "Year")
    tables = {"gauges": Table("Gauges", head, gauges), "months": _months(rng, flow)}
    return Article(values, box, tables, f"The {entry.name}", "water")


def _months(rng: Random, flow: int) -> Table:
    rows = tuple(
        (month, f"{flow * rng.uniform(0.6, 1.5):.1f}", f"{max(0.8, 11 + 9.4 * swing + rng.uniform(-1, 1)):.1f}")
        for month, swing in zip(
            words("months"), (-0.9, -0.8, -0.5, -0.1, 0.4, 0.8, 1, 0.9, 0.5, 0, -0.5, -0.8), strict=True
        )
    )
    return Table("Water by month", ("Month", "Inflow (m³/s)", "Temperature (°C)"), rows)


def lake(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    counted = figures.visitors(entry.name, 1950, rng.randint(30, 240) * 1000)
    rivers = [other.name for other in world.of("river") if entry.name in other.facts["rises"] + other.facts["mouth"]]
    values = {
        "The_lake": entry.name if entry.name.startswith("Lake") else f"The {entry.name}",
        "form": facts["form"],
        "a_form": with_article(facts["form"]),
        "near_text": "west of [[Halvern]]" if facts["form"] == "sea" else f"near [[{entry.town}]], [[Halvern]]",
        "area": number(facts["area_km2"]),
        "depth": str(facts["depth_m"]),
        "note": facts["note"],
        "warm": str(rng.randint(14, 23)),
        "river_text": f"The {joined(map(link, rivers))} {'has its source here' if len(rivers) == 1 else 'end here'}."
        if rivers
        else "",
        "species_text": species_text(world, entry.name),
        "fish_from": rng.choice(("March", "April", "May")),
        "use_text": f"A swimming place was opened near {link(entry.town)} in {rng.randint(1951, 1999)}.",
        "line_text": line_text(world, entry.town),
    }
    box = [
        ("Type", facts["form"].capitalize()),
        ("Area", f"{number(facts['area_km2'])} km²"),
        ("Greatest depth", f"{facts['depth_m']} m"),
        ("Temperature in August", f"{values['warm']} °C"),
        *town_box(world, entry),
    ]
    tables = {"months": _months(rng, rng.randint(3, 20)), "visitors": figures.visitor_table(counted, "Bathers")}
    return Article(values, box, tables, entry.name, "water")


def species(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    home = facts["home"]
    at = next((other.at for other in world.of("town") if other.name == world.entries[home].town), None)
    towns = sorted(world.region.towns, key=lambda town: distance_km(town.at, at) if at else town.name != "")
    relatives = [
        other.name for other in world.of("species") if other.facts["group"] == facts["group"] and other != entry
    ]
    values = {
        "name": entry.name,
        "latin": facts["latin"],
        "a_group": _GROUPS[facts["group"]],
        "found": str(facts["found"]),
        "note": facts["note"],
        "size": facts["size"],
        "mark": rng.choice(words(_MARKS.get(facts["group"], "marks"))),
        "relative_text": f"Of the same group in the region {'are' if len(relatives) > 1 else 'is'} the"
        f" {links(sorted(relatives)[:3])}."
        if relatives
        else "",
        "home": f"{the(home)}{link(home)}" if world.entries[home].kind == "lake" else link(home),
        "other_towns": links(town.name for town in towns[1:4]),
        "status": facts["status"],
        "law_year": str(rng.randint(1926, 2004)),
        "counter": f"the {link('Halvern Natural History Museum')}",
    }
    box = [
        ("Group", facts["group"].capitalize()),
        ("Scientific name", f"''{facts['latin']}''"),
        ("First described", str(facts["found"])),
        ("Size", facts["size"]),
        ("Status", facts["status"].capitalize()),
        ("Protected since", values["law_year"]),
        ("Stronghold", link(home)),
    ]
    measures, month = _measures(rng, facts["group"]), rng.choice(words("months"))
    counts = _counts(rng, "Yearly count", "July" if facts["group"] == "insect" else month)
    tables = {"measures": measures, "counts": counts}
    return Article(values, box, tables, f"{entry.name}, drawn from life", facts["group"])


def _measures(rng: Random, group: str) -> Table:
    stages = (_FIRST_STAGE.get(group, "Newborn"), "After one month", "After half a year", "After one year", "Grown")
    survive = sorted((rng.randint(3, 95) for _ in stages), reverse=True)
    rows = tuple(
        (stage, f"{round((index + 1) ** 1.4 / 9.5 * 100)} %", f"{part} %")
        for index, (stage, part) in enumerate(zip(stages, survive, strict=True))
    )
    return Table("Growth", ("Stage", "Part of full size", "Survive"), rows)


def _counts(rng: Random, caption: str, month: str) -> Table:
    start, trend = rng.randint(90, 5200), rng.uniform(0.96, 1.07)
    rows = tuple(
        (
            str(year),
            number(round(start * trend ** (year - 2006) * rng.uniform(0.9, 1.1))),
            a_day(rng, month),
            somebody(rng),
        )
        for year in range(2006, figures.LAST_YEAR + 1)
    )
    return Table(caption, ("Year", "Number", "Day of the count", "Counted by"), rows)
