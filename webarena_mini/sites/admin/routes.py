"""All addresses of the back office and the storefront."""

import functools
from itertools import chain

from starlette.routing import BaseRoute, Route

from webarena_mini.sites.admin.pages import (
    addresses,
    categories,
    cms,
    configurations,
    customers,
    entry,
    lists,
    orders,
    papers,
    products,
    reports,
    reviews,
    rules,
    search,
    store,
)
from webarena_mini.sites.admin.pages.media import product_image, static_file
from webarena_mini.sites.admin.pages.routing import endpoint, table


@functools.cache
def routes() -> tuple[BaseRoute, ...]:
    """Routes hold no state, so all instances share them."""
    office = (
        entry,
        search,
        lists,
        orders,
        papers,
        products,
        configurations,
        categories,
        customers,
        addresses,
        reviews,
        cms,
        rules,
        reports,
    )
    anyone = {**store.routes(), **entry.open_routes()}
    inside = dict(chain.from_iterable(views.routes().items() for views in office))
    return (
        *table(anyone, signed_in=False),
        *table(inside, signed_in=True),
        Route("/media/{slug}.svg", product_image),
        Route("/static/admin/{name}", static_file),
        Route("/admin/{path:path}", endpoint(entry.elsewhere, None, signed_in=True)),
        Route("/{path:path}.html", endpoint(store.by_path, None, signed_in=False)),
        Route("/{path:path}", endpoint(store.own_page, None, signed_in=False)),
    )
