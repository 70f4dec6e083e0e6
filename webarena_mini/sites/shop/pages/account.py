"""The account pages: dashboard, name and password, own reviews, newsletter."""

from starlette.responses import Response

from webarena_mini.kit.addresses import is_email
from webarena_mini.sites.shop.domain import customers, recent
from webarena_mini.sites.shop.pages.signin import ACCOUNT, LONGEST, password_errors
from webarena_mini.sites.shop.pages.visit import Visit


def dashboard(visit: Visit) -> Response:
    latest = visit.db.all("select * from sales_order where customer = ? order by id desc limit 5", visit.customer_id)
    customer = visit.customer() or {}
    billing, shipping = (
        visit.db.one("select * from address where id = ?", customer.get(f"{kind}_address"))
        for kind in ("billing", "shipping")
    )
    return visit.page("account.html", orders=latest, billing=billing, shipping=shipping)


def edit(visit: Visit) -> Response:
    customer = visit.customer() or {}
    values = {name: customer[name] for name in ("first_name", "last_name", "email")}
    return visit.page("account_edit.html", values=values, errors={})


def post_edit(visit: Visit) -> Response:
    """A new name needs nothing else; a new email or password needs the current password."""
    values = {name: visit.field(name)[:LONGEST] for name in ("first_name", "last_name", "email")}
    customer, new = visit.customer() or {}, visit.field("new_password")
    errors = {name: "This is a required field." for name, text in values.items() if not text}
    if values["email"] and not is_email(values["email"]):
        errors["email"] = "Please enter a valid email address."
    elif customers.is_taken(visit.db, values["email"], visit.customer_id):
        errors["email"] = "There is already an account with this email address."
    if new or visit.field("password_again"):
        errors |= password_errors(new, visit.field("password_again"), "new_password")
    needs_password = bool(new) or values["email"] != customer["email"]
    if needs_password and customers.check_password(visit.db, customer["email"], visit.field("password")) is None:
        errors["password"] = "This is not your current password."
    if errors or visit.customer_id is None:
        return visit.page("account_edit.html", refused=True, values=values, errors=errors)
    customers.rename(visit.db, visit.customer_id, **values)
    if new:
        customers.set_password(visit.db, visit.customer_id, new)
    visit.notice("You saved the account information.")
    return visit.redirect(ACCOUNT)


def own_reviews(visit: Visit) -> Response:
    rows = visit.db.all(
        "select r.*, p.name, p.slug from review r join product p on p.id = r.product where r.customer = ?"
        " order by r.created_at desc",
        visit.customer_id,
    )
    return visit.page("own_reviews.html", reviews=rows, waiting=recent.unreviewed(visit.db, visit.customer_id))


def newsletter(visit: Visit) -> Response:
    return visit.page("newsletter.html")


def post_newsletter(visit: Visit) -> Response:
    wanted = bool(visit.field("is_subscribed"))
    if visit.customer_id is not None:
        customers.set_newsletter(visit.db, visit.customer_id, wanted=wanted)
    visit.notice("We have saved your subscription." if wanted else "We have removed your subscription.")
    return visit.redirect(ACCOUNT)


def subscribe_guest(visit: Visit) -> Response:
    """The sign-up field in the footer; it subscribes the account that has this address, too."""
    email = visit.field("email")[:LONGEST]
    if not is_email(email):
        visit.error("Please enter a valid email address for the newsletter.")
        return visit.back()
    visit.db.run("insert or ignore into newsletter_guest values (?)", email)
    visit.db.run("update customer set newsletter = 1 where email = ? and id = ?", email, visit.customer_id)
    visit.notice("Thank you for your subscription.")
    return visit.back()
