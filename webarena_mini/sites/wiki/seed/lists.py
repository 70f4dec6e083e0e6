"""Lists, made from the boxes of the articles that they list, and categories."""

import re
from collections.abc import Iterator, Mapping

from webarena_mini.sites.wiki.seed.model import Article, Entry, World
from webarena_mini.sites.wiki.seed.words import link

# Which rows of the boxes become columns.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "Towns in Halvern": ("District", "Population", "Area", "Elevation", "First mentioned", "Mayor"),
    "Museums in Halvern": ("Town", "Opened", "Director", "Collection", "Visitors", "Entry"),
    "Buildings in Halvern": ("Town", "Type", "Since", "Material", "Visitors"),
    "Schools and libraries of Halvern": ("Town", "Type", "Since", "Address"),
    "Parks and viewpoints in Halvern": ("Town", "Type", "Since", "Visitors"),
    "Bridges and harbors in Halvern": ("Town", "Type", "Since", "Engineer", "Material"),
    "Castles and churches in Halvern": ("Town", "Type", "Since", "Visitors"),
    "Railways in Halvern": ("Town", "Opened", "Lines", "Platforms", "Passengers"),
    "People from Halvern": ("Born", "Died", "Occupation", "Known for"),
    "Mayors in Halvern": ("Office", "In office since", "Born", "Former profession"),
    "Mountains of Halvern": ("Height", "First ascent", "Rock", "Town"),
    "Nature reserves in Halvern": ("Type", "Area", "Protected since", "Rangers", "Town"),
    "Rivers and lakes of Halvern": ("Length", "Mean flow", "Area", "Greatest depth", "Mouth"),
    "Species of Halvern": ("Scientific name", "Group", "Size", "Status", "First described", "Stronghold"),
    "Dishes of Halvern": ("Course", "Town", "Main ingredient", "First mentioned"),
    "Festivals in Halvern": ("Town", "Type", "Month", "First held", "Visitors"),
    "Companies of Halvern": ("Type", "Town", "Founded", "Head", "Employees"),
    "Football clubs of Halvern": ("Town", "Founded", "Ground", "Championships since 1998"),
    "Events in the history of Halvern": ("Year", "Place", "Type", "Result"),
}


def list_title(topic: str) -> str:
    return f"List of {topic[0].lower()}{topic[1:]}"


def list_rows(world: World, topic: str, articles: Mapping[str, Article]) -> list[tuple[str, ...]]:
    rows = []
    for entry in world.topic(topic):
        box = dict(articles[entry.name].box)
        if entry.kind != "page":
            rows.append((link(entry.name), *(box.get(column, "–") for column in COLUMNS[topic])))
    return rows


def categories(world: World, entry: Entry, article: Article) -> Iterator[str]:
    """Names without "Category:"."""
    yield entry.topic
    if entry.town:
        yield f"{world.home(entry).district} district"
        if entry.kind in ("person", "living", "mayor"):
            yield f"People from {entry.town}"
    box = dict(article.box)
    for label in ("Opened", "Since", "Founded", "First mentioned", "First held"):
        if label in box:
            yield f"{_century(int(box[label]))} century beginnings"
            break
    if entry.kind in ("person", "living", "mayor"):
        yield f"{_century(int(entry.facts['born']))} century births"


def _century(year: int) -> str:
    number = (year - 1) // 100 + 1
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number}{ending}"


def aliases(world: World) -> dict[str, str]:
    """Other ways to write a title, in lower case, to the title; none that stands for two articles."""
    found: dict[str, set[str]] = {}
    for entry in world.entries.values():
        forms = {entry.name, f"The {entry.name}", f"{entry.name}, Halvern", entry.name.replace("'", "")}
        if entry.kind in ("person", "living"):
            forms.add(entry.name.split()[-1])
        if entry.name.startswith("River "):
            forms |= {f"{entry.name[6:]} River", f"{entry.name[6:]} (river)", entry.name[6:]}
        forms.add(re.sub(r" of Halvern$", "", entry.name))
        for form in forms:
            found.setdefault(form.lower(), set()).add(entry.name)
    titles = {entry.name.lower(): entry.name for entry in world.entries.values()}
    return {form: names.pop() for form, names in found.items() if len(names) == 1} | titles
