"""Fills reviews, views of products, and search terms."""

import re
import sqlite3
from datetime import datetime, timedelta
from random import Random

from webarena_mini.kit.database import insert
from webarena_mini.sites.admin.domain.content import Kind, words
from webarena_mini.sites.admin.seed.calendar import FIRST_ORDER, LAST_ORDER, SEED, moment_between, stamp

_COUNTS = (5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
_APPROVED, _PENDING, _NOT_APPROVED = 1, 2, 3
_FRESH = timedelta(days=50)
_FILLERS = frozenset(("that", "they", "when", "with", "from", "have", "than", "like", "over", "even", "then", "this"))


def fill_opinions(db: sqlite3.Connection) -> None:
    random = Random(f"{SEED}:opinions")
    visible = db.execute("select * from product where parent is null order by id").fetchall()
    people = db.execute("select id, first_name from customer order by id").fetchall()
    reviews = []
    for product in visible:
        kind, quality = words().kinds[product["picture"]], random.betavariate(2.6, 1.5)
        authors = random.sample(people, random.choice(_COUNTS))
        names: set[str] = set()
        for author in authors:
            if author["first_name"] in names:
                continue
            names.add(author["first_name"])
            stars = max(1, min(5, round(random.gauss(1.0 + 4.0 * quality, 1.0))))
            at = moment_between(random, FIRST_ORDER, LAST_ORDER)
            reviews.append((stamp(at), product["id"], author, stars, _text(random, kind, stars), _status(random, at)))
    for day, product, author, stars, (title, detail), status in sorted(reviews, key=lambda review: review[:2]):
        by = {"customer": author["id"], "nickname": author["first_name"]}
        values = {"title": title, "detail": detail, "stars": stars, "status_id": status, "created_at": day}
        insert(db, "review", product=product, **by, **values)
    _fill_views(db, random, [product["id"] for product in visible])
    _fill_search_terms(db, random)


def _status(random: Random, at: datetime) -> int:
    """Only fresh reviews wait; a few old ones were turned down."""
    if at > LAST_ORDER - _FRESH:
        return random.choice((_PENDING, _PENDING, _APPROVED))
    return _NOT_APPROVED if random.random() < 0.02 else _APPROVED


def _text(random: Random, kind: Kind, stars: int) -> tuple[str, str]:
    """Title and text whose opinion fits the stars."""
    praise, gripe = random.sample(kind.praise, 2), random.sample(kind.gripe, 2)
    gripe.sort(key=lambda text: _clashes(praise[0], text))
    bodies = {
        5: praise,
        4: praise if random.random() < 0.6 else [praise[0], random.choice(words().but), gripe[0]],
        3: [praise[0], random.choice(words().but), gripe[0]],
        2: gripe if random.random() < 0.5 else [gripe[0], random.choice(words().yet), praise[0]],
        1: gripe,
    }
    parts = [random.choice(words().openers[stars]), *bodies[stars]]
    if random.random() < 0.5:
        parts.append(random.choice(words().closers[stars]))
    return random.choice(words().titles[stars]), " ".join(parts)


def _clashes(praise: str, gripe: str) -> bool:
    """Whether both speak of the same thing, so that one review would contradict itself."""
    return not _things(praise).isdisjoint(_things(gripe))


def _things(sentence: str) -> set[str]:
    """The beginnings of the words that carry meaning: "pocket" and "pockets" are one thing."""
    return {word[:4] for word in re.findall(r"[a-z]{4,}", sentence.lower())} - _FILLERS


def _fill_views(db: sqlite3.Connection, random: Random, products: list[int]) -> None:
    """Every product was looked at on some days of each month."""
    months = [(year, month) for year in (2022, 2023) for month in range(1, 13) if (year, month) <= (2023, 6)]
    rows = {}
    for product in products:
        appeal = random.paretovariate(1.6)
        for year, month in months:
            for _ in range(12):
                day = f"{year}-{month:02}-{random.randint(1, 13):02}"
                rows[product, day] = 1 + round(random.random() * 9 * appeal)
    db.executemany("insert into product_view values (?, ?, ?)", [(*key, views) for key, views in rows.items()])


def _fill_search_terms(db: sqlite3.Connection, random: Random) -> None:
    for query, uses in words().search_terms.items():
        match = " AND ".join(f'"{word}"' for word in query.split())
        hits = "select count(*) from product_search s join product p on p.id = s.rowid"
        found = db.execute(f"{hits} where product_search match ? and p.visibility = 4", (match,)).fetchone()[0]
        day = stamp(moment_between(random, LAST_ORDER - timedelta(days=90), LAST_ORDER))
        insert(db, "search_term", query=query, results=found, uses=uses, updated_at=day)
