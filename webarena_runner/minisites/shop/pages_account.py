"""Signing in and out, the account pages, order history, newsletter."""

from starlette.responses import Response

from webarena_runner.minisites._numbers import to_int
from webarena_runner.minisites.shop import cart, customers, orders
from webarena_runner.minisites.shop.cart import CartError
from webarena_runner.minisites.shop.pages_cart import is_email
from webarena_runner.minisites.shop.visit import Visit

ACCOUNT = "/customer/account/"
ORDERS_PER_PAGE = 10
SHORTEST_PASSWORD = 8


def _safe_next(path: str) -> str:
    """A path of this site to go to after signing in; anything else becomes the account page."""
    is_local = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if is_local else ACCOUNT


def login(visit: Visit) -> Response:
    if visit.customer_id:
        return visit.redirect(ACCOUNT)
    return visit.page("login.html", next=visit.request.query_params.get("next", ""), email="")


def post_login(visit: Visit) -> Response:
    email, password = visit.field("email"), visit.form.get("password")
    customer = customers.check_password(visit.db, email, password) if isinstance(password, str) else None
    if customer is None:
        visit.error("The email or the password is not right. Please try again.")
        return visit.page("login.html", status_code=401, next=visit.field("next"), email=email)
    visit.sign_in(customer)
    return visit.redirect(_safe_next(visit.field("next")))


def logout(visit: Visit) -> Response:
    visit.sign_out()
    visit.notice("You are signed out.")
    return visit.redirect("/")


def create(visit: Visit) -> Response:
    return visit.page("create.html", values=dict.fromkeys(("first_name", "last_name", "email"), ""), errors={})


def post_create(visit: Visit) -> Response:
    values = {name: visit.field(name)[:200] for name in ("first_name", "last_name", "email")}
    password, again = visit.field("password"), visit.field("password_again")
    errors = {name: "This is a required field." for name, text in values.items() if not text}
    if values["email"] and not is_email(values["email"]):
        errors["email"] = "Please enter a valid email address."
    elif visit.db.one("select 1 from customer where email = ?", values["email"]):
        errors["email"] = "There is already an account with this email address."
    if len(password) < SHORTEST_PASSWORD:
        errors["password"] = f"At least {SHORTEST_PASSWORD} characters, please."
    elif password != again:
        errors["password_again"] = "The two passwords differ."
    if errors:
        return visit.page("create.html", status_code=422, values=values, errors=errors)
    visit.sign_in(customers.create_customer(visit.db, **values, password=password, now=orders.tick(visit.db)))
    visit.notice("Thank you for registering with Larkfield Market.")
    return visit.redirect(ACCOUNT)


def dashboard(visit: Visit) -> Response:
    latest = visit.db.all("select * from sales_order where customer = ? order by id desc limit 5", visit.customer_id)
    customer = visit.customer() or {}
    billing, shipping = (
        visit.db.one("select * from address where id = ?", customer.get(f"{kind}_address"))
        for kind in ("billing", "shipping")
    )
    return visit.page("account.html", orders=latest, billing=billing, shipping=shipping)


def edit(visit: Visit) -> Response:
    return visit.page("account_edit.html", errors={})


def post_edit(visit: Visit) -> Response:
    names = {name: visit.field(name)[:100] for name in ("first_name", "last_name")}
    errors = {name: "This is a required field." for name, text in names.items() if not text}
    new, customer = visit.field("new_password"), visit.customer() or {}
    if new and customers.check_password(visit.db, customer.get("email", ""), visit.field("password")) is None:
        errors["password"] = "This is not your current password."
    elif new and len(new) < SHORTEST_PASSWORD:
        errors["new_password"] = f"At least {SHORTEST_PASSWORD} characters, please."
    if errors or visit.customer_id is None:
        return visit.page("account_edit.html", status_code=422, errors=errors)
    visit.db.run("update customer set first_name = ?, last_name = ? where id = ?", *names.values(), visit.customer_id)
    if new:
        customers.set_password(visit.db, visit.customer_id, new)
    visit.notice("You saved the account information.")
    return visit.redirect(ACCOUNT)


def history(visit: Visit) -> Response:
    total = visit.db.value("select count(*) from sales_order where customer = ?", visit.customer_id)
    pages = max(1, -(-total // ORDERS_PER_PAGE))
    page = to_int(visit.request.query_params.get("p"), low=1, high=pages, default=1)
    rows = visit.db.all(
        "select * from sales_order where customer = ? order by id desc limit ? offset ?",
        visit.customer_id,
        ORDERS_PER_PAGE,
        (page - 1) * ORDERS_PER_PAGE,
    )
    return visit.page("orders.html", orders=rows, page=page, pages=pages, total=total)


def order(visit: Visit) -> Response:
    row = visit.db.one("select * from sales_order where id = ? and customer = ?", visit.path_id(), visit.customer_id)
    if row is None:
        visit.error("There is no such order in your account.")
        return visit.redirect("/sales/order/history/")
    items = visit.db.all(
        "select i.*, p.slug from order_item i left join product p on p.id = i.product"
        " where i.sales_order = ? order by i.id",
        row["id"],
    )
    return visit.page("order.html", order=row, items=items)


def reorder(visit: Visit) -> Response:
    """Puts the items of an earlier order into the cart."""
    order_id = visit.path_id()
    if visit.db.one("select 1 from sales_order where id = ? and customer = ?", order_id, visit.customer_id) is None:
        return visit.redirect("/sales/order/history/")
    for item in visit.db.all("select * from order_item where sales_order = ? order by id", order_id):
        product = visit.db.one("select * from product where id = ?", item["product"])
        try:
            if product:
                cart.add(visit.db, visit.cart_owner, product, item["qty"], item["choices"])
        except CartError as refused:
            visit.error(str(refused))
    return visit.redirect("/checkout/cart/")


def own_reviews(visit: Visit) -> Response:
    rows = visit.db.all(
        "select r.*, p.name, p.slug from review r join product p on p.id = r.product where r.customer = ?"
        " order by r.created_at desc",
        visit.customer_id,
    )
    return visit.page("own_reviews.html", reviews=rows)


def newsletter(visit: Visit) -> Response:
    return visit.page("newsletter.html")


def post_newsletter(visit: Visit) -> Response:
    wanted = bool(visit.field("is_subscribed"))
    visit.db.run("update customer set newsletter = ? where id = ?", int(wanted), visit.customer_id)
    visit.notice("We have saved your subscription." if wanted else "We have removed your subscription.")
    return visit.redirect(ACCOUNT)


def subscribe_guest(visit: Visit) -> Response:
    """The sign-up field in the footer; it subscribes the account that has this address, too."""
    email = visit.field("email")[:200]
    if not is_email(email):
        visit.error("Please enter a valid email address for the newsletter.")
        return visit.back()
    visit.db.run("insert or ignore into newsletter_guest values (?)", email)
    visit.db.run("update customer set newsletter = 1 where email = ? and id = ?", email, visit.customer_id)
    visit.notice("Thank you for your subscription.")
    return visit.back()
