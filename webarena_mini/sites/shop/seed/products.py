"""Fills categories, products and their reviews from the attribute grammar of each shelf."""

import itertools
import math
import random
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from webarena_mini.kit.database import insert
from webarena_mini.sites.shop.domain.content import Category, Shelf, categories, phrases

SEED = 2023
OPENED, LAST_ARRIVAL = datetime.fromisoformat("2021-09-01 09:00:00"), datetime.fromisoformat("2023-04-30 00:00:00")
LAST_REVIEW = datetime.fromisoformat("2023-06-10 21:00:00")
PROPER_NAMES = frozenset({"Bluetooth", "French", "Dutch", "Earl", "Grey", "C", "Eau", "Toilette"})
ENDINGS = (99, 95, 50, 0)


@dataclass(frozen=True)
class ShelfSeed:
    """Where a shelf's rows go, and the random numbers they are made from."""

    db: sqlite3.Connection
    rng: random.Random
    category: Category
    shelf: Shelf
    id: int


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def slugify(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-")


def moment_between(rng: random.Random, first: datetime, last: datetime) -> datetime:
    return first + timedelta(seconds=rng.randrange(int((last - first).total_seconds())))


def fill_catalogue(db: sqlite3.Connection) -> None:
    shelf_id = len(categories())
    for category_id, category in enumerate(categories(), start=1):
        insert(
            db,
            "category",
            id=category_id,
            path=category.slug,
            name=category.name,
            tint=category.tint,
            blurb=category.blurb,
        )
        for shelf in category.shelves:
            shelf_id += 1
            path = f"{category.slug}/{shelf.slug}"
            insert(
                db,
                "category",
                id=shelf_id,
                parent=category_id,
                path=path,
                name=shelf.name,
                tint=category.tint,
                blurb="",
            )
            rng = random.Random(f"{SEED}:{path}")
            _fill_shelf(ShelfSeed(db=db, rng=rng, category=category, shelf=shelf, id=shelf_id))


def _fill_shelf(shelf_seed: ShelfSeed) -> None:
    rng, shelf = shelf_seed.rng, shelf_seed.shelf
    pairs = [(line, kind) for line in shelf.lines for kind in shelf.kinds]
    prices: set[int] = set()
    for number, (line, kind) in enumerate(rng.sample(pairs, rng.randint(11, 15)), start=1):
        specs = _random_specs(shelf_seed, kind)
        price = _price(shelf_seed, kind, specs[shelf.named])
        while price in prices:
            price += 100
        prices.add(price)
        product, created_at = shelf_seed.id * 100 + number, moment_between(rng, OPENED, LAST_ARRIVAL)
        of_kind = replace(shelf_seed, shelf=shelf.of_kind(kind))
        _write_product(of_kind, product, line=line, kind=kind, specs=specs, price=price, created_at=created_at)
        _write_reviews(of_kind, product, created_at)


def _random_specs(shelf_seed: ShelfSeed, kind: str) -> dict[str, str]:
    allowed = {**shelf_seed.shelf.specs, **shelf_seed.shelf.only.get(kind, {})}
    return {label: shelf_seed.rng.choice(values) for label, values in allowed.items()}


def _price(shelf_seed: ShelfSeed, kind: str, named_value: str) -> int:
    """Price in cents: what the kind costs, a little more for the larger values of the attribute in the name."""
    shelf = shelf_seed.shelf
    values = shelf.specs[shelf.named]
    size = values.index(named_value) / (len(values) - 1) if named_value in values else 0.5
    level = (
        shelf.price_levels[list(shelf.kinds).index(kind)] + 0.16 * (size - 0.5) + shelf_seed.rng.uniform(-0.08, 0.08)
    )
    low, high = shelf.price
    dollars = low * math.pow(high / low, min(1.0, max(0.0, level)))
    return round(dollars) * 100 + shelf_seed.rng.choice(ENDINGS)


def _write_product(
    shelf_seed: ShelfSeed,
    product: int,
    *,
    line: str,
    kind: str,
    specs: dict[str, str],
    price: int,
    created_at: datetime,
) -> None:
    db, rng, shelf = shelf_seed.db, shelf_seed.rng, shelf_seed.shelf
    brand = rng.choice(shelf_seed.category.brands)
    option = shelf.option
    picks_colour = option is not None and option.label == "Color"
    colour = rng.choice(option.choices if option and picks_colour else shelf.colours)
    name = f"{brand} {_without_echo(line, kind)}"
    if not specs[shelf.named].startswith("No ") and specs[shelf.named] not in kind:
        name += f", {specs[shelf.named]}"
    if not picks_colour:
        name += f", {colour}"
        specs[shelf.colour_label] = colour
    words = {"brand": brand, "line": line, "kind": _in_sentence(kind)}
    pitch = [sentence.format(**words) for sentence in shelf.pitch]
    description = f"{pitch[0]} {pitch[1]}\n{pitch[2]} {rng.choice(phrases()['care'])}"
    sku = f"LF{product:04}{rng.randrange(100):02}"
    was_price = round(price * rng.choice((1.2, 1.25, 1.4)) / 100) * 100 + 99 if rng.random() < 0.12 else None
    insert(
        db,
        "product",
        id=product,
        sku=sku,
        slug=slugify(name),
        name=name,
        kind=kind,
        brand=brand,
        shelf=shelf_seed.id,
        price=price,
        was_price=was_price,
        stock=0 if rng.random() < 0.05 else rng.randint(3, 90),
        summary=pitch[0],
        description=description,
        colour=colour,
        picture=shelf.kinds[kind],
        created_at=stamp(created_at),
    )
    _write_attributes(shelf_seed, product, {"Brand": brand, **specs})
    insert(
        db,
        "product_search",
        rowid=product,
        name=name,
        brand=brand,
        shelf=f"{shelf.name} {shelf_seed.category.name}",
        sku=sku,
        summary=" ".join(specs.values()),
        description=description,
    )


def _write_attributes(shelf_seed: ShelfSeed, product: int, details: Mapping[str, str]) -> None:
    rows = [(product, at, *pair) for at, pair in enumerate(details.items())]
    shelf_seed.db.executemany("insert into detail values (?, ?, ?, ?)", rows)
    option = shelf_seed.shelf.option
    choices = [(product, option.label, at, value) for at, value in enumerate(option.choices)] if option else []
    shelf_seed.db.executemany("insert into choice values (?, ?, ?, ?)", choices)


def _without_echo(line: str, kind: str) -> str:
    """ "Slow Pour" and "Pour Over Coffee Maker" share their word."""
    first, *others = kind.split()
    return " ".join([line, *others]) if line.split()[-1] == first else f"{line} {kind}"


def _in_sentence(kind: str) -> str:
    """Lower case, but LED, USB-C, T-Shirt and proper names stay as they are."""
    words = (w if sum(map(str.isupper, w)) > 1 or w in PROPER_NAMES else w.lower() for w in kind.split())
    return " ".join(words)


def _write_reviews(shelf_seed: ShelfSeed, product: int, created_at: datetime) -> None:
    rng, quality = shelf_seed.rng, shelf_seed.rng.betavariate(4, 1.8)
    count = rng.choice((0, 1, 2, 3, 3, 4, 4, 5, 6, 7, 9))
    names: set[str] = set()
    for moment in sorted(moment_between(rng, created_at, LAST_REVIEW) for _ in range(count)):
        stars = max(1, min(5, round(rng.gauss(1.4 + 3.7 * quality, 0.9))))
        nickname = _nickname(rng)
        while nickname in names:
            nickname = _nickname(rng)
        names.add(nickname)
        title, detail = review_text(rng, shelf_seed.shelf, stars)
        review = {"nickname": nickname, "title": title, "detail": detail, "stars": stars, "created_at": stamp(moment)}
        insert(shelf_seed.db, "review", product=product, **review)


def _nickname(rng: random.Random) -> str:
    first, last = rng.choice(phrases()["first_names"]), rng.choice(phrases()["last_names"])
    screen_name = f"{rng.choice(phrases()['nick_words'])}{rng.randint(2, 99)}"
    return str(rng.choice((screen_name, f"{first} {last}", f"{first} {last[0]}.", f"{first[0]}. {last}")))


def review_text(rng: random.Random, shelf: Shelf, stars: int) -> tuple[str, str]:
    """Title and text of a review whose opinion fits its stars."""
    words = phrases()
    praises, gripes = rng.sample(range(len(shelf.praise)), 2), rng.sample(range(len(shelf.gripe)), 2)
    good, bad = next(pair for pair in itertools.product(praises, gripes) if pair not in shelf.clashes)
    praise, gripe = [shelf.praise[at] for at in praises], [shelf.gripe[at] for at in gripes]
    but, yet = rng.choice(words["joins"]["but"]), rng.choice(words["joins"]["yet"])
    bodies: dict[int, list[str]] = {
        5: praise,
        4: praise if rng.random() < 0.7 else [shelf.praise[good], f"{but} {_lower(shelf.gripe[bad])}"],
        3: [shelf.praise[good], f"{but} {_lower(shelf.gripe[bad])}"],
        2: gripe if rng.random() < 0.4 else [shelf.gripe[bad], f"{yet} {_lower(shelf.praise[good])}"],
        1: gripe,
    }
    parts = [rng.choice(words["openers"][stars]), *bodies[stars]]
    if rng.random() < 0.12:
        parts.append(rng.choice(shelf.mentions))
    if rng.random() < 0.6:
        parts.append(rng.choice(words["closers"][stars]))
    return rng.choice(words["titles"][stars]), " ".join(parts)


def _lower(sentence: str) -> str:
    """First letter in lower case, except where the sentence starts with the pronoun I."""
    return sentence if sentence.startswith("I ") else sentence[0].lower() + sentence[1:]
