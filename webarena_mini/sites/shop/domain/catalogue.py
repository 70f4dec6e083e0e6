"""Reading the catalogue: navigation, categories, search."""

import re
from collections.abc import Mapping, Sequence
from sqlite3 import Row

from webarena_mini.kit.database import Database

CARD = (
    "p.id, p.sku, p.slug, p.name, p.kind, p.brand, p.price, p.was_price, p.stock, p.colour, p.review_count, p.rating,"
    " (select parent from category where id = p.shelf) as department"
)
POPULAR = "order by p.review_count * p.rating desc, p.id"
# The columns that an advanced search looks into, by URL parameter.
ADVANCED = {"name": "p.name", "sku": "p.sku", "description": "p.description"}


def navigation(db: Database) -> Sequence[tuple[Row, Sequence[Row]]]:
    """Top categories, each with its sub-categories."""
    rows = db.all("select id, parent, path, name, tint, blurb from category order by id")
    return [(top, [row for row in rows if row["parent"] == top["id"]]) for top in rows if top["parent"] is None]


def cards(db: Database, where_and_order: str, *values: object) -> list[Row]:
    return db.all(f"select {CARD} from product p {where_and_order}", *values)


def in_category(db: Database, category: int) -> list[Row]:
    """Products of a category and of those below it, the most and best reviewed first."""
    inside = "p.shelf in (select id from category where id = ?1 or parent = ?1)"
    return cards(db, f"where {inside} {POPULAR}", category)


def found(db: Database, query: str) -> tuple[list[Row], bool]:
    """Products with all words of the query, best first; with any of the words, and False, where none has all."""
    words = [f'"{word}"' for word in re.findall(r"\w+", query)[:20]]
    if not words:
        return [], True
    ranked = (
        "join product_search s on s.rowid = p.id where product_search match ?"
        " order by bm25(product_search, 10, 4, 5, 8, 2, 1), p.id"
    )
    hits = cards(db, ranked, " AND ".join(words))
    return (hits, True) if hits else (cards(db, ranked, " OR ".join(words)), False)


def containing(db: Database, terms: Mapping[str, str]) -> list[Row]:
    """Products that have each text somewhere in its column, in upper or lower case."""
    tests = "".join(f" and instr(lower({ADVANCED[name]}), lower(?))" for name in terms)
    return cards(db, f"where 1{tests} {POPULAR}", *terms.values())


def search_terms(db: Database, limit: int) -> list[Row]:
    """What people look for most, as (term, uses): the kinds of products that they review most, by name."""
    busiest = "select kind as term, sum(review_count) as uses from product group by kind order by 2 desc, 1 limit ?"
    return db.all(f"select * from ({busiest}) order by term", limit)
