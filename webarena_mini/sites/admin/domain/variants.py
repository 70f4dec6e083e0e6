"""The variants of a configurable product: combinations of sizes and colors."""

from collections.abc import Sequence
from sqlite3 import Row

from webarena_mini.kit.database import Database
from webarena_mini.sites.admin.domain import products
from webarena_mini.sites.admin.domain.options import options

_ONLY_AS_VARIANT = 1
_COPIED = ("attribute_set", "tax_class", "weight", "picture")


def add_variants(
    db: Database, parent: Row, sizes: Sequence[int], colours: Sequence[int], *, price: int, qty: int, at: str
) -> int:
    """Makes the combinations that the product does not have yet, and returns how many those are."""
    rows = db.all("select category from product_category where product = ?", parent["id"])
    shelves = [row["category"] for row in rows]
    size_names, colour_names = options(db, "size"), options(db, "color")
    made = 0
    for size, colour in ((size, colour) for size in sizes for colour in colours):
        ending = f"{size_names[size]}-{colour_names[colour]}"
        sku = f"{parent['sku']}-{ending}"
        known = "select 1 from product where sku = ? or (parent = ? and size = ? and color = ?)"
        if db.one(known, sku, parent["id"], size, colour):
            continue
        number = db.insert(
            "product",
            name=f"{parent['name']}-{ending}",
            sku=sku,
            slug=products.free_slug(db, f"{parent['slug']}-{ending}"),
            type="simple",
            parent=parent["id"],
            price=price,
            qty=qty,
            is_in_stock=int(qty > 0),
            visibility=_ONLY_AS_VARIANT,
            size=size,
            color=colour,
            tone=colour_names[colour],
            created_at=at,
            updated_at=at,
            **{column: parent[column] for column in _COPIED},
        )
        products.put_into(db, number, shelves)
        products.index(db, number)
        made += 1
    return made
