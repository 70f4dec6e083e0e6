"""Reading product forms."""

import re
from collections.abc import Mapping

from webarena_mini.sites.admin.domain.content import ATTRIBUTE_SETS, TAX_CLASSES, VISIBILITIES, pictures
from webarena_mini.sites.admin.domain.money import parse_money
from webarena_mini.sites.admin.domain.options import options
from webarena_mini.sites.admin.domain.products import (
    DISABLED,
    ENABLED,
    IN_STOCK,
    QTY,
    RELATED,
    ProductForm,
    find_errors,
)
from webarena_mini.sites.admin.pages.visit import Visit

_WHOLE = re.compile(r"\d{1,6}(\.0+)?")
_LONGEST_META = 255


def read_form(visit: Visit, *, number: int | None, kind: str) -> ProductForm:
    """`number` is the product that is being changed, None for a new one."""

    def text(name: str) -> str:
        return visit.field(f"product[{name}]")

    db, name = visit.db, text("name")[:200]
    qty = visit.field(QTY) or "0"
    pieces = int(float(qty)) if _WHOLE.fullmatch(qty) else None
    # Nothing to sell is out of stock, whatever the form says.
    is_in_stock = visit.field(IN_STOCK) != "0" and (pieces != 0 or kind == "configurable")
    columns: dict[str, object] = {
        "name": name,
        "sku": text("sku")[:64] or name[:64],
        "price": parse_money(text("price")),
        "qty": pieces,
        "is_in_stock": int(is_in_stock),
        "status": ENABLED if "product[status]" in visit.form else DISABLED,
        "visibility": _choice(text("visibility"), VISIBILITIES, 4),
        "tax_class": _choice(text("tax_class_id"), TAX_CLASSES, 2),
        "attribute_set": _choice(text("attribute_set_id"), ATTRIBUTE_SETS, 4),
        "color": _choice(text("color"), options(db, "color"), None),
        "size": _choice(text("size"), options(db, "size"), None),
        "weight": text("weight"),
        "sale": int("product[sale]" in visit.form),
        "is_new": int("product[is_new]" in visit.form),
        "description": text("description"),
        "short_description": text("short_description"),
        "slug": text("url_key"),
        **{name: text(name)[:_LONGEST_META] for name in ("meta_title", "meta_keyword", "meta_description")},
    }
    if text("image") in pictures()["shapes"]:
        columns["picture"] = text("image")
    form = ProductForm(columns, visit.numbers("product[category_ids][]"), visit.numbers(RELATED), text("related"))
    form.errors = find_errors(db, form, number)
    return form


def _choice(text: str, choices: Mapping[int, str], default: int | None) -> int | None:
    return next((key for key in choices if str(key) == text), default)
