"""The storefront on the same origin: home, categories, search, product pages with reviews, the store's own pages."""

import re
from sqlite3 import Row

from starlette.responses import Response

from webarena_runner.minisites._kit import Database
from webarena_runner.minisites._numbers import to_int
from webarena_runner.minisites.admin.content import COLOURS, SIZES
from webarena_runner.minisites.admin.routing import Routes
from webarena_runner.minisites.admin.visit import Visit

_PER_PAGE = 12
_ORDERS = {"position": ("Position", "p.id"), "name": ("Product Name", "p.name"), "price": ("Price", "p.price, p.id")}
_SHOWN = "p.status = 1 and p.visibility in ({})"
_CARD = (
    "select p.*, (select count(*) from review where product = p.id and status_id = 1) as review_count,"
    " (select round(avg(stars) * 20) from review where product = p.id and status_id = 1) as rating from product p"
)


def _frame(db: Database) -> dict[str, object]:
    rows = db.all("select * from category order by id")
    tops = [row for row in rows if row["parent"] is None]
    below = {top["id"]: [row for row in rows if row["path"].startswith(f"{top['path']}/")] for top in tops}
    pages = db.all("select identifier, title from cms_page where is_active = 1 and id > 3 order by id")
    return {"tops": tops, "below": below, "own_pages": pages}


def page(visit: Visit, template: str, *, status_code: int = 200, **values: object) -> Response:
    return visit.page(f"store/{template}", status_code=status_code, **_frame(visit.db), **values)


def home(visit: Visit) -> Response:
    fresh = visit.db.all(f"{_CARD} where p.is_new = 1 and {_SHOWN.format('2, 4')} order by p.id limit 8")
    sale = visit.db.all(f"{_CARD} where p.sale = 1 and {_SHOWN.format('2, 4')} order by p.id limit 8")
    text = visit.db.one("select * from cms_page where identifier = 'home'")
    return page(visit, "home.html", fresh=fresh, sale=sale, text=text)


def _listing(
    visit: Visit, title: str, source: str, *values: object, path: str, category: Row | None = None, text: str = ""
) -> Response:
    """Twelve cards a page of what a source holds, in the order that the URL asks for."""
    order = visit.query("product_list_order")
    order = order if order in _ORDERS else "position"
    direction = "desc" if visit.query("product_list_dir") == "desc" else "asc"
    total = int(visit.db.value(f"select count(*) from product p {source}", *values))
    pages = max(1, -(-total // _PER_PAGE))
    number = to_int(visit.query("p"), low=1, high=pages, default=1)
    sql = ", ".join(f"{part} {direction}" for part in _ORDERS[order][1].split(", "))
    cards = visit.db.all(
        f"{_CARD} {source} order by {sql} limit ? offset ?", *values, _PER_PAGE, (number - 1) * _PER_PAGE
    )
    return page(
        visit,
        "listing.html",
        title=title,
        orders={key: text for key, (text, _) in _ORDERS.items()},
        order=order,
        direction=direction,
        cards=cards,
        total=total,
        pages=pages,
        number=number,
        path=path,
        query={**visit.request.query_params},
        category=category,
        text=text,
    )


def search(visit: Visit) -> Response:
    """Counts the search, as the back office reports it."""
    text = visit.query("q")[:100]
    words = [f'"{word}"' for word in re.findall(r"\w+", text)[:12]]
    source = (
        f"where {_SHOWN.format('3, 4')} and p.id in (select rowid from product_search where product_search match ?)"
    )
    match = " AND ".join(words) or '""'
    title = f"Search results for: '{text}'"
    if words and visit.query("p") == "":
        found = visit.db.value(f"select count(*) from product p {source}", match)
        visit.db.run(
            "insert into search_term (query, results, uses, updated_at) values (?1, ?2, 1, ?3)"
            " on conflict (query) do update set uses = uses + 1, results = ?2, updated_at = ?3",
            text.lower(),
            found,
            visit.tick(),
        )
    return _listing(visit, title, source, match, path="/catalogsearch/result/", text=text)


def by_path(visit: Visit) -> Response:
    path = visit.request.path_params["path"]
    category = visit.db.one("select * from category where path = ?", path)
    if category is not None:
        source = (
            f"where {_SHOWN.format('2, 4')} and p.id in (select product from product_category k join category c"
            " on c.id = k.category where c.id = ? or c.path like ? || '/%')"
        )
        found = (category["id"], category["path"])
        return _listing(visit, category["name"], source, *found, path=f"/{path}.html", category=category)
    product = visit.db.one(f"{_CARD} where p.slug = ? and p.status = 1 and p.visibility > 1", path)
    return missing(visit) if product is None else _product(visit, product, {}, {})


def _product(visit: Visit, product: Row, draft: dict[str, str], errors: dict[str, str]) -> Response:
    db, number = visit.db, product["id"]
    if visit.request.method == "GET":
        day = f"{visit.now:%Y-%m-%d}"
        db.run(
            "insert into product_view values (?, ?, 1) on conflict (product, day) do update set views = views + 1",
            number,
            day,
        )
    variants = db.all("select * from product where parent = ? and status = 1 order by id", number)
    shelf = db.one(
        "select c.* from category c join product_category k on k.category = c.id where k.product = ?"
        " order by c.id desc",
        number,
    )
    related = db.all(
        f"{_CARD} where {_SHOWN.format('2, 4')} and p.id != ?3 and p.id in"
        " (select k.product from product_category k join category c on c.id = k.category"
        " where c.id = ?1 or c.parent = ?2)"
        " order by p.id % 7, p.id limit 4",
        shelf["id"] if shelf else 0,
        shelf["parent"] if shelf else 0,
        number,
    )
    return page(
        visit,
        "product.html",
        status_code=422 if errors else 200,
        product=product,
        variants=variants,
        stock={(variant["size"], variant["color"]): variant for variant in variants},
        size_names={variant["size"]: SIZES[variant["size"]] for variant in variants if variant["size"]},
        colour_names={variant["color"]: COLOURS[variant["color"]] for variant in variants if variant["color"]},
        own_colour=COLOURS.get(product["color"] or 0, ""),
        reviews=db.all("select * from review where product = ? and status_id = 1 order by id desc", number),
        shelf=shelf,
        related=related,
        draft=draft,
        errors=errors,
    )


def post_review(visit: Visit) -> Response:
    """A visitor's review waits for approval."""
    product = visit.db.one(f"{_CARD} where p.id = ? and p.status = 1 and p.visibility > 1", visit.path_id())
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


def own_page(visit: Visit) -> Response:
    row = visit.db.one(
        "select * from cms_page where identifier = ? and is_active = 1", visit.request.path_params["path"].rstrip("/")
    )
    return missing(visit) if row is None else page(visit, "page.html", title=row["title"], text=row)


def missing(visit: Visit) -> Response:
    """The page that the back office keeps for this, where it is enabled."""
    row = visit.db.one("select * from cms_page where identifier = 'no-route' and is_active = 1")
    if row is None:
        return visit.not_found()
    return page(visit, "page.html", status_code=404, title=row["title"], text=row)


def routes() -> Routes:
    return {
        "/": (home, None),
        "/catalogsearch/result/": (search, None),
        "/catalogsearch/result/index/": (search, None),
        "/review/product/post/id/{number}/": (None, post_review),
    }
