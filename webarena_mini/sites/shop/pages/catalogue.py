"""Home page, categories, product pages and their reviews."""

from sqlite3 import Row

from starlette.responses import Response

from webarena_mini.kit.numbers import to_int
from webarena_mini.sites.shop.domain import catalogue, listing, orders, recent
from webarena_mini.sites.shop.domain.listing import Listing
from webarena_mini.sites.shop.pages.search import from_price_form
from webarena_mini.sites.shop.pages.visit import Visit

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
    wanted = Listing.parse(f"/{category['path']}.html", visit.request.query_params)
    typed = from_price_form(visit, wanted)
    if typed is not None:
        return visit.redirect(typed)
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
        listing=wanted,
        shown=listing.show(rows, wanted),
        note="",
        others_look_for=(),
    )


def product_page(
    visit: Visit, product: Row, *, errors: dict[str, str] | None = None, refused: bool = False
) -> Response:
    db = visit.db
    choices: dict[str, list[str]] = {}
    for row in db.all("select label, value from choice where product = ? order by label, position", product["id"]):
        choices.setdefault(row["label"], []).append(row["value"])
    shelf = db.one("select * from category where id = ?", product["shelf"])
    others = f"where p.shelf = ? and p.id != ? {catalogue.POPULAR} limit 4"
    nearby = (
        "where p.shelf != ?1 and p.stock > 0 and p.shelf in (select id from category where parent ="
        f" (select parent from category where id = ?1)) {catalogue.POPULAR} limit 4"
    )
    recent.remember(db, visit.cart_owner, product["id"])
    return visit.page(
        "product.html",
        refused=refused,
        product=product,
        shelf=shelf,
        parent=db.one("select * from category where id = ?", shelf["parent"] if shelf else None),
        details=db.all("select label, value from detail where product = ? order by position", product["id"]),
        choices=choices,
        reviews=db.all("select * from review where product = ? order by created_at desc, id desc", product["id"]),
        related=catalogue.cards(db, others, product["shelf"], product["id"]),
        nearby=catalogue.cards(db, nearby, product["shelf"]),
        draft={name: visit.field(name)[:LONGEST_TEXT] for name in ("rating", "nickname", "title", "detail")},
        errors=errors or {},
        rates=orders.rates(0),
        free_from=orders.FREE_SHIPPING_FROM,
    )


def review_form(visit: Visit) -> Response:
    """Where a browser goes that reloads a review which was sent back for correction."""
    slug = visit.db.value("select slug from product where id = ?", visit.path_id())
    return visit.redirect(f"/{slug}.html#review-form") if slug else visit.not_found()


def post_review(visit: Visit) -> Response:
    product = visit.db.one("select * from product where id = ?", visit.path_id())
    if product is None:
        return visit.not_found()
    stars = to_int(visit.field("rating"), low=0, high=5, default=0)
    longest = {"nickname": 100, "title": 200, "detail": LONGEST_TEXT}
    texts = {name: visit.field(name)[:length] for name, length in longest.items()}
    errors = {name: "This is a required field." for name, text in texts.items() if not text}
    if not stars:
        errors["rating"] = "Please choose 1 to 5 stars."
    if errors:
        return product_page(visit, product, errors=errors, refused=True)
    now = orders.tick(visit.db)
    visit.db.insert("review", product=product["id"], customer=visit.customer_id, **texts, stars=stars, created_at=now)
    visit.db.run(
        "update product set (review_count, rating) ="
        " (select count(*), round(avg(stars) * 20) from review where product = ?1) where id = ?1",
        product["id"],
    )
    visit.notice("Thank you. Your review is on the page now.")
    return visit.redirect(f"/{product['slug']}.html")
