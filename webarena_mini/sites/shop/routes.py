"""Addresses of the shop, in the shapes that benchmark tasks and evaluators expect."""

import functools
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_mini.kit.redirects import address_of
from webarena_mini.sites.shop.domain.content import info_pages
from webarena_mini.sites.shop.pages import (
    account,
    addresses,
    cart,
    catalogue,
    checkout,
    contact,
    media,
    orders,
    rest,
    search,
    signin,
    wishes,
)
from webarena_mini.sites.shop.pages.visit import Visit

Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

OPEN: dict[str, tuple[Handler | None, Handler | None]] = {
    "/catalogsearch/result": (search.search, None),
    "/catalogsearch/result/index": (search.search, None),
    "/catalogsearch/advanced": (search.advanced, None),
    "/catalogsearch/advanced/result": (search.advanced_results, None),
    "/search/term/popular": (search.popular_terms, None),
    "/review/product/post/id/{number}": (catalogue.review_form, catalogue.post_review),
    "/checkout/cart": (cart.show, cart.update),
    "/checkout/cart/add/product/{number}": (None, cart.add),
    "/checkout": (checkout.checkout, checkout.place_order),
    "/checkout/onepage/success": (checkout.success, None),
    "/customer/account/login": (signin.login, signin.post_login),
    "/customer/account/logout": (signin.logout, None),
    "/customer/account/create": (signin.create, signin.post_create),
    "/customer/account/forgotpassword": (signin.forgot, signin.post_forgot),
    "/newsletter/subscriber/new": (None, account.subscribe_guest),
    "/sales/guest/form": (orders.guest_form, orders.post_guest_form),
    "/sales/guest/view": (orders.guest_order, None),
    "/contact": (contact.contact, contact.post_contact),
}
SIGNED_IN: dict[str, tuple[Handler | None, Handler | None]] = {
    "/customer/account": (account.dashboard, None),
    "/customer/account/edit": (account.edit, account.post_edit),
    "/customer/address": (addresses.address_book, None),
    "/customer/address/new": (addresses.address_form, addresses.post_address),
    "/customer/address/edit/id/{number}": (addresses.address_form, addresses.post_address),
    "/customer/address/delete": (None, addresses.delete_address),
    "/newsletter/manage": (account.newsletter, account.post_newsletter),
    "/review/customer": (account.own_reviews, None),
    "/sales/order/history": (orders.history, None),
    "/sales/order/view/order_id/{number}": (orders.order, None),
    "/sales/order/reorder/order_id/{number}": (None, orders.reorder),
    "/wishlist": (wishes.wish_list, None),
    "/wishlist/index/add/product/{number}": (None, wishes.add),
    "/wishlist/index/remove/product/{number}": (None, wishes.remove),
    "/wishlist/index/cart/product/{number}": (None, wishes.to_cart),
    "/wishlist/index/update": (None, wishes.update),
    "/wishlist/index/allcart": (None, wishes.all_to_cart),
}


def _endpoint(on_get: Handler | None, on_post: Handler | None, *, signed_in: bool) -> Endpoint:
    async def respond(request: Request) -> Response:
        posted = request.method == "POST"
        # The body is awaited before the database is touched: from here to the answer nothing else runs.
        form = await request.form() if posted else FormData()
        visit = Visit(request, form)
        handler = on_post if posted else on_get
        if handler is None:
            return visit.close(visit.not_found())
        if signed_in and visit.customer_id is None:
            if posted:
                visit.error("Please sign in first.")
            target = visit.came_from("/customer/account/") if posted else address_of(request)
            return visit.close(visit.redirect(f"/customer/account/login/?next={quote(target)}"))
        if posted and not visit.form_is_ours:
            visit.error("This form has expired. Please try again.")
            return visit.close(visit.back())
        refused = None if posted else visit.take_refused()
        return visit.close(refused or handler(visit))

    return respond


@functools.cache
def routes() -> tuple[BaseRoute, ...]:
    """Every address with and without a trailing slash; routes hold no state, so all instances share them."""
    found: list[BaseRoute] = [Route("/", _endpoint(catalogue.home, None, signed_in=False))]
    for table, signed_in in ((OPEN, False), (SIGNED_IN, True)):
        for path, (on_get, on_post) in table.items():
            endpoint = _endpoint(on_get, on_post, signed_in=signed_in)
            found += [Route(path + end, endpoint, methods=["GET", "POST"]) for end in ("", "/")]
    info = _endpoint(contact.info, None, signed_in=False)
    found += [Route(f"/{slug}{end}", info) for slug in info_pages() for end in ("", "/")]
    for store in ("", "/default"):
        prefix = f"/rest{store}/V1"
        found += [
            Route(f"{prefix}/integration/admin/token", rest.admin_token, methods=["POST"]),
            Route(f"{prefix}/orders", rest.orders),
            Route(f"{prefix}/products/{{sku}}/reviews", rest.reviews),
        ]
    found += [
        Route("/media/catalog/product/{slug}.jpg", media.product_image),
        Route("/static/shop/{name}", media.static_file),
        Route("/{path:path}.html", _endpoint(catalogue.by_path, None, signed_in=False)),
    ]
    return tuple(found)
