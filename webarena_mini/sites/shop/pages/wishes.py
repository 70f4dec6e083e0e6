"""The wish list."""

from starlette.responses import Response

from webarena_mini.kit.numbers import to_int
from webarena_mini.sites.shop.domain import cart, wishes
from webarena_mini.sites.shop.domain.cart import MOST_PER_LINE, CartError, ChoiceMissing
from webarena_mini.sites.shop.pages.visit import Visit

LIST = "/wishlist/"


def wish_list(visit: Visit) -> Response:
    return visit.page("wishlist.html", products=wishes.rows(visit.db, visit.customer_id))


def add(visit: Visit) -> Response:
    product = visit.db.one("select id, name from product where id = ?", visit.path_id())
    if product is None:
        return visit.not_found()
    wishes.add(visit.db, visit.customer_id, product["id"])
    visit.notice(f"{product['name']} has been added to your Wish List.")
    return visit.redirect(LIST)


def remove(visit: Visit) -> Response:
    wishes.remove(visit.db, visit.customer_id, visit.path_id())
    visit.notice("The item has been removed from your Wish List.")
    return visit.redirect(LIST)


def update(visit: Visit) -> Response:
    """Stores quantity and note of each entry that the form has."""
    for row in wishes.rows(visit.db, visit.customer_id):
        number = row["wish"]
        if f"qty_{number}" not in visit.form:
            continue
        qty = to_int(visit.field(f"qty_{number}"), low=0, high=MOST_PER_LINE, default=0)
        if not qty:
            visit.error(f"Please enter a whole number as quantity of {row['name']}.")
            qty = row["qty"]
        wishes.change(visit.db, visit.customer_id, number, qty=qty, note=visit.field(f"note_{number}"))
    visit.notice("Your Wish List has been updated.")
    return visit.redirect(LIST)


def to_cart(visit: Visit) -> Response:
    """Moves a wish into the cart; one that must be configured first leads to its own page."""
    product = visit.db.one("select * from product where id = ?", visit.path_id())
    if product is None:
        return visit.not_found()
    wished = {row["id"]: row["qty"] for row in wishes.rows(visit.db, visit.customer_id)}
    try:
        _move(visit, product["id"], wished.get(product["id"], 1))
    except ChoiceMissing as missing:
        visit.error(str(missing))
        return visit.redirect(f"/{product['slug']}.html")
    except CartError as refused:
        visit.error(str(refused))
        return visit.redirect(LIST)
    visit.notice(f"You added {product['name']} to your", link="/checkout/cart/", link_text="shopping cart")
    return visit.redirect(LIST)


def _move(visit: Visit, number: int, qty: int) -> None:
    """Raises CartError, and leaves the wish where it is, when the product cannot be put into the cart as it is."""
    product = visit.db.one("select * from product where id = ?", number)
    if product is None:
        return
    cart.add(visit.db, visit.cart_owner, product, qty, cart.choice_text(visit.db, number, {}))
    wishes.remove(visit.db, visit.customer_id, number)


def all_to_cart(visit: Visit) -> Response:
    """Moves what can be moved, and says of the rest why it stays."""
    moved = 0
    for row in wishes.rows(visit.db, visit.customer_id):
        try:
            _move(visit, row["id"], row["qty"])
            moved += 1
        except ChoiceMissing as missing:
            visit.error(f"{row['name']}: {missing}")
        except CartError as refused:
            visit.error(str(refused))
    if moved:
        text = f"You added {moved} item{'' if moved == 1 else 's'} to your"
        visit.notice(text, link="/checkout/cart/", link_text="shopping cart")
    return visit.redirect(LIST)
