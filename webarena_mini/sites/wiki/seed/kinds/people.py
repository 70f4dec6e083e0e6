"""People of the past and present, and mayors."""

from random import Random

from webarena_mini.sites.wiki.seed.figures import LAST_YEAR
from webarena_mini.sites.wiki.seed.kinds.common import rng_of
from webarena_mini.sites.wiki.seed.model import Article, Entry, Table, World
from webarena_mini.sites.wiki.seed.words import a_day, age, link, links, number, somebody, with_article, words

_SCHOOLED_FROM, _MODERN = 1650, 1940
_AGE = "Age reached that year"


def person(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    born, died = int(facts["born"]), facts.get("died")
    works = [work.split(": ", 1) for work in facts["works"]]
    prize_year, gap = max((died or LAST_YEAR) + rng.randint(6, 30), 1950), rng.choice((2, 3, 4, 5))
    values = _childhood(rng, entry, born) | {
        "life": f"{born}–{died}",
        "known": facts["known"],
        "note": facts["note"],
        "pronoun_name": entry.name.split()[-1],
        "work_text": f"The first work of importance, in {works[0][0]}, was: {_lower(works[0][1])}."
        f" It was followed in {works[1][0]} by: {_lower(works[1][1])}.",
        "contemporary_text": _contemporaries(world, entry),
        "museum_text": f"Letters and drawings are kept in the {link(_keeper(world, entry))}.",
        "street_towns": links(sorted(rng.sample([town.name for town in world.region.towns], 3))),
        "prize": number(rng.randint(2, 40) * 500),
        "prize_gap": str(gap),
        "prize_year": str(prize_year),
    }
    death = ""
    if died:
        death = f"{a_day(rng)} {died}"
        years = age(f"{values['birth_day']} {born}", death)
        values["late_text"] = (
            f"From {died - rng.randint(4, 12)} on, {values['last_name']} lived in {_retreat(rng, world)}."
        )
        values["died_aged"] = str(years)
        values["death_text"] = f"{values['last_name']} died on {death} at the age of {years}."
    box = [
        ("Born", f"{values['birth_day']} {born}, {link(entry.town)}"),
        *([("Died", f"{death} (aged {years})")] if died else []),
        ("Occupation", str(facts["job"]).capitalize()),
        ("Known for", facts["known"]),
        ("Parent", values["parent"].capitalize()),
        ("Siblings", str(int(values["siblings"]) - 1)),
        ("District", link(world.home(entry).district)),
    ]
    tables = {
        "timeline": _timeline(rng, entry, values, works),
        "works": Table("Selected works", ("Year", "Work", _AGE), tuple((y, w, str(int(y) - born)) for y, w in works)),
        "prizes": _prizes(rng, values["last_name"], prize_year, gap),
    }
    return Article(values, box, tables, entry.name, "portrait")


def mayor(world: World, entry: Entry) -> Article:
    rng, facts = rng_of(entry), entry.facts
    born, since = int(facts["born"]), int(facts["since"])
    polls = [(year, rng.randint(382, 671) / 10) for year in range(since, LAST_YEAR + 1, 4)]
    values = _childhood(rng, entry, born) | {
        "since": str(since),
        "job": facts["job"],
        "aim": facts["aim"],
        "votes": f"{polls[0][1]}",
        "family_text": f"The family has lived in {link(entry.town)} for {rng.randint(3, 11)} generations.",
        "mayor_text": f"Mayors of all towns, {entry.name.split()[-1]} among them, meet twice a year.",
    }
    box = [
        ("Born", f"{values['birth_day']} {born}"),
        ("Office", f"Mayor of {link(entry.town)}"),
        ("In office since", str(since)),
        ("Former profession", str(facts["job"]).capitalize()),
        ("Siblings", str(int(values["siblings"]) - 1)),
        ("District", link(world.home(entry).district)),
    ]
    rows = tuple(
        (str(year), f"{share} %", str(rng.randint(2, 6)), f"{rng.randint(480, 790) / 10} %") for year, share in polls
    )
    tables = {
        "timeline": _timeline(rng, entry, values, [[str(since), f"Elected mayor of {link(entry.town)}"]]),
        "elections": Table("Elections", ("Year", "Share of the vote", "Candidates", "Turnout"), rows),
    }
    return Article(values, box, tables, entry.name, "portrait")


def _childhood(rng: Random, entry: Entry, born: int) -> dict[str, str]:
    siblings, parent = rng.randint(1, 6), rng.choice(words("parents"))
    left = rng.randint(12, 15) if born < _MODERN else rng.randint(16, 19)
    school = "from the village priest" if born < _SCHOOLED_FROM else f"at the school of {link(entry.town)}"
    return {
        "name": entry.name,
        "born": str(born),
        "home": entry.town,
        "job": entry.facts["job"],
        "last_name": entry.name.split()[-1],
        "birth_day": a_day(rng),
        "siblings": str(siblings),
        "nth_of": f"the {words('numbers')[rng.randrange(siblings)]} of {siblings} children"
        if siblings > 1
        else "the only child",
        "a_job": with_article(entry.facts["job"]),
        "parent": parent,
        "a_parent": with_article(parent),
        "school_text": f"{entry.name.split()[0]} learned to read {school} and left at the age of {left}.",
    }


def _lower(work: str) -> str:
    return work if "[[" in work else f"“{work}”"


def _contemporaries(world: World, entry: Entry) -> str:
    born = entry.facts["born"]
    others = [other for other in world.of("person") if other != entry and abs(other.facts["born"] - born) <= 8]
    return f"Born at about the same time: {links(other.name for other in others[:3])}." if others else ""


def _keeper(world: World, entry: Entry) -> str:
    """A museum at home, or else the one that keeps the history of all the valley."""
    museums = world.of("museum", town=entry.town)
    return museums[0].name if museums else "Valley Folk Museum"


def _retreat(rng: Random, world: World) -> str:
    home = rng.choice(("attic", "old mill", "house by the water", "rented room"))
    return f"{link(rng.choice(world.region.towns).name)}, in {with_article(home)}"


def _training(rng: Random, born: int) -> str:
    return f"Apprentice of {somebody(rng)}" if born < _MODERN else "Final examination at school"


def _timeline(rng: Random, entry: Entry, values: dict[str, str], works: list[list[str]]) -> Table:
    born = int(values["born"])
    first = int(works[0][0])
    events = [
        (born, f"Born in {link(entry.town)}"),
        (min(born + 6, first), "First day at school"),
        (min(born + rng.randint(16, 19), first), _training(rng, born)),
        *((int(year), work) for year, work in works),
    ]
    rows = [(str(year), what, str(year - born)) for year, what in sorted(events, key=lambda event: event[0])]
    if "died_aged" in values:
        rows.append((str(entry.facts["died"]), "Death", values["died_aged"]))
    return Table(f"Life of {entry.name}", ("Year", "Event", _AGE), tuple(rows))


def _prizes(rng: Random, name: str, first: int, gap: int) -> Table:
    reasons = ("a lifetime of work", "a first work", "teaching", "a book", "a rescue", "patience")
    rows = [(str(year), somebody(rng), f"For {rng.choice(reasons)}") for year in range(first, LAST_YEAR + 1, gap)]
    return Table(f"Winners of the {name} Prize", ("Year", "Winner", "Reason"), tuple(rows[-14:]))
