"""Dishes, festivals, companies, clubs, and what happened once."""

from collections.abc import Mapping
from random import Random
from typing import Any

from webarena_mini.sites.wiki.seed import figures
from webarena_mini.sites.wiki.seed.kinds.common import line_text, lines_through, rng_of, town_box
from webarena_mini.sites.wiki.seed.model import Article, Entry, Table, World
from webarena_mini.sites.wiki.seed.words import (
    a_day,
    capital,
    duration,
    joined,
    link,
    links,
    number,
    proper,
    somebody,
    the,
    with_article,
    words,
)


def dish(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    year = int(facts["year"])
    events = world.of("event", town=entry.town)
    lines = lines_through(world, entry.town)
    restaurants = [
        place.name for place in world.region.places if place.kind == "restaurant" and place.town == world.home(entry).id
    ]
    values = {
        "name": entry.name,
        "course": facts["course"],
        "home": entry.town,
        "main": facts["main"],
        "with": facts["with"],
        "is_are": "is" if facts["with"].startswith("an ") else "are",
        "note": facts["note"],
        "year": str(year),
        "by_text": f"That recipe is by {link(facts['by'])}." if "by" in facts else "",
        "spread_year": str(rng.randint(max(year + 5, 1890), 1938)),
        "time": duration(facts["minutes"]),
        "served": rng.choice(words("served")),
        "restaurant_text": f"In {entry.town} it is on the menu of {joined(restaurants[:3])}." if restaurants else "",
        "percent": str(rng.randint(2, 23)),
        "event_text": f"Hundreds of portions are eaten at {_at(events[0])}." if events else "",
    }
    if lines:
        values["line"] = lines[0]
    box = [
        ("Course", facts["course"].capitalize()),
        ("Main ingredient", facts["main"]),
        ("Further ingredients", facts["with"]),
        ("First mentioned", str(year)),
        *([("Inventor", link(facts["by"]))] if "by" in facts else []),
        ("Preparation", duration(facts["minutes"])),
        *town_box(world, entry),
    ]
    parts = [facts["main"], *facts["with"].replace(" and ", ", ").split(", ")]
    weights = [(capital(part), rng.randint(1, 36) * _portion_g(part), rng.uniform(0.3, 3.4)) for part in parts]
    amounts = tuple((part, f"{grams} g", f"{round(grams * energy)} kcal") for part, grams, energy in weights)
    rows = tuple(
        (link(other.name), other.facts["course"], link(other.town), str(other.facts["year"]))
        for other in sorted(world.of("dish"), key=lambda other: int(other.facts["year"]))
    )
    tables = {
        "ingredients": Table("For four people", ("Ingredient", "Amount", "Energy"), amounts),
        "dishes": Table("Dishes of Halvern by age", ("Dish", "Course", "From", "First mentioned"), rows),
    }
    return Article(values, box, tables, f"{entry.name} as served in {entry.town}", "dish")


def _at(event: Entry) -> str:
    return f"{the(event.name)}{link(event.name)}"


def _portion_g(part: str) -> int:
    """What the random number of an amount counts: single grams of what is used in pinches, else 25 g."""
    return 1 if part.split()[0] in words("pinches") or part in words("pinches") else 25


def event(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    since = int(facts["since"])
    counted = figures.visitors(entry.name, since, facts["visitors"])
    missed = [year for year in (1783, 1918, 1963, 2020) if year > since]
    dishes = world.of("dish", town=entry.town)
    sights = [other.name for other in world.of("landmark", town=entry.town)] or [f"{entry.town} Station"]
    start, end = (f"{the(name)}{link(name)}" for name in (sights[0], sights[-1]))
    days = f"and lasts {facts['days']} days" if facts["days"] > 1 else "and is over by midnight"
    values = {
        "name": entry.name,
        "The_name": proper(entry.name),
        "what": facts["what"],
        "a_what": with_article(facts["what"]),
        "home": entry.town,
        "month": facts["month"],
        "since": str(since),
        "days_text": f" {days}",
        "note": facts["note"],
        "committee": str(rng.randint(3, 14)),
        "missed": joined(map(str, missed)),
        "chapter_text": "",
        "start_place": start,
        "start_place_cap": capital(start),
        "end_place": end,
        "dish_text": f"Stalls sell {joined(link(found.name) for found in dishes)}." if dishes else "",
        "volunteers": number(rng.randint(4, 90) * 10),
        "visitors": number(counted[-1][1]),
        "line_text": line_text(world, entry.town),
    }
    box = [
        ("Type", capital(facts["what"])),
        ("Month", facts["month"]),
        ("Length", f"{facts['days']} day{'s' if facts['days'] > 1 else ''}"),
        ("First held", str(since)),
        ("Visitors", f"{values['visitors']} (2022)"),
        ("Volunteers", values["volunteers"]),
        *town_box(world, entry),
    ]
    tables = {"editions": _editions(rng, entry, counted), "visitors": figures.visitor_table(counted)}
    return Article(values, box, tables, f"Poster of {the(entry.name)}{entry.name}", "festival")


def _editions(rng: Random, entry: Entry, counted: tuple[tuple[int, int], ...]) -> Table:
    contest = any(word in entry.facts["what"] for word in ("race", "regatta", "tournament", "meeting", "Weigh"))
    rows = []
    for year, _ in counted:
        if year == 2020:
            continue
        first, second = somebody(rng), somebody(rng)
        rows.append((str(year), first, second, f"{rng.randint(1, 28)} {entry.facts['month']}"))
    head = ("Year", "Winner", "Runner-up", "Day") if contest else ("Year", "Opened by", "Chair", "First day")
    return Table("Recent years", head, tuple(rows))


def group(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    since, home = int(facts["since"]), world.home(entry)
    street = rng.choice([street.name for street in world.region.streets if street.town == home.id])
    founders = [other.name for other in world.of("person") if f"Foundation of the [[{entry.name}]]" in str(other.facts)]
    founders += [other.name for other in world.of("person") if f"Foundation of [[{entry.name}]]" in str(other.facts)]
    held = figures.terms(rng, max(since, 1900), figures.LAST_YEAR, longest=24)
    values = {
        "name": entry.name,
        "The_name": proper(entry.name),
        "form": facts["form"],
        "a_form": with_article(facts["form"]),
        "home": entry.town,
        "since": str(since),
        "people": number(facts["people"]),
        "note": facts["note"],
        "first_people": str(rng.randint(3, 12)),
        "street": street,
        "founder_text": f"The founder was {links(founders)}." if founders else "",
        "move_year": str(rng.randint(max(since + 20, 1900), 1990)),
        "size": facts["size"],
        "town_text": f"It is one of the largest employers of {link(entry.town)}.",
    }
    box = [
        ("Type", capital(facts["form"])),
        ("Founded", str(since)),
        *([("Founder", links(founders))] if founders else []),
        ("Head", held[-1][0]),
        ("Employees", values["people"]),
        ("Size", facts["size"]),
        *town_box(world, entry),
    ]
    staff = [
        (str(year), number(round(facts["people"] * rng.uniform(0.8, 1.3))), f"{rng.randint(-40, 190) / 10} %")
        for year in range(2004, 2022)
    ]
    staff.append(("2022", values["people"], f"{rng.randint(-20, 120) / 10} %"))
    tables = {
        "heads": figures.terms_table("Heads since 1900" if since < 1900 else "Heads", "Name", held),
        "staff": Table("Employees by year", ("Year", "Employees", "Return"), tuple(staff)),
    }
    return Article(values, box, tables, f"Sign of {the(entry.name)}{entry.name}", "sign")


def club(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    rivals = [other.name for other in world.of("club") if other != entry]
    seasons = league(world)
    players = [other.name for other in world.mentioned(entry, "living", "person")]
    own = tuple(
        (f"[[Halvern League|{year}]]", str(place), str(points), str(goals))
        for year, table in seasons
        for place, (name, points, goals) in enumerate(table, 1)
        if name == entry.name
    )
    titles = sum(row[1] == "1" for row in own)
    values = {
        "name": entry.name,
        "home": entry.town,
        "since": str(facts["since"]),
        "note": facts["note"],
        "titles": f"{titles}",
        "player_text": f"The best-known player is {links(players)}." if players else "",
        "first_match": f"{rng.randint(0, 2)}–{rng.randint(3, 9)}",
        "ground": facts["ground"],
        "colors": facts["colors"],
        "members": number(rng.randint(6, 140) * 100),
        "rival": rng.choice(rivals),
    }
    box = [
        ("Founded", str(facts["since"])),
        ("Ground", facts["ground"]),
        ("Colors", capital(facts["colors"])),
        ("Championships since 1998", str(titles)),
        ("Members", values["members"]),
        *town_box(world, entry),
    ]
    tables = {"seasons": Table("Seasons", ("Season", "Place", "Points", "Goals"), own)}
    return Article(values, box, tables, f"Colors of {the(entry.name)}{entry.name}", "colors")


def league(world: World) -> list[tuple[int, list[tuple[str, int, int]]]]:
    """Final tables since 1998: club, points, goals; no two clubs of a season have the same points."""
    rng = Random("wiki:league")
    seasons = []
    for year in range(1998, figures.LAST_YEAR + 1):
        points = sorted(rng.sample(range(11, 49), len(world.of("club"))), reverse=True)
        names = [found.name for found in world.of("club")]
        rng.shuffle(names)
        seasons.append(
            (year, [(name, won, won + rng.randint(-4, 14)) for name, won in zip(names, points, strict=True)])
        )
    return seasons


def _begin(rng: Random, facts: Mapping[str, Any]) -> str:
    """The drawn day, in the month of what depends on the season."""
    day, month = a_day(rng).split()
    return f"{day} {facts.get('month', month)}"


def chapter(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    year, home = int(facts["year"]), world.home(entry)
    street = rng.choice([street.name for street in world.region.streets if street.town == home.id])
    alive = [other.name for other in world.of("person") if other.facts["born"] + 20 < year < other.facts["died"]]
    values = {
        "name": entry.name,
        "what": facts["what"],
        "a_what": with_article(facts["what"]),
        "year": str(year),
        "home": entry.town,
        "cost": facts["cost"],
        "before_year": str(year - rng.randint(3, 12)),
        "cause": rng.choice(words("causes")),
        "people_text": f"Well-known people of that time were {links(alive[:3])}." if len(alive) > 1 else "",
        "begin_day": _begin(rng, facts),
        "note": facts["note"],
        "after": facts["after"],
        "memorial_year": str(year + rng.choice((25, 50)) if year < 1970 else year + 25),
        "street": street,
    }
    box = [
        ("Type", capital(facts["what"])),
        ("Year", str(year)),
        ("Place", link(entry.town)),
        ("District", link(home.district)),
        ("Result", capital(facts["cost"])),
        ("Memorial", f"{street}, {values['memorial_year']}"),
    ]
    what = ("First reports", "Meeting in the town hall", "Messengers sent to all districts", "Bells rung at noon")
    days = tuple((f"Day {day}", note, somebody(rng)) for day, note in zip((1, 2, 5, 9), what, strict=True))
    rows = tuple(
        (str(other.facts["year"]), link(other.name), other.facts["what"], link(other.town))
        for other in sorted(world.of("chapter"), key=lambda other: int(other.facts["year"]))
    )
    tables = {
        "days": Table("Course of events", ("Day", "Event", "Reported by"), days),
        "chapters": Table("Events in the history of Halvern", ("Year", "Event", "Kind", "Place"), rows),
    }
    return Article(values, box, tables, f"{entry.name}, after an engraving", "engraving")
