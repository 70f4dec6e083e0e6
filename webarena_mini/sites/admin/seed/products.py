"""Fills attributes, categories, and products: configurable ones with their variants, and simple ones."""

import re
import sqlite3
from random import Random

from webarena_mini.kit.database import insert
from webarena_mini.sites.admin.domain.content import ATTRIBUTE_SETS, COLOURS, SIZES, Kind, assortment, words
from webarena_mini.sites.admin.seed.calendar import FIRST_ORDER, OPENED, SEED, moment_between, stamp

_COLOUR_IDS = {label: number for number, label in COLOURS.items()}
_SIZE_IDS = {label: number for number, label in SIZES.items()}
_SET_IDS = {name: number for number, name in ATTRIBUTE_SETS.items()}
_VISIBLE_ALONE, _ONLY_AS_VARIANT = 4, 1


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def fill_products(db: sqlite3.Connection) -> None:
    random = Random(f"{SEED}:products")
    db.executemany("insert into attribute_set values (?, ?)", ATTRIBUTE_SETS.items())
    for attribute, options in (("color", COLOURS), ("size", SIZES)):
        for position, (number, label) in enumerate(options.items()):
            insert(db, "attribute_option", id=number, attribute=attribute, label=label, position=position)
    shelves = _fill_categories(db)
    for name, sku, kind, shelf, dollars, colour in assortment().simples:
        product = _write(db, random, name, sku, kind, dollars, colour)
        _put_on_shelf(db, product, shelf, shelves)
    for name, sku, kind, shelf, dollars, colours, sizes in assortment().configurables:
        parent = _write(db, random, name, sku, kind, dollars, colours[0], type="configurable", qty=0)
        _put_on_shelf(db, parent, shelf, shelves)
        for size in sizes:
            for colour in colours:
                variant = {"parent": parent, "size": _SIZE_IDS[size], "visibility": _ONLY_AS_VARIANT}
                full_name, full_sku = f"{name}-{size}-{colour}", f"{sku}-{size}-{colour}"
                product = _write(db, random, full_name, full_sku, kind, dollars, colour, **variant)
                _put_on_shelf(db, product, shelf, shelves)
    db.execute(
        "insert into product_search (rowid, name, sku, description)"
        " select id, name, sku, short_description || ' ' || description from product"
    )


def _fill_categories(db: sqlite3.Connection) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for number, shelf in enumerate(assortment().categories, start=3):
        parent = numbers.get(shelf.path.rpartition("/")[0])
        insert(db, "category", id=number, parent=parent, path=shelf.path, name=shelf.name, blurb=shelf.blurb)
        numbers[shelf.path] = number
    return numbers


def _put_on_shelf(db: sqlite3.Connection, product: int, shelf: str, shelves: dict[str, int]) -> None:
    insert(db, "product_category", product=product, category=shelves[shelf])


def _write(
    db: sqlite3.Connection,
    random: Random,
    name: str,
    sku: str,
    kind_name: str,
    dollars: int,
    colour: str,
    **columns: int | str,
) -> int:
    kind: Kind = words().kinds[kind_name]
    created = moment_between(random, OPENED, FIRST_ORDER)
    first, *rest = (sentence.format(name=name) for sentence in kind.pitch)
    is_variant = "parent" in columns
    stocked: dict[str, int | str] = {"qty": _stock(random), "type": "simple"}
    values = {**stocked, "visibility": _VISIBLE_ALONE, **columns}
    return insert(
        db,
        "product",
        sku=sku,
        slug=slug(name),
        name=name,
        attribute_set=_SET_IDS[kind.attribute_set],
        price=dollars * 100,
        is_in_stock=int(values["type"] == "configurable" or values["qty"] != 0),
        weight="1.0" if kind.attribute_set in ("Bag", "Gear") else "0.5",
        color=None if values["type"] == "configurable" else _COLOUR_IDS[colour],
        sale=int(not is_variant and random.random() < 0.15),
        is_new=int(not is_variant and random.random() < 0.2),
        short_description="" if is_variant else first,
        description="" if is_variant else " ".join(rest),
        picture=kind_name,
        tone=colour,
        created_at=stamp(created),
        updated_at=stamp(moment_between(random, created, FIRST_ORDER)),
        **values,
    )


def _stock(random: Random) -> int:
    """Most have plenty, some are scarce and a few are sold out; never 13, 37 or 61, which nothing has left."""
    if random.random() < 0.06:
        return 0
    if random.random() < 0.12:
        return random.randint(2, 9)
    return random.choice([left for left in range(20, 121) if left not in (37, 61)])
