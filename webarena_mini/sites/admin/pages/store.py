"""The storefront on the same origin: home, categories, search, product pages with reviews, the store's own pages."""

import re
from collections.abc import Iterable, Mapping, Sequence
from sqlite3 import Row

from starlette.responses import Response

from webarena_mini.kit.database import Database
from webarena_mini.sites.admin.domain import shelf
from webarena_mini.sites.admin.domain.options import options
from webarena_mini.sites.admin.domain.shelf import CARD, IN_CATALOG, IN_SEARCH, Listing
from webarena_mini.sites.admin.pages.visit import Visit


def home(visit: Visit) -> Response:
    fresh = visit.db.all(f"{CARD} where p.is_new = 1 and {IN_CATALOG} order by p.id limit 8")
    sale = visit.db.all(f"{CARD} where p.sale = 1 and {IN_CATALOG} order by p.id limit 8")
    text = visit.db.one("select * from cms_page where identifier = 'home' and is_active = 1")
    return visit.page("store/home.html", fresh=fresh, sale=sale, text=text)


def search(visit: Visit) -> Response:
    """Counts the search, as the back office reports it; what only sorts or narrows it is no search of its own."""
    text = visit.query("q")[:100]
    words = [f'"{word}"' for word in re.findall(r"\w+", text)[:12]]
    match = " AND ".join(words) or '""'
    where = f"{IN_SEARCH} and p.id in (select rowid from product_search where product_search match ?)"
    params = {**visit.request.query_params, "q": text}
    listing = shelf.listing(visit.db, "/catalogsearch/result/", params, where, match)
    if words and params.keys() == {"q"}:
        visit.db.run(
            "insert into search_term (query, results, uses, updated_at) values (?1, ?2, 1, ?3)"
            " on conflict (query) do update set uses = uses + 1, results = ?2, updated_at = ?3",
            text.lower(),
            listing.total,
            visit.tick(),
        )
    return _listing(visit, f"Search results for: '{text}'", listing, text=text)


def _listing(visit: Visit, title: str, listing: Listing, *, category: Row | None = None, text: str = "") -> Response:
    return visit.page(
        "store/listing.html",
        title=title,
        listing=listing,
        category=category,
        children=[] if category is None else _children(visit.db, category["id"]),
        popular=[] if listing.cards else shelf.best_sellers(visit.db, 4),
        orders=shelf.ORDERS,
        limits={size: str(size) for size in shelf.LIMITS},
        text=text,
    )


def _children(db: Database, category: int) -> list[Row]:
    """The categories right below one, with the number of products in and below each."""
    return db.all(
        "select c.*, (select count(distinct p.id) from product p join product_category k on k.product = p.id"
        f" join category d on d.id = k.category where {IN_CATALOG}"
        " and (d.id = c.id or d.path like c.path || '/%')) as count from category c where c.parent = ? order by c.id",
        category,
    )


def by_path(visit: Visit) -> Response:
    path = visit.request.path_params["path"]
    category = visit.db.one("select * from category where path = ?", path)
    if category is not None:
        where = (
            f"{IN_CATALOG} and p.id in (select product from product_category k join category c"
            " on c.id = k.category where c.id = ? or c.path like ? || '/%')"
        )
        values = (category["id"], category["path"])
        listing = shelf.listing(visit.db, f"/{path}.html", visit.request.query_params, where, *values)
        return _listing(visit, category["name"], listing, category=category)
    product = visit.db.one(f"{CARD} where p.slug = ? and p.status = 1 and p.visibility > 1", path)
    return missing(visit) if product is None else _product(visit, product, {}, {})


def _product(visit: Visit, product: Row, draft: dict[str, str], errors: dict[str, str]) -> Response:
    db, number = visit.db, product["id"]
    if visit.request.method == "GET":
        db.run(
            "insert into product_view values (?, ?, 1) on conflict (product, day) do update set views = views + 1",
            number,
            f"{visit.now:%Y-%m-%d}",
        )
    variants = db.all("select * from product where parent = ? and status = 1 order by id", number)
    trail = _trail(db, number)
    colours, sizes = options(db, "color"), options(db, "size")
    return visit.page(
        "store/product.html",
        refused=bool(errors),
        product=product,
        has_prices=len({variant["price"] for variant in variants}) > 1,
        stock={(variant["size"], variant["color"]): variant for variant in variants},
        size_names=_in_use(sizes, [variant["size"] for variant in variants]),
        colour_names=_in_use(colours, [variant["color"] for variant in variants]),
        own_colour=colours.get(product["color"], ""),
        own_size=sizes.get(product["size"], ""),
        reviews=db.all("select * from review where product = ? and status_id = 1 order by id desc", number),
        trail=trail,
        related=_related(db, number, trail),
        draft=draft,
        errors=errors,
    )


def _in_use(names: Mapping[int, str], keys: Iterable[int | None]) -> dict[int, str]:
    used = set(keys)
    return {key: name for key, name in names.items() if key in used}


def _trail(db: Database, product: int) -> list[Row]:
    """From the department down to the product's category."""
    path = db.value(
        "select c.path from category c join product_category k on k.category = c.id where k.product = ?"
        " order by c.id desc",
        product,
    )
    if path is None:
        return []
    return db.all("select * from category where ? = path or ? like path || '/%' order by id", path, path)


def _related(db: Database, product: int, trail: Sequence[Row]) -> list[Row]:
    """What the back office chose; where it chose nothing, neighbours on the shelf."""
    chosen = f"{IN_CATALOG} and p.id in (select related from product_link where product = ?)"
    if cards := db.all(f"{CARD} where {chosen} order by p.id limit 8", product):
        return cards
    near = trail[-2:]
    return db.all(
        f"{CARD} where {IN_CATALOG} and p.id != ? and p.id in (select k.product from product_category k"
        " join category c on c.id = k.category where c.id = ? or c.parent = ?)"
        " order by p.id % 7, p.id limit 4",
        product,
        near[-1]["id"] if near else 0,
        near[0]["id"] if near else 0,
    )


def post_review(visit: Visit) -> Response:
    """A visitor's review waits for approval."""
    product = visit.db.one(f"{CARD} where p.id = ? and p.status = 1 and p.visibility > 1", visit.path_id())
    if product is None:
        return missing(visit)
    draft = {name: visit.field(name)[:2000] for name in ("nickname", "title", "detail", "rating")}
    errors = {name: "This is a required field." for name, text in draft.items() if not text}
    if not errors and draft["rating"] not in ("1", "2", "3", "4", "5"):
        errors["rating"] = "Please select one of each of the ratings above."
    if errors:
        return _product(visit, product, draft, errors)
    stars = int(draft.pop("rating"))
    visit.db.insert("review", product=product["id"], stars=stars, status_id=2, created_at=visit.tick(), **draft)
    visit.notice("You submitted your review for moderation.")
    return visit.redirect(f"/{product['slug']}.html")


def review_address(visit: Visit) -> Response:
    """Where a review form with mistakes leaves its visitor: reloading it shows the product again."""
    slug = visit.db.value("select slug from product where id = ?", visit.path_id())
    return missing(visit) if slug is None else visit.redirect(f"/{slug}.html#review-form")


def own_page(visit: Visit) -> Response:
    identifier = visit.request.path_params["path"].rstrip("/")
    row = visit.db.one("select * from cms_page where identifier = ? and is_active = 1", identifier)
    return missing(visit) if row is None else _text_page(visit, row, status_code=200)


def missing(visit: Visit) -> Response:
    """The page that the back office keeps for this, where it is enabled."""
    row = visit.db.one("select * from cms_page where identifier = 'no-route' and is_active = 1")
    return visit.not_found() if row is None else _text_page(visit, row, status_code=404)


def _text_page(visit: Visit, row: Row, *, status_code: int) -> Response:
    popular = shelf.best_sellers(visit.db, 4)
    return visit.page("store/page.html", status_code=status_code, title=row["title"], text=row, popular=popular)
