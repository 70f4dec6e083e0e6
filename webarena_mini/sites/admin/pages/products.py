"""The product grid, a product's form, new products, and the variants of configurable ones."""

from collections.abc import Mapping

from starlette.responses import Response

from webarena_mini.sites.admin.domain import grids, products
from webarena_mini.sites.admin.domain.content import (
    ATTRIBUTE_SETS,
    ORDER_STATUSES,
    REVIEW_STATUSES,
    TAX_CLASSES,
    VISIBILITIES,
    pictures,
)
from webarena_mini.sites.admin.domain.options import options
from webarena_mini.sites.admin.domain.products import ProductForm
from webarena_mini.sites.admin.pages import product_form
from webarena_mini.sites.admin.pages.lists import chosen
from webarena_mini.sites.admin.pages.visit import Visit

_BLANK: dict[str, object] = {
    "id": None, "name": "", "sku": "", "price": None, "qty": 0, "is_in_stock": 1, "status": 1, "visibility": 4,
    "tax_class": 2, "color": None, "size": None, "weight": "", "sale": 0, "is_new": 0, "description": "",
    "short_description": "", "parent": None, "slug": "", "meta_title": "", "meta_keyword": "", "meta_description": "",
    "picture": "", "tone": "Gray",
}  # fmt: skip
_TYPES = ("simple", "configurable")
_GONE = "This product doesn't exist."
_NO_TYPE = "There is no such type of product."
_REFUSED = "The product could not be saved. Please look at the fields below."
# Orders with a product, or with a variant of it.
_ORDERS_WITH = (
    "select o.id, o.increment_id, o.created_at, o.customer_name, o.status, sum(i.qty) as qty, i.price"
    " from sales_order o join order_item i on i.sales_order = o.id join product p on p.id = i.product"
    " where ? in (p.id, p.parent) group by o.id order by o.id desc limit 15"
)


def edit_path(number: int) -> str:
    return f"/admin/catalog/product/edit/id/{number}/"


def edit(visit: Visit) -> Response:
    row = visit.db.one("select * from product where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    shelves = visit.db.all("select category from product_category where product = ?", row["id"])
    related = visit.db.all("select related from product_link where product = ?", row["id"])
    form = ProductForm({}, [row["category"] for row in shelves], [row["related"] for row in related], "")
    return _form_page(visit, dict(row), form)


def new(visit: Visit) -> Response:
    kind = visit.request.path_params.get("type", "simple")
    given = visit.path_id("set")
    if kind not in _TYPES:
        return visit.not_found(_NO_TYPE)
    attribute_set = given if given in ATTRIBUTE_SETS else 4
    return _form_page(visit, {**_BLANK, "attribute_set": attribute_set, "type": kind}, ProductForm({}, [], [], ""))


def _form_page(visit: Visit, values: dict[str, object], form: ProductForm) -> Response:
    db, number = visit.db, values["id"]
    categories = db.all("select id, parent, path, name from category order by id")
    names = {row["id"]: row["name"] for row in categories}
    by_path = {row["path"]: row["name"] for row in categories}
    marks = ", ".join("?" * len(form.related))
    return visit.page(
        "product.html",
        refused=bool(form.errors),
        title=values["name"] if number else "New Product",
        values=values,
        errors=form.errors,
        price=products.shown_price(values["price"]),
        shelves=form.categories,
        shelf_names=[names[shelf] for shelf in form.categories if shelf in names],
        categories=[(row, row["path"].count("/"), _full_name(row["path"], by_path)) for row in categories],
        sets=ATTRIBUTE_SETS,
        colours=options(db, "color"),
        sizes=options(db, "size"),
        visibilities=VISIBILITIES,
        taxes=TAX_CLASSES,
        pictures={name: name.title() for name in sorted(pictures()["shapes"])},
        variants=db.all("select * from product where parent = ? order by id", values["parent"] or number),
        parent=db.one("select id, name from product where id = ?", values["parent"]),
        related=db.all(f"select * from product where id in ({marks}) order by id", *form.related),
        new_related=form.new_related if form.errors else "",
        reviews=db.all("select * from review where product = ? order by id desc limit 20", number),
        review_statuses=REVIEW_STATUSES,
        orders=db.all(_ORDERS_WITH, number),
        order_statuses=ORDER_STATUSES,
        names={"qty": products.QTY, "in_stock": products.IN_STOCK, "related": products.RELATED},
    )


def _full_name(path: str, names: Mapping[str, str]) -> str:
    """ "Women / Tops / Tees" for "women/tops-women/tees-women"."""
    parts = path.split("/")
    return " / ".join(names["/".join(parts[:depth])] for depth in range(1, len(parts) + 1))


def save(visit: Visit) -> Response:
    row = visit.db.one("select * from product where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    form = product_form.read_form(visit, number=row["id"], kind=row["type"])
    if form.errors:
        visit.error(_REFUSED)
        return _form_page(visit, {**dict(row), **form.columns}, form)
    products.change(visit.db, row, form, visit.tick())
    visit.notice("You saved the product.")
    return visit.redirect(edit_path(row["id"]))


def create(visit: Visit) -> Response:
    kind = visit.request.path_params.get("type", "simple")
    if kind not in _TYPES:
        return visit.not_found(_NO_TYPE)
    form = product_form.read_form(visit, number=None, kind=kind)
    if form.errors:
        visit.error(_REFUSED)
        return _form_page(visit, {**_BLANK, **form.columns, "type": kind}, form)
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
