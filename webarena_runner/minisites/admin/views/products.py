"""The product grid, a product's form, new products, and the variants of configurable ones."""

from collections.abc import Mapping
from functools import partial

from starlette.responses import Response

from webarena_runner.minisites._numbers import to_int
from webarena_runner.minisites.admin import grids, products
from webarena_runner.minisites.admin.content import ATTRIBUTE_SETS, COLOURS, SIZES, TAX_CLASSES, VISIBILITIES
from webarena_runner.minisites.admin.money import parse_money
from webarena_runner.minisites.admin.routing import Routes
from webarena_runner.minisites.admin.views.lists import chosen, grid_page
from webarena_runner.minisites.admin.visit import Visit

_BLANK: dict[str, object] = {
    "id": None, "name": "", "sku": "", "price": None, "qty": 0, "is_in_stock": 1, "status": 1, "visibility": 4,
    "tax_class": 2, "color": None, "size": None, "weight": "", "sale": 0, "is_new": 0, "description": "",
    "short_description": "", "parent": None, "slug": "",
}  # fmt: skip
_TYPES = ("simple", "configurable")
_GONE = "This product doesn't exist."


def edit_path(number: int) -> str:
    return f"/admin/catalog/product/edit/id/{number}/"


def edit(visit: Visit) -> Response:
    row = visit.db.one("select * from product where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    shelves = visit.db.all("select category from product_category where product = ?", row["id"])
    return _form_page(visit, dict(row), [shelf["category"] for shelf in shelves], {})


def new(visit: Visit) -> Response:
    kind = visit.request.path_params.get("type", "simple")
    given = visit.path_id("set")
    if kind not in _TYPES:
        return visit.not_found("There is no such type of product.")
    attribute_set = given if given in ATTRIBUTE_SETS else 4
    return _form_page(visit, {**_BLANK, "attribute_set": attribute_set, "type": kind}, [], {})


def _form_page(visit: Visit, values: dict[str, object], shelves: list[int], errors: dict[str, str]) -> Response:
    db = visit.db
    categories = db.all("select id, parent, path, name from category order by id")
    names = {row["id"]: row["name"] for row in categories}
    by_path = {row["path"]: row["name"] for row in categories}
    return visit.page(
        "product.html",
        status_code=422 if errors else 200,
        title=values["name"] if values["id"] else "New Product",
        values=values,
        errors=errors,
        price=products.shown_price(values["price"]),
        shelves=shelves,
        shelf_names=[names[shelf] for shelf in shelves if shelf in names],
        categories=[(row, row["path"].count("/"), _full_name(row["path"], by_path)) for row in categories],
        sets=ATTRIBUTE_SETS,
        colours=COLOURS,
        sizes=SIZES,
        visibilities=VISIBILITIES,
        taxes=TAX_CLASSES,
        variants=db.all("select * from product where parent = ? order by id", values["id"]),
        parent=db.one("select id, name from product where id = ?", values["parent"]),
        qty_name=products.QTY,
        in_stock_name=products.IN_STOCK,
    )


def _full_name(path: str, names: Mapping[str, str]) -> str:
    """ "Women / Tops / Tees" for "women/tops-women/tees-women"."""
    parts = path.split("/")
    return " / ".join(names["/".join(parts[:depth])] for depth in range(1, len(parts) + 1))


def save(visit: Visit) -> Response:
    row = visit.db.one("select * from product where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    form = products.read_form(visit, number=row["id"])
    if form.errors:
        visit.error("The product could not be saved. Please look at the fields below.")
        return _form_page(visit, {**dict(row), **form.columns}, form.categories, form.errors)
    products.change(visit.db, row["id"], form, visit.tick())
    visit.notice("You saved the product.")
    return visit.redirect(edit_path(row["id"]))


def create(visit: Visit) -> Response:
    kind = visit.request.path_params.get("type", "simple")
    if kind not in _TYPES:
        return visit.not_found("There is no such type of product.")
    form = products.read_form(visit, number=None)
    if form.errors:
        visit.error("The product could not be saved. Please look at the fields below.")
        return _form_page(visit, {**_BLANK, **form.columns, "type": kind}, form.categories, form.errors)
    number = products.create(visit.db, form, visit.tick(), kind=kind)
    visit.notice("You saved the product.")
    return visit.redirect(edit_path(number))


def delete(visit: Visit) -> Response:
    row = visit.db.one("select id, name from product where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    products.delete(visit.db, row["id"])
    visit.notice(f"You deleted the product {row['name']}.")
    return visit.redirect(grids.PRODUCTS.path)


def mass_action(visit: Visit) -> Response:
    what, numbers = visit.field("action"), chosen(visit)
    if what not in grids.PRODUCTS.mass:
        visit.error("Please choose an action.")
    elif numbers:
        for number in numbers:
            if what == "delete":
                products.delete(visit.db, number)
            else:
                status = 1 if what == "enable" else 2
                visit.db.run("update product set status = ?, updated_at = ? where id = ?", status, visit.tick(), number)
        visit.notice(f"A total of {len(numbers)} record(s) have been {'deleted' if what == 'delete' else 'updated'}.")
    return visit.redirect(grids.PRODUCTS.path)


def configurations(visit: Visit) -> Response:
    row = visit.db.one("select * from product where id = ? and type = 'configurable'", visit.path_id())
    if row is None:
        return visit.not_found("This product has no configurations.")
    has = visit.db.all("select size, color from product where parent = ?", row["id"])
    return visit.page(
        "configurations.html",
        title="Create Product Configurations",
        product=row,
        colours=COLOURS,
        sizes=SIZES,
        used={variant["size"] for variant in has} | {variant["color"] for variant in has},
        price=products.shown_price(row["price"]),
    )


def post_configurations(visit: Visit) -> Response:
    row = visit.db.one("select * from product where id = ? and type = 'configurable'", visit.path_id())
    if row is None:
        return visit.not_found("This product has no configurations.")
    here = f"/admin/catalog/product/configurations/id/{row['id']}/"
    sizes = [int(text) for text in visit.fields("size") if text.isdecimal() and int(text) in SIZES]
    colours = [int(text) for text in visit.fields("color") if text.isdecimal() and int(text) in COLOURS]
    price, qty = parse_money(visit.field("price")), to_int(visit.field("qty"), low=-1, high=999_999, default=-1)
    if not sizes or not colours or price is None or qty < 0:
        visit.error("Choose at least one size and one color, and enter a price and a quantity.")
        return visit.redirect(here)
    made = products.add_variants(visit.db, row, sizes, colours, price=price, qty=qty, at=visit.tick())
    visit.notice(f"{made} configuration(s) were created.")
    return visit.redirect(edit_path(row["id"]))


def routes() -> Routes:
    base = "/admin/catalog/product"
    grid_view = partial(grid_page, grid=grids.PRODUCTS)
    return {
        f"{base}/": (grid_view, None),
        f"{base}/index/": (grid_view, None),
        f"{base}/massAction/": (None, mass_action),
        f"{base}/edit/id/{{number}}/": (edit, save),
        f"{base}/delete/id/{{number}}/": (None, delete),
        f"{base}/configurations/id/{{number}}/": (configurations, post_configurations),
        f"{base}/new/": (new, create),
        f"{base}/new/set/{{set}}/type/{{type}}/": (new, create),
    }
