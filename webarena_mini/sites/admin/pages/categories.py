"""The tree of the store's categories, and the name and description of each."""

from starlette.responses import Response

from webarena_mini.sites.admin.domain.content import STATUSES
from webarena_mini.sites.admin.pages.visit import Visit

_GONE = "This category no longer exists."


def tree(visit: Visit) -> Response:
    direct = "(select count(*) from product_category where category = c.id) as direct"
    rows = visit.db.all(f"select c.*, {direct} from category c order by id")
    return visit.page("categories.html", title="Categories", rows=rows)


def edit(visit: Visit) -> Response:
    row = visit.db.one("select * from category where id = ?", visit.path_id())
    return visit.not_found(_GONE) if row is None else _form(visit, dict(row), {})


def _form(visit: Visit, values: dict[str, object], errors: dict[str, str]) -> Response:
    return visit.page(
        "category.html",
        refused=bool(errors),
        title=f"{values['name']} (ID: {values['id']})",
        values=values,
        errors=errors,
        products=visit.db.all(
            "select p.* from product p join product_category k on k.product = p.id where k.category = ?"
            " order by p.parent is not null, p.id",
            values["id"],
        ),
        children=visit.db.all("select * from category where parent = ? order by id", values["id"]),
        parent=visit.db.one("select * from category where id = ?", values["parent"]),
        statuses=STATUSES,
    )


def save(visit: Visit) -> Response:
    row = visit.db.one("select * from category where id = ?", visit.path_id())
    if row is None:
        return visit.not_found(_GONE)
    values = {"name": visit.field("name")[:80], "blurb": visit.field("blurb")[:500]}
    if not values["name"]:
        return _form(visit, {**dict(row), **values}, {"name": "This is a required field."})
    visit.db.run("update category set name = ?, blurb = ? where id = ?", *values.values(), row["id"])
    visit.notice("You saved the category.")
    return visit.redirect(f"/admin/catalog/category/edit/id/{row['id']}/")
