"""All addresses of the back office and the storefront, without and with a slash at the end."""

from functools import cache, partial

from starlette.routing import BaseRoute, Route

from webarena_mini.sites.admin.domain import grids
from webarena_mini.sites.admin.domain.reports import REPORTS
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
from webarena_mini.sites.admin.pages.lists import grid_page
from webarena_mini.sites.admin.pages.media import product_image, static_file
from webarena_mini.sites.admin.pages.routing import Routes, endpoint, table

OPEN: Routes = {
    "/": (store.home, None),
    "/catalogsearch/result/": (store.search, None),
    "/catalogsearch/result/index/": (store.search, None),
    "/review/product/post/id/{number}/": (store.review_address, store.post_review),
    "/admin/": (entry.login, entry.post_login),
    "/admin/auth/login/": (entry.login, entry.post_login),
}
SIGNED_IN: Routes = {
    "/admin/auth/logout/": (entry.logout, entry.logout),
    "/admin/admin/auth/logout/": (entry.logout, entry.logout),
    "/admin/dashboard/": (entry.dashboard, None),
    "/admin/admin/dashboard/": (entry.dashboard, None),
    "/admin/search/": (search.search, None),
    **{grid.path: (partial(grid_page, grid=grid), None) for grid in grids.PLAIN},
    "/admin/search/term/": (partial(grid_page, grid=grids.SEARCH_TERMS), None),
    "/admin/search/term/massDelete/": (None, lists.delete_terms),
    "/admin/admin/system_design_theme/edit/id/{number}/": (lists.theme, None),
    "/admin/admin/system_design_theme/edit/id/{number}/key/{key}/": (lists.theme, None),
    "/admin/sales/order/cancel/order_id/{number}/": (None, partial(orders.change, what="cancel")),
    "/admin/sales/order/hold/order_id/{number}/": (None, partial(orders.change, what="hold")),
    "/admin/sales/order/unhold/order_id/{number}/": (None, partial(orders.change, what="unhold")),
    "/admin/sales/order/": (partial(grid_page, grid=grids.ORDERS), None),
    "/admin/sales/order/index/": (partial(grid_page, grid=grids.ORDERS), None),
    "/admin/sales/order/massAction/": (None, orders.mass_action),
    "/admin/sales/order/view/order_id/{number}/": (orders.view, None),
    "/admin/sales/order/commentsHistory/order_id/{number}/": (orders.history, None),
    "/admin/sales/order/commentsHistory/order_id/{number}/active_tab/{tab}/": (orders.history, None),
    "/admin/sales/order/addComment/order_id/{number}/": (None, orders.comment),
    "/admin/sales/order/address/address_id/{number}/": (orders.address, orders.post_address),
    "/admin/sales/order_invoice/start/order_id/{number}/": (papers.new_invoice, papers.post_invoice),
    "/admin/sales/order_creditmemo/start/order_id/{number}/": (papers.new_memo, papers.post_memo),
    "/admin/sales/invoice/view/invoice_id/{number}/": (papers.view_invoice, None),
    "/admin/sales/creditmemo/view/creditmemo_id/{number}/": (papers.view_memo, None),
    "/admin/sales/shipment/view/shipment_id/{number}/": (papers.view_shipment, papers.post_track),
    "/admin/admin/order_shipment/view/shipment_id/{number}/": (papers.view_shipment, papers.post_track),
    "/admin/sales/invoice/addComment/id/{number}/": (None, partial(papers.comment, kind="invoice")),
    "/admin/sales/credit_memo/addComment/id/{number}/": (None, partial(papers.comment, kind="credit_memo")),
    "/admin/sales/shipment/addComment/id/{number}/": (None, partial(papers.comment, kind="shipment")),
    "/admin/admin/order_shipment/start/order_id/{number}/": (papers.new_shipment, papers.post_shipment),
    "/admin/admin/order_shipment/new/order_id/{number}/": (papers.new_shipment, papers.post_shipment),
    "/admin/sales/shipment/track/delete/{number}/": (None, papers.delete_track),
    "/admin/catalog/product/": (partial(grid_page, grid=grids.PRODUCTS), None),
    "/admin/catalog/product/index/": (partial(grid_page, grid=grids.PRODUCTS), None),
    "/admin/catalog/product/massAction/": (None, products.mass_action),
    "/admin/catalog/product/edit/id/{number}/": (products.edit, products.save),
    "/admin/catalog/product/delete/id/{number}/": (None, products.delete),
    "/admin/catalog/product/new/": (products.new, products.create),
    "/admin/catalog/product/new/set/{set}/type/{type}/": (products.new, products.create),
    "/admin/catalog/product/configurations/id/{number}/": (
        configurations.configurations,
        configurations.post_configurations,
    ),
    "/admin/catalog/category/": (categories.tree, None),
    "/admin/catalog/category/index/": (categories.tree, None),
    "/admin/catalog/category/edit/id/{number}/": (categories.edit, categories.save),
    "/admin/customer/": (partial(grid_page, grid=grids.CUSTOMERS), None),
    "/admin/customer/index/": (partial(grid_page, grid=grids.CUSTOMERS), None),
    "/admin/customer/index/massAction/": (None, customers.mass_action),
    "/admin/customer/index/edit/id/{number}/": (customers.edit, customers.save),
    "/admin/customer/index/new/": (customers.new, customers.create),
    "/admin/customer/index/delete/id/{number}/": (None, customers.delete),
    "/admin/customer/address/edit/id/{number}/": (addresses.edit, addresses.save),
    "/admin/customer/address/new/customer_id/{number}/": (addresses.new, addresses.create),
    "/admin/customer/address/delete/id/{number}/": (None, addresses.delete),
    "/admin/review/product/": (partial(grid_page, grid=grids.REVIEWS), None),
    "/admin/review/product/index/": (partial(grid_page, grid=grids.REVIEWS), None),
    "/admin/review/product/massAction/": (None, reviews.mass_action),
    "/admin/review/product/pending/": (partial(grid_page, grid=grids.PENDING_REVIEWS), None),
    "/admin/review/product/edit/id/{number}/": (reviews.edit, reviews.save),
    "/admin/review/product/delete/id/{number}/": (None, reviews.delete),
    "/admin/cms/page/": (partial(grid_page, grid=grids.PAGES), None),
    "/admin/cms/page/massAction/": (None, cms.mass_action),
    "/admin/cms/page/edit/page_id/{number}/": (cms.edit, cms.save),
    "/admin/cms/page/new/": (cms.new, cms.save),
    "/admin/cms/page/delete/page_id/{number}/": (None, cms.delete),
    "/admin/sales_rule/promo_quote/": (partial(grid_page, grid=grids.RULES), None),
    "/admin/sales_rule/promo_quote/edit/id/{number}/": (rules.edit, rules.save),
    "/admin/sales_rule/promo_quote/new/": (rules.new, rules.save),
    "/admin/sales_rule/promo_quote/delete/id/{number}/": (None, rules.delete),
    **{report.path: (partial(reports.show, report=report), None) for report in REPORTS},
}


@cache
def routes() -> tuple[BaseRoute, ...]:
    """Routes hold no state, so all instances share them."""
    return (
        *table(OPEN, signed_in=False),
        *table(SIGNED_IN, signed_in=True),
        Route("/media/{slug}.svg", product_image),
        Route("/static/admin/{name}", static_file),
        Route("/admin/{path:path}", endpoint(entry.elsewhere, None, signed_in=True)),
        Route("/{path:path}.html", endpoint(store.by_path, None, signed_in=False)),
        Route("/{path:path}", endpoint(store.own_page, None, signed_in=False)),
    )
