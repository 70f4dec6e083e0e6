"""Signing in and out, new accounts, forgotten passwords."""

from starlette.responses import Response

from webarena_mini.kit.addresses import is_email
from webarena_mini.kit.redirects import is_local
from webarena_mini.sites.shop.domain import customers, orders
from webarena_mini.sites.shop.pages.visit import Visit

ACCOUNT = "/customer/account/"
LONGEST = 200
SHORTEST_PASSWORD = 8


def login(visit: Visit) -> Response:
    target = _target(visit.request.query_params.get("next", ""))
    return visit.redirect(target) if visit.customer_id else visit.page("login.html", next=target, email="")


def post_login(visit: Visit) -> Response:
    email, password = visit.field("email")[:LONGEST], visit.form.get("password")
    target = _target(visit.field("next"))
    customer = customers.check_password(visit.db, email, password) if isinstance(password, str) else None
    if customer is None:
        visit.error("The email or the password is not right. Please try again.")
        return visit.page("login.html", refused=True, next=target, email=email)
    visit.sign_in(customer)
    return visit.redirect(target)


def _target(path: str) -> str:
    """A path of this site to go to after signing in; anything else becomes the account page."""
    return path if is_local(path) and len(path) <= LONGEST else ACCOUNT


def logout(visit: Visit) -> Response:
    visit.sign_out()
    visit.notice("You are signed out.")
    return visit.redirect("/")


def create(visit: Visit) -> Response:
    if visit.customer_id:
        return visit.redirect(ACCOUNT)
    return visit.page("create.html", values=dict.fromkeys(("first_name", "last_name", "email"), ""), errors={})


def post_create(visit: Visit) -> Response:
    values = {name: visit.field(name)[:LONGEST] for name in ("first_name", "last_name", "email")}
    errors = {name: "This is a required field." for name, text in values.items() if not text}
    if values["email"] and not is_email(values["email"]):
        errors["email"] = "Please enter a valid email address."
    elif customers.is_taken(visit.db, values["email"], None):
        errors["email"] = "There is already an account with this email address."
    errors |= password_errors(visit.field("password"), visit.field("password_again"), "password")
    if errors:
        return visit.page("create.html", refused=True, values=values, errors=errors)
    customer = customers.create_customer(
        visit.db, **values, password=visit.field("password"), now=orders.tick(visit.db)
    )
    if visit.field("is_subscribed"):
        customers.set_newsletter(visit.db, customer, wanted=True)
    visit.sign_in(customer)
    visit.notice("Thank you for registering with Larkfield Market.")
    return visit.redirect(ACCOUNT)


def password_errors(password: str, again: str, field: str) -> dict[str, str]:
    """What is wrong with a new password, by field name; its repetition is the field `password_again`."""
    if len(password) < SHORTEST_PASSWORD:
        return {field: f"At least {SHORTEST_PASSWORD} characters, please."}
    return {} if password == again else {"password_again": "The two passwords differ."}


def forgot(visit: Visit) -> Response:
    return visit.page("forgot.html", email="", errors={})


def post_forgot(visit: Visit) -> Response:
    """Says the same whether there is such an account or not. No mail leaves this shop."""
    email = visit.field("email")[:LONGEST]
    if not is_email(email):
        errors = {"email": "Please enter a valid email address."}
        return visit.page("forgot.html", refused=True, email=email, errors=errors)
    visit.notice(f"If there is an account for {email}, a message with a link to a new password is on its way.")
    return visit.redirect("/customer/account/login/")
