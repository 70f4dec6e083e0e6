"""Home page, categories, search, product pages and their reviews."""

from collections.abc import Mapping
from sqlite3 import Row

from starlette.responses import Response

from webarena_runner.minisites._numbers import to_int
from webarena_runner.minisites.shop import catalogue, orders
from webarena_runner.minisites.shop.catalogue import Listing
from webarena_runner.minisites.shop.visit import Visit

LONGEST_TEXT = 5_000


def home(visit: Visit) -> Response:
    rated = "where p.review_count >= 5 order by p.rating desc, p.review_count desc, p.id limit 8"
    small = "where p.price < 1500 and p.stock > 0 order by p.rating desc, p.review_count desc, p.id limit 4"
    return visit.page(
        "home.html",
        best_rated=catalogue.cards(visit.db, rated),
        newest=catalogue.cards(visit.db, "order by p.created_at desc limit 4"),
        small_gifts=catalogue.cards(visit.db, small),
    )


def by_path(visit: Visit) -> Response:
    """A category or a product, whichever has this address."""
    path = visit.request.path_params["path"]
    category = visit.db.one("select * from category where path = ?", path)
    if category:
        return _category(visit, category)
    product = visit.db.one("select * from product where slug = ?", path)
    return product_page(visit, product) if product else visit.not_found()


def _category(visit: Visit, category: Row) -> Response:
    params = visit.request.query_params
    path = f"/{category['path']}.html"
    if "price_from" in params or "price_to" in params:
        return visit.redirect(_price_form_target(Listing.parse(path, params), params))
    listing = Listing.parse(path, params)
    rows = catalogue.in_category(visit.db, category["id"])
    parent = visit.db.one("select * from category where id = ?", category["parent"])
    shelves = visit.db.all(
        "select c.path, c.name, count(p.id) as products from category c left join product p on p.shelf = c.id"
        " where c.parent = ? group by c.id order by c.id",
        category["parent"] or category["id"],
    )
    return visit.page(
        "listing.html",
        title=category["name"],
        category=category,
        parent=parent,
        shelves=shelves,
        listing=listing,
        shown=catalogue.show(rows, listing),
        note="",
    )


def search(visit: Visit) -> Response:
    params = visit.request.query_params
    query = params.get("q", "").strip()[:128]
    path = visit.request.url.path.rstrip("/") + "/"
    listing = Listing.parse(path, params, query=query)
    if "price_from" in params or "price_to" in params:
        return visit.redirect(_price_form_target(listing, params))
    rows, all_words = catalogue.found(visit.db, query)
    note = ""
    if not query:
        note = "Type what you are looking for into the search field above."
    elif not rows:
        note = "Your search returned no results."
    elif not all_words:
        note = "No product has all of these words; these have some of them."
    return visit.page(
        "listing.html",
        title=f"Search results for: '{query}'",
        category=None,
        parent=None,
        shelves=(),
        listing=listing,
        shown=catalogue.show(rows, listing),
        note=note,
    )


def _price_form_target(listing: Listing, params: Mapping[str, str]) -> str:
    """The listing's own URL form of what was typed into the two price fields."""
    sides = [params.get(name, "").strip().lstrip("$") for name in ("price_from", "price_to")]
    wanted = Listing.parse(listing.path, {"price": "-".join(sides)})
    return listing.url(low=wanted.low, high=wanted.high)


def product_page(
    visit: Visit, product: Row, *, errors: dict[str, str] | None = None, status_code: int = 200
) -> Response:
    db = visit.db
    choices: dict[str, list[str]] = {}
    for row in db.all("select label, value from choice where product = ? order by label, position", product["id"]):
        choices.setdefault(row["label"], []).append(row["value"])
    shelf = db.one("select * from category where id = ?", product["shelf"])
    others = "where p.shelf = ? and p.id != ? order by p.review_count * p.rating desc, p.id limit 4"
    return visit.page(
        "product.html",
        status_code=status_code,
        product=product,
        shelf=shelf,
        parent=db.one("select * from category where id = ?", shelf["parent"] if shelf else None),
        details=db.all("select label, value from detail where product = ? order by position", product["id"]),
        choices=choices,
        reviews=db.all("select * from review where product = ? order by created_at desc, id desc", product["id"]),
        related=catalogue.cards(db, others, product["shelf"], product["id"]),
        draft={name: visit.field(name) for name in ("rating", "nickname", "title", "detail")},
        errors=errors or {},
    )


def post_review(visit: Visit) -> Response:
    product = visit.db.one("select * from product where id = ?", visit.path_id())
    if product is None:
        return visit.not_found()
    stars = to_int(visit.field("rating"), low=0, high=5, default=0)
    texts = {name: visit.field(name)[:LONGEST_TEXT] for name in ("nickname", "title", "detail")}
    errors = {name: "This is a required field." for name, text in texts.items() if not text}
    if not stars:
        errors["rating"] = "Please choose 1 to 5 stars."
    if errors:
        return product_page(visit, product, errors=errors, status_code=422)
    now = orders.tick(visit.db)
    visit.db.insert("review", product=product["id"], customer=visit.customer_id, **texts, stars=stars, created_at=now)
    visit.db.run(
        "update product set (review_count, rating) ="
        " (select count(*), round(avg(stars) * 20) from review where product = ?1) where id = ?1",
        product["id"],
    )
    visit.notice("Thank you. Your review is on the page now.")
    return visit.redirect(f"/{product['slug']}.html")
