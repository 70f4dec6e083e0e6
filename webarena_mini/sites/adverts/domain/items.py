"""Advertisements: finding them, one of them, writing them."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webarena_mini.kit.clock import tick
from webarena_mini.kit.database import Database
from webarena_mini.kit.numbers import to_int

PER_PAGE = 24
LARGEST_PRICE = 10_000_000
TITLE_LIMIT, DESCRIPTION_LIMIT, COMMENT_LIMIT = 100, 5000, 2000
ORDERS: Mapping[tuple[str, str], str] = {
    ("dt_pub_date", "desc"): "i.created_at desc, i.id desc",
    ("i_price", "asc"): "i.price_cents is null, i.price_cents, i.id",
    ("i_price", "desc"): "i.price_cents is null, i.price_cents desc, i.id",
}
NEWEST = ("dt_pub_date", "desc")
_ITEMS = """select i.*, c.name as category,
    (select count(*) from comments where item_id = i.id) as comment_count,
    coalesce((select avg(rating) from comments where item_id = i.id), 0) as rating
    from items i join categories c on c.id = i.category_id"""
_WORD = re.compile(r"\w+")
_PRICE = re.compile(r"\$?\s*(\d{1,7})(?:\.(\d{1,2}))?")


@dataclass(frozen=True)
class Search:
    """What a visitor looks for: prices in dollars, None where it is open."""

    pattern: str = ""
    category: int = 0
    town: str = ""
    lowest: int | None = None
    highest: int | None = None
    with_picture: bool = False
    order: tuple[str, str] = NEWEST


@dataclass(frozen=True)
class Found:
    """One page of what was found, and how many there are in all."""

    rows: Sequence[sqlite3.Row]
    total: int
    page: int

    @property
    def first(self) -> int:
        return (self.page - 1) * PER_PAGE + 1

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


def find(database: Database, search: Search, page: int) -> Found:
    conditions: list[str] = []
    values: list[object] = []

    def require(condition: str, value: object) -> None:
        conditions.append(condition)
        values.append(value)

    if words := _WORD.findall(search.pattern):
        require(
            "i.id in (select rowid from item_search where item_search match ?)", " ".join(f'"{word}"' for word in words)
        )
    if search.category:
        require("i.category_id = ?", search.category)
    if search.town:
        require("i.town = ? collate nocase", search.town)
    if search.lowest is not None:
        require("i.price_cents >= ?", search.lowest * 100)
    if search.highest is not None:
        require("i.price_cents <= ?", search.highest * 100)
    if search.with_picture:
        conditions.append("(i.shape <> '' or i.image_id is not null)")
    where = f" where {' and '.join(conditions)}" if conditions else ""
    total = database.value(f"select count(*) from items i{where}", *values)
    sql = f"{_ITEMS}{where} order by {ORDERS[search.order]} limit ? offset ?"
    return Found(database.all(sql, *values, PER_PAGE, (page - 1) * PER_PAGE), total, page)


def newest(database: Database, count: int) -> list[sqlite3.Row]:
    return database.all(f"{_ITEMS} order by {ORDERS[NEWEST]} limit ?", count)


def related(database: Database, item: sqlite3.Row, count: int) -> list[sqlite3.Row]:
    """The newest others of its category."""
    sql = f"{_ITEMS} where i.category_id = ? and i.id <> ? order by {ORDERS[NEWEST]} limit ?"
    return database.all(sql, item["category_id"], item["id"], count)


def of_seller(database: Database, user_id: int) -> list[sqlite3.Row]:
    return database.all(f"{_ITEMS} where i.user_id = ? order by {ORDERS[NEWEST]}", user_id)


def item(database: Database, item_id: int) -> sqlite3.Row | None:
    return database.one(f"{_ITEMS} where i.id = ?", item_id)


def comments(database: Database, item_id: int) -> list[sqlite3.Row]:
    return database.all("select * from comments where item_id = ? order by created_at, id", item_id)


def categories(database: Database) -> list[sqlite3.Row]:
    return database.all(
        "select c.*, count(i.id) as items from categories c left join items i on i.category_id = c.id"
        " group by c.id order by c.name"
    )


def towns(database: Database) -> list[str]:
    return [row["town"] for row in database.all("select distinct town from items where town <> '' order by town")]


def cents(text: str) -> int | None:
    """Of a price as people write it; None where it is none."""
    match = _PRICE.fullmatch(text.replace(",", "").strip())
    if match is None:
        return None
    found = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
    return found if found <= LARGEST_PRICE * 100 else None


def faults_of(database: Database, values: Mapping[str, str]) -> list[str]:
    """What keeps an advertisement from being published."""
    faults = []
    if not values.get("title", "").strip():
        faults.append("The title is missing.")
    elif len(values["title"]) > TITLE_LIMIT:
        faults.append(f"The title can have at most {TITLE_LIMIT} characters.")
    if not values.get("description", "").strip():
        faults.append("The description is missing.")
    elif len(values["description"]) > DESCRIPTION_LIMIT:
        faults.append(f"The description can have at most {DESCRIPTION_LIMIT:,} characters.")
    category = to_int(values.get("catId"), low=0, high=10_000, default=0)
    if database.one("select 1 from categories where id = ?", category) is None:
        faults.append("Choose a category.")
    price = values.get("price", "")
    if price and cents(price) is None:
        faults.append("This is no price; it should look like 120 or 120.50.")
    return faults


def publish(
    database: Database, values: Mapping[str, str], *, user_id: int, contact: str, email: str, image_id: str | None
) -> int:
    """The id of the new advertisement; the values have no faults."""
    return database.insert(
        "items",
        **_columns(values),
        user_id=user_id,
        contact=contact,
        email=email,
        created_at=tick(database),
        image_id=image_id,
    )


def change(database: Database, item_id: int, values: Mapping[str, str], image_id: str | None) -> None:
    """Another picture takes the place of the one there was; without one that stays."""
    columns = _columns(values)
    if image_id:
        columns |= {"image_id": image_id, "shape": ""}
    assignments = ", ".join(f"{name} = ?" for name in columns)
    database.run(f"update items set {assignments} where id = ?", *columns.values(), item_id)


def _columns(values: Mapping[str, str]) -> dict[str, object]:
    return {
        "category_id": int(values["catId"]),
        "title": values["title"].strip(),
        "description": values["description"].strip(),
        "price_cents": cents(values["price"]) if values.get("price") else None,
        "town": values.get("town", ""),
    }
