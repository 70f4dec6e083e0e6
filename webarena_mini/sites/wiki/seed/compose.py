"""Puts sentences, facts and tables together to the document of an article."""

import re
import tomllib
from collections.abc import Callable, Sequence
from functools import cache, partial
from random import Random
from typing import Any

from webarena_mini.sites.wiki import FOLDER
from webarena_mini.sites.wiki.domain.text import path_of, to_html, to_text
from webarena_mini.sites.wiki.seed import figures
from webarena_mini.sites.wiki.seed.kinds import DESCRIBE
from webarena_mini.sites.wiki.seed.model import Article, Entry, Table, World
from webarena_mini.sites.wiki.seed.words import a_day, capital, link, somebody, the, words

Document = dict[str, Any]
_OLDEST_SOURCE = 1952
_BEGINNINGS = ("opened", "since", "year")
# What the books and headlines of a kind are like; "thing" where it is not said.
_SUBJECTS = dict.fromkeys(("town", "museum", "landmark", "reserve", "mountain", "river", "lake", "station"), "place")
_SUBJECTS |= dict.fromkeys(("person", "living", "mayor"), "person")
_WITHOUT_ARTICLE = ("town", "person", "living", "mayor", "dish", "mountain", "reserve")
_OVERVIEW = re.compile(r" (?:of|in) |League|crown")


@cache
def _prose() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "data" / "prose.toml").read_text("utf-8"))


def compose(world: World, entry: Entry, known: set[str]) -> tuple[Article, Document, str]:
    """The described entry, the document to show, and its plain text to search."""
    article = DESCRIBE[entry.kind](world, entry)
    rng = Random(f"wiki:prose:{entry.name}")
    if entry.kind == "page":
        lead, sections = _written(entry, article)
    else:
        lead, sections = _generated(entry, article, rng)
    return article, *_document(world, entry, article, lead, sections, rng, known)


def _written(entry: Entry, article: Article) -> tuple[list[str], list[dict[str, Any]]]:
    """Texts of `overview.toml`; the table of the article follows in a section of its own."""
    sections = [
        {"title": section["title"], "paragraphs": [_filled(text, article.values) for text in section["text"]]}
        for section in entry.facts["section"]
    ]
    table = article.tables[entry.facts["table"]]
    # A caption that repeats the heading above it would be read twice.
    sections.append({"title": table.caption, "paragraphs": [], "table": table})
    return [_filled(text, article.values) for text in entry.facts["lead"]], sections


def _filled(text: str, values: dict[str, str]) -> str:
    return text.format_map(values)


def _generated(entry: Entry, article: Article, rng: Random) -> tuple[list[str], list[dict[str, Any]]]:
    prose = _prose()[entry.kind]
    lead = _paragraph(prose["lead"], article.values, rng)
    sections = []
    for section in prose["section"]:
        paragraphs = [_paragraph(sentences, article.values, rng) for sentences in section["paragraphs"]]
        table = article.tables.get(section.get("table", ""))
        paragraphs = [text for text in paragraphs if text]
        if paragraphs or (table and table.rows):
            sections.append({"title": section["title"], "paragraphs": paragraphs, "table": table})
    return [lead], sections


def _paragraph(sentences: Sequence[Sequence[str]], values: dict[str, str], rng: Random) -> str:
    """Sentences of which a value is missing are left out."""
    said = []
    for ways in sentences:
        way = rng.choice(ways)
        try:
            said.append(way.format_map(values).strip())
        except KeyError:
            continue
    return " ".join(sentence for sentence in said if sentence)


def _document(
    world: World,
    entry: Entry,
    article: Article,
    lead: list[str],
    sections: list[dict[str, Any]],
    rng: Random,
    known: set[str],
) -> tuple[Document, str]:
    html = partial(to_html, known=known)
    sources = _sources(entry, sum(len(section["paragraphs"]) for section in sections) + len(lead), rng)
    shown, text = [], [*lead]
    cited = len(lead)
    for number, section in enumerate(sections, 1):
        paragraphs = []
        for paragraph in section["paragraphs"]:
            cited += 1
            paragraphs.append({"html": html(paragraph), "source": cited})
            text.append(paragraph)
        table: Table | None = section.get("table")
        shown.append({"id": f"s{number}", "title": section["title"], "paragraphs": paragraphs} | _table(table, html))
        if table:
            text += [" ".join(row) for row in table.rows]
    document = {
        "lead": [{"html": html(paragraph), "source": number} for number, paragraph in enumerate(lead, 1)],
        "box": [(label, html(value)) for label, value in article.box],
        "picture": {"kind": article.picture, "caption": article.caption},
        "sections": shown,
        "sources": [html(source) for source in sources],
        "see": [(name, path_of(name)) for name in _see(world, entry)],
    }
    body = [to_text(part) for part in (*text, *(f"{label} {value}" for label, value in article.box))]
    return document, "\n".join(body)


def _table(table: Table | None, html: Callable[[str], str]) -> dict[str, Any]:
    if table is None:
        return {"table": None}
    rows = [[html(cell) for cell in row] for row in table.rows]
    return {"table": {"caption": table.caption, "head": table.head, "rows": rows}}


def _sources(entry: Entry, count: int, rng: Random) -> list[str]:
    """Books and newspapers; no two alike, and none older than what it is about."""
    begun = next((int(entry.facts[key]) for key in _BEGINNINGS if key in entry.facts), 0)
    name, subject = _spoken(entry), _SUBJECTS.get(entry.kind, "thing")
    oldest = max(_OLDEST_SOURCE, min(begun + 1, figures.LAST_YEAR - 4))
    found: list[str] = []
    while len(found) < count:
        year = rng.randint(oldest, figures.LAST_YEAR)
        if rng.random() < 0.6:
            title = capital(rng.choice(words(f"books_{subject}")).format(name=name))
            source = (
                f"{somebody(rng)}: ''{title}''. {rng.choice(words('publishers'))}, {year}, p. {rng.randint(9, 380)}."
            )
        else:
            headline, paper = rng.choice(words(f"headlines_{subject}")).format(name=name), rng.choice(words("papers"))
            source = f"“{capital(headline)}” In: {link(paper)}, {a_day(rng)} {year}."
        if source not in found:
            found.append(source)
    return found


def _spoken(entry: Entry) -> str:
    """The name as it stands within a sentence."""
    if entry.kind == "page":
        return f"the {entry.name}" if _OVERVIEW.search(entry.name) else entry.name
    return entry.name if entry.kind in _WITHOUT_ARTICLE else f"{the(entry.name)}{entry.name}"


def _see(world: World, entry: Entry) -> list[str]:
    """Others of the same kind, those of the same town first."""
    alike = [other for other in world.entries.values() if other.kind == entry.kind and other != entry]
    alike.sort(key=lambda other: (other.town != entry.town, other.name))
    return [other.name for other in alike[:6]]
