"""Contact form and the pages of plain text."""

from starlette.responses import Response

from webarena_mini.kit.addresses import is_email
from webarena_mini.sites.shop.domain import orders
from webarena_mini.sites.shop.domain.content import info_pages
from webarena_mini.sites.shop.pages.visit import Visit


def contact(visit: Visit) -> Response:
    customer = visit.customer()
    values = {
        "name": f"{customer['first_name']} {customer['last_name']}" if customer else "",
        "email": customer["email"] if customer else "",
        "phone": "",
        "comment": "",
    }
    return visit.page("contact.html", values=values, errors={})


def post_contact(visit: Visit) -> Response:
    values = {name: visit.field(name)[:5_000] for name in ("name", "email", "phone", "comment")}
    errors = {name: "This is a required field." for name in ("name", "email", "comment") if not values[name]}
    if values["email"] and not is_email(values["email"]):
        errors["email"] = "Please enter a valid email address."
    if errors:
        return visit.page("contact.html", refused=True, values=values, errors=errors)
    visit.db.insert("contact_message", **values, created_at=orders.tick(visit.db))
    visit.notice("Thanks for your message. We will answer within one working day.")
    return visit.redirect("/contact/")


def info(visit: Visit) -> Response:
    slug = visit.request.url.path.strip("/")
    titles = {path: page.title for path, page in info_pages().items()}
    return visit.page("info.html", info=info_pages()[slug], slug=slug, titles=titles)
