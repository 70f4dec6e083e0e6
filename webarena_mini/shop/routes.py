"""Addresses of the shop, in the shapes that benchmark tasks and evaluators expect."""

import functools
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webarena_mini.shop import (
    media,
    pages_account,
    pages_addresses,
    pages_cart,
    pages_catalogue,
    pages_checkout,
    pages_contact,
    pages_orders,
    pages_search,
    pages_signin,
    pages_wishes,
    rest,
)
from webarena_mini.shop.content import info_pages
from webarena_mini.shop.visit import Visit

Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

OPEN: dict[str, tuple[Handler | None, Handler | None]] = {
    "/catalogsearch/result": (pages_search.search, None),
    "/catalogsearch/result/index": (pages_search.search, None),
    "/catalogsearch/advanced": (pages_search.advanced, None),
    "/catalogsearch/advanced/result": (pages_search.advanced_results, None),
    "/search/term/popular": (pages_search.popular_terms, None),
    "/review/product/post/id/{number}": (pages_catalogue.review_form, pages_catalogue.post_review),
    "/checkout/cart": (pages_cart.show, pages_cart.update),
    "/checkout/cart/add/product/{number}": (None, pages_cart.add),
    "/checkout": (pages_checkout.checkout, pages_checkout.place_order),
    "/checkout/onepage/success": (pages_checkout.success, None),
    "/customer/account/login": (pages_signin.login, pages_signin.post_login),
    "/customer/account/logout": (pages_signin.logout, None),
    "/customer/account/create": (pages_signin.create, pages_signin.post_create),
    "/customer/account/forgotpassword": (pages_signin.forgot, pages_signin.post_forgot),
    "/newsletter/subscriber/new": (None, pages_account.subscribe_guest),
    "/sales/guest/form": (pages_orders.guest_form, pages_orders.post_guest_form),
    "/sales/guest/view": (pages_orders.guest_order, None),
    "/contact": (pages_contact.contact, pages_contact.post_contact),
}
SIGNED_IN: dict[str, tuple[Handler | None, Handler | None]] = {
    "/customer/account": (pages_account.dashboard, None),
    "/customer/account/edit": (pages_account.edit, pages_account.post_edit),
    "/customer/address": (pages_addresses.address_book, None),
    "/customer/address/new": (pages_addresses.address_form, pages_addresses.post_address),
    "/customer/address/edit/id/{number}": (pages_addresses.address_form, pages_addresses.post_address),
    "/customer/address/delete": (None, pages_addresses.delete_address),
    "/newsletter/manage": (pages_account.newsletter, pages_account.post_newsletter),
    "/review/customer": (pages_account.own_reviews, None),
    "/sales/order/history": (pages_orders.history, None),
    "/sales/order/view/order_id/{number}": (pages_orders.order, None),
    "/sales/order/reorder/order_id/{number}": (None, pages_orders.reorder),
    "/wishlist": (pages_wishes.wish_list, None),
    "/wishlist/index/add/product/{number}": (None, pages_wishes.add),
    "/wishlist/index/remove/product/{number}": (None, pages_wishes.remove),
    "/wishlist/index/cart/product/{number}": (None, pages_wishes.to_cart),
    "/wishlist/index/update": (None, pages_wishes.update),
    "/wishlist/index/allcart": (None, pages_wishes.all_to_cart),
}


def _endpoint(on_get: Handler | None, on_post: Handler | None, *, signed_in: bool) -> Endpoint:
    async def respond(request: Request) -> Response:
        posted = request.method == "POST"
        # The body is awaited before the database is touched: from here to the answer nothing else runs.
        form = await request.form() if posted else FormData()
        visit = Visit(request, request.app.state.shop, form)
        handler = on_post if posted else on_get
        if handler is None:
            return visit.close(visit.not_found())
        if signed_in and visit.customer_id is None:
            if posted:
                visit.error("Please sign in first.")
            address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            target = visit.came_from("/customer/account/") if posted else address
            return visit.close(visit.redirect(f"/customer/account/login/?next={quote(target)}"))
        if posted and not visit.form_is_ours:
            visit.error("This form has expired. Please try again.")
            return visit.close(visit.back())
        return visit.close(handler(visit))

    return respond


@functools.cache
def routes() -> tuple[BaseRoute, ...]:
    """Every address with and without a trailing slash; routes hold no state, so all instances share them."""
    found: list[BaseRoute] = [Route("/", _endpoint(pages_catalogue.home, None, signed_in=False))]
    for table, signed_in in ((OPEN, False), (SIGNED_IN, True)):
        for path, (on_get, on_post) in table.items():
            endpoint = _endpoint(on_get, on_post, signed_in=signed_in)
            found += [Route(path + end, endpoint, methods=["GET", "POST"]) for end in ("", "/")]
    info = _endpoint(pages_contact.info, None, signed_in=False)
    found += [Route(f"/{slug}{end}", info) for slug in info_pages() for end in ("", "/")]
    for store in ("", "/default"):
        prefix = f"/rest{store}/V1"
        found += [
            Route(f"{prefix}/integration/admin/token", rest.admin_token, methods=["POST"]),
            Route(f"{prefix}/orders", rest.orders),
            Route(f"{prefix}/products/{{sku}}/reviews", rest.reviews),
        ]
    found += [
        Route("/media/catalog/product/{slug}.svg", media.product_image),
        Route("/static/shop/{name}", media.static_file),
        Route("/{path:path}.html", _endpoint(pages_catalogue.by_path, None, signed_in=False)),
    ]
    return tuple(found)
