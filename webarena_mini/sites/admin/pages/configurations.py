"""Making the variants of a configurable product, with new sizes and colors where they are needed."""

from sqlite3 import Row

from starlette.responses import Response

from webarena_mini.kit.numbers import to_int
from webarena_mini.sites.admin.domain import products
from webarena_mini.sites.admin.domain.money import parse_money
from webarena_mini.sites.admin.domain.options import Attribute, add_option, options
from webarena_mini.sites.admin.domain.variants import add_variants
from webarena_mini.sites.admin.pages.products import edit_path
from webarena_mini.sites.admin.pages.visit import Visit

_NO_CONFIGURATIONS = "This product has no configurations."
_ATTRIBUTES: tuple[tuple[Attribute, str], ...] = (("size", "Size"), ("color", "Color"))


def _product(visit: Visit) -> Row | None:
    return visit.db.one("select * from product where id = ? and type = 'configurable'", visit.path_id())


def configurations(visit: Visit) -> Response:
    row = _product(visit)
    if row is None:
        return visit.not_found(_NO_CONFIGURATIONS)
    return _form(visit, row, {"price": products.shown_price(row["price"]), "qty": "0"}, {})


def _form(visit: Visit, product: Row, values: dict[str, str], errors: dict[str, str]) -> Response:
    has = visit.db.all("select * from product where parent = ? order by id", product["id"])
    return visit.page(
        "configurations.html",
        refused=bool(errors),
        title="Create Product Configurations",
        product=product,
        attributes=[
            (name, title, options(visit.db, name), set(visit.numbers(name)), {row[name] for row in has})
            for name, title in _ATTRIBUTES
        ],
        variants=has,
        sizes=options(visit.db, "size"),
        colours=options(visit.db, "color"),
        values=values,
        errors=errors,
    )


def post_configurations(visit: Visit) -> Response:
    row = _product(visit)
    if row is None:
        return visit.not_found(_NO_CONFIGURATIONS)
    values = {name: visit.field(name)[:60] for name in ("price", "qty", "new_size", "new_color")}
    price, qty = parse_money(values["price"]), to_int(values["qty"], low=-1, high=999_999, default=-1)
    errors = {} if price is not None else {"price": "Please enter a number 0 or greater in this field."}
    if qty < 0:
        errors["qty"] = "Please enter a valid number in this field."
    for name, title in _ATTRIBUTES:
        if not values[f"new_{name}"] and not set(visit.numbers(name)) & options(visit.db, name).keys():
            errors[name] = f"Choose at least one {title.lower()}."
    if errors or price is None:
        return _form(visit, row, values, errors)
    sizes, colours = (_picked(visit, name, values[f"new_{name}"]) for name, _ in _ATTRIBUTES)
    made = add_variants(visit.db, row, sizes, colours, price=price, qty=qty, at=visit.tick())
    visit.notice(f"{made} configuration(s) were created.")
    return visit.redirect(edit_path(row["id"]))


def _picked(visit: Visit, attribute: Attribute, new: str) -> list[int]:
    """The ticked options, in the order of the form, and the new one."""
    ticked = visit.numbers(attribute)
    picked = [key for key in options(visit.db, attribute) if key in ticked]
    return list(dict.fromkeys([*picked, add_option(visit.db, attribute, new)])) if new else picked
