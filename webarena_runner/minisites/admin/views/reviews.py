"""The review grids and the form that approves, changes or deletes a review."""

from functools import partial

from starlette.responses import Response

from webarena_runner.minisites.admin import grids
from webarena_runner.minisites.admin.content import REVIEW_STATUSES
from webarena_runner.minisites.admin.routing import Routes
from webarena_runner.minisites.admin.views.lists import chosen, grid_page
from webarena_runner.minisites.admin.visit import Visit

_MASS = {"approve": 1, "pending": 2, "refuse": 3}
_FIELDS = ("nickname", "title", "detail")


def edit(visit: Visit) -> Response:
    """A review that is gone has a page without a rating, as clients of the official site expect."""
    row = visit.db.one(
        "select r.*, p.name as product_name, p.id as product_id, c.first_name || ' ' || c.last_name as author"
        " from review r join product p on p.id = r.product left join customer c on c.id = r.customer where r.id = ?",
        visit.path_id(),
    )
    if row is None:
        return visit.page("review_gone.html", status_code=404, title="Edit Review")
    return _page(visit, dict(row), {})


def _page(visit: Visit, values: dict[str, object], errors: dict[str, str]) -> Response:
    number = values["id"]
    return visit.page(
        "review.html",
        status_code=422 if errors else 200,
        title="Edit Review",
        values=values,
        errors=errors,
        statuses=REVIEW_STATUSES,
        previous=visit.db.value("select max(id) from review where id < ?", number),
        next=visit.db.value("select min(id) from review where id > ?", number),
        others=visit.db.all(
            "select * from review where product = ? and id != ? order by id desc limit 12", values["product"], number
        ),
    )


def save(visit: Visit) -> Response:
    row = visit.db.one("select * from review where id = ?", visit.path_id())
    if row is None:
        visit.error("The review was removed by another user or does not exist.")
        return visit.redirect(grids.REVIEWS.path)
    values = {name: visit.field(name) for name in _FIELDS}
    status, stars = visit.field("status_id"), visit.field("stars")
    if any(not text for text in values.values()) or status not in ("1", "2", "3"):
        visit.error("Please fill in nickname, summary and review.")
        return visit.redirect(f"/admin/review/product/edit/id/{row['id']}/")
    rating = int(stars) if stars in ("1", "2", "3", "4", "5") else row["stars"]
    visit.db.run(
        "update review set nickname = ?, title = ?, detail = ?, status_id = ?, stars = ? where id = ?",
        *values.values(),
        int(status),
        rating,
        row["id"],
    )
    visit.notice("You saved the review.")
    return visit.redirect(grids.REVIEWS.path)


def delete(visit: Visit) -> Response:
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


def pending(visit: Visit) -> Response:
    # The grid's own path stays in its links, so that a filter leads to all reviews, pending ones chosen.
    return visit.redirect(f"{grids.REVIEWS.path}?status=2")


def routes() -> Routes:
    grid_view = partial(grid_page, grid=grids.REVIEWS)
    return {
        "/admin/review/product/": (grid_view, None),
        grids.REVIEWS.path: (grid_view, None),
        grids.REVIEWS.mass_path: (None, mass_action),
        "/admin/review/product/pending/": (pending, None),
        "/admin/review/product/edit/id/{number}/": (edit, save),
        "/admin/review/product/delete/id/{number}/": (None, delete),
    }
