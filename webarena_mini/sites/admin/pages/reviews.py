"""The review grids and the form that approves, changes or deletes a review."""

from sqlite3 import Row

from starlette.responses import Response

from webarena_mini.sites.admin.domain import grids
from webarena_mini.sites.admin.domain.content import REVIEW_STATUSES
from webarena_mini.sites.admin.pages.lists import chosen
from webarena_mini.sites.admin.pages.visit import Visit

_MASS = {"approve": 1, "pending": 2, "refuse": 3}
_FIELDS = ("nickname", "title", "detail")


def _review(visit: Visit) -> Row | None:
    return visit.db.one(
        "select r.*, p.name as product_name, p.id as product_id, c.first_name || ' ' || c.last_name as author"
        " from review r join product p on p.id = r.product left join customer c on c.id = r.customer where r.id = ?",
        visit.path_id(),
    )


def edit(visit: Visit) -> Response:
    """A review that is gone has a page without a rating, as clients of the official site expect."""
    row = _review(visit)
    if row is None:
        return visit.page("review_gone.html", status_code=404, title="Edit Review")
    return _page(visit, dict(row), {})


def _page(visit: Visit, values: dict[str, object], errors: dict[str, str]) -> Response:
    number = values["id"]
    return visit.page(
        "review.html",
        refused=bool(errors),
        title="Edit Review",
        values=values,
        errors=errors,
        statuses=REVIEW_STATUSES,
        previous=visit.db.value("select max(id) from review where id < ?", number),
        next=visit.db.value("select min(id) from review where id > ?", number),
        others=visit.db.all(
            "select * from review where product = ? and id != ? order by id desc limit 12", values["product"], number
        ),
        own=visit.db.all(
            "select r.*, p.name as product_name from review r join product p on p.id = r.product"
            " where r.customer = ? and r.id != ? order by r.id desc limit 12",
            values["customer"],
            number,
        ),
    )


def save(visit: Visit) -> Response:
    row = _review(visit)
    if row is None:
        return _gone(visit)
    values: dict[str, object] = {name: visit.field(name) for name in _FIELDS}
    errors = {name: "This is a required field." for name, text in values.items() if not text}
    status, stars = visit.field("status_id"), visit.field("stars")
    values["status_id"] = int(status) if status in ("1", "2", "3") else row["status_id"]
    values["stars"] = int(stars) if stars in ("1", "2", "3", "4", "5") else row["stars"]
    if errors:
        visit.error("The review could not be saved. Please look at the fields below.")
        return _page(visit, {**dict(row), **values}, errors)
    changes = ", ".join(f"{name} = ?" for name in values)
    visit.db.run(f"update review set {changes} where id = ?", *values.values(), row["id"])
    visit.notice("You saved the review.")
    return visit.redirect(grids.REVIEWS.path)


def _gone(visit: Visit) -> Response:
    visit.error("The review was removed by another user or does not exist.")
    return visit.redirect(grids.REVIEWS.path)


def delete(visit: Visit) -> Response:
    if _review(visit) is None:
        return _gone(visit)
    visit.db.run("delete from review where id = ?", visit.path_id())
    visit.notice("The review has been deleted.")
    return visit.redirect(grids.REVIEWS.path)


def mass_action(visit: Visit) -> Response:
    what, numbers = visit.field("action"), chosen(visit)
    if what not in grids.REVIEWS.mass:
        visit.error("Please choose an action.")
    elif numbers:
        for number in numbers:
            if what == "delete":
                visit.db.run("delete from review where id = ?", number)
            else:
                visit.db.run("update review set status_id = ? where id = ?", _MASS[what], number)
        visit.notice(f"A total of {len(numbers)} record(s) have been {'deleted' if what == 'delete' else 'updated'}.")
    return visit.back(grids.REVIEWS.path)
