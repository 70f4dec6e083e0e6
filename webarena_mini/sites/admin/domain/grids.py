"""The grids that the back office has."""

from dataclasses import replace

from webarena_mini.sites.admin.domain.content import (
    ATTRIBUTE_SETS,
    GROUPS,
    ORDER_STATUSES,
    REVIEW_STATUSES,
    RULE_ACTIONS,
    STATUSES,
    VISIBILITIES,
    WEBSITES,
)
from webarena_mini.sites.admin.domain.grid import Column, Grid

_YES_NO = {1: "Yes", 0: "No"}
_ON_OFF = {1: "Active", 0: "Inactive"}
_TYPES = {"simple": "Simple Product", "configurable": "Configurable Product"}
_STARS = {stars: f"{stars} star{'' if stars == 1 else 's'}" for stars in range(5, 0, -1)}
_STORE = Column("store", "Purchase Point", "1", "choice", {1: "Main Website"})
_BILLED = "(select first_name || ' ' || last_name from order_address where sales_order = o.id and kind = 'billing')"
_SHIPPED = "(select first_name || ' ' || last_name from order_address where sales_order = o.id and kind = 'shipping')"
_FIRST_ADDRESS = "(select {} from address where customer = c.id order by id limit 1)"
_ORDER_COLUMNS = (
    Column("order_number", "Order #", "o.increment_id"),
    Column("ordered_at", "Order Date", "o.created_at", "moment"),
    Column("billing_name", "Bill-to Name", _BILLED),
)


def _order_number(sql: str) -> tuple[str, ...]:
    return (sql, "o.increment_id", "o.customer_name")


ORDERS = Grid(
    title="Orders",
    path="/admin/sales/order/",
    source="sales_order o",
    id_sql="o.id",
    columns=(
        Column("increment_id", "ID", "o.increment_id"),
        _STORE,
        Column("created_at", "Purchase Date", "o.created_at", "moment"),
        Column("billing_name", "Bill-to Name", _BILLED),
        Column("shipping_name", "Ship-to Name", _SHIPPED),
        Column("base_total", "Grand Total (Base)", "o.total", "money"),
        Column("total", "Grand Total (Purchased)", "o.total", "money", filters=False),
        Column("status", "Status", "o.status", "choice", ORDER_STATUSES),
    ),
    order="increment_id",
    keywords=("o.increment_id", "o.customer_name", "o.email"),
    row_path="/admin/sales/order/view/order_id/{id}/",
    row_text="View",
    mass={"cancel": "Cancel", "hold": "Hold", "unhold": "Unhold"},
    mass_path="/admin/sales/order/massAction/",
)
INVOICES = Grid(
    title="Invoices",
    path="/admin/sales/invoice/",
    source="invoice i join sales_order o on o.id = i.sales_order",
    id_sql="i.id",
    columns=(
        Column("increment_id", "Invoice", "i.increment_id"),
        Column("created_at", "Invoice Date", "i.created_at", "moment"),
        *_ORDER_COLUMNS,
        Column("state", "Status", "i.state"),
        Column("total", "Grand Total (Purchased)", "i.total", "money"),
    ),
    order="increment_id",
    keywords=_order_number("i.increment_id"),
    row_path="/admin/sales/invoice/view/invoice_id/{id}/",
    row_text="View",
)
SHIPMENTS = Grid(
    title="Shipments",
    path="/admin/sales/shipment/",
    source="shipment s join sales_order o on o.id = s.sales_order",
    id_sql="s.id",
    columns=(
        Column("increment_id", "Shipment", "s.increment_id"),
        Column("created_at", "Ship Date", "s.created_at", "moment"),
        *_ORDER_COLUMNS,
        Column("qty", "Total Quantity", "s.qty", "number"),
    ),
    order="increment_id",
    keywords=_order_number("s.increment_id"),
    row_path="/admin/sales/shipment/view/shipment_id/{id}/",
    row_text="View",
)
CREDIT_MEMOS = Grid(
    title="Credit Memos",
    path="/admin/sales/creditmemo/",
    source="credit_memo m join sales_order o on o.id = m.sales_order",
    id_sql="m.id",
    columns=(
        Column("increment_id", "Credit Memo", "m.increment_id"),
        Column("created_at", "Created", "m.created_at", "moment"),
        *_ORDER_COLUMNS,
        Column("state", "Status", "m.state"),
        Column("total", "Refunded", "m.total", "money"),
    ),
    order="increment_id",
    keywords=_order_number("m.increment_id"),
    row_path="/admin/sales/creditmemo/view/creditmemo_id/{id}/",
    row_text="View",
)
PRODUCTS = Grid(
    title="Products",
    path="/admin/catalog/product/",
    source="product p",
    id_sql="p.id",
    columns=(
        Column("number", "ID", "p.id", "number"),
        Column("picture", "Thumbnail", "p.slug", "picture"),
        Column("name", "Name", "p.name"),
        Column("type", "Type", "p.type", "choice", _TYPES),
        Column("attribute_set", "Attribute Set", "p.attribute_set", "choice", ATTRIBUTE_SETS),
        Column("sku", "SKU", "p.sku"),
        Column("price", "Price", "p.price", "money"),
        Column("qty", "Quantity", "p.qty", "number"),
        Column("visibility", "Visibility", "p.visibility", "choice", VISIBILITIES),
        Column("status", "Status", "p.status", "choice", STATUSES),
        Column("updated_at", "Last Updated At", "p.updated_at", "moment"),
    ),
    order="number",
    descending=False,
    keywords=("p.name", "p.sku"),
    row_path="/admin/catalog/product/edit/id/{id}/",
    new=("Add Product", "/admin/catalog/product/new/set/4/type/simple/"),
    mass={"enable": "Enable", "disable": "Disable", "delete": "Delete"},
    mass_path="/admin/catalog/product/massAction/",
)
CUSTOMERS = Grid(
    title="Customers",
    path="/admin/customer/index/",
    source="customer c",
    id_sql="c.id",
    columns=(
        Column("number", "ID", "c.id", "number"),
        Column("name", "Name", "c.first_name || ' ' || c.last_name"),
        Column("email", "Email", "c.email"),
        Column("group_id", "Group", "c.group_id", "choice", {key: GROUPS[key] for key in (1, 2, 3)}),
        Column("phone", "Phone", _FIRST_ADDRESS.format("phone")),
        Column("postcode", "ZIP", _FIRST_ADDRESS.format("postcode")),
        Column("country", "Country", _FIRST_ADDRESS.format("country")),
        Column("region", "State/Province", _FIRST_ADDRESS.format("region")),
        Column("created_at", "Customer Since", "c.created_at", "moment"),
        Column("newsletter", "Newsletter", "c.newsletter", "choice", _YES_NO),
    ),
    order="number",
    descending=False,
    keywords=("c.first_name || ' ' || c.last_name", "c.email", _FIRST_ADDRESS.format("phone")),
    row_path="/admin/customer/index/edit/id/{id}/",
    new=("Add New Customer", "/admin/customer/index/new/"),
    mass={"delete": "Delete", "subscribe": "Subscribe to Newsletter", "unsubscribe": "Unsubscribe from Newsletter"},
    mass_path="/admin/customer/index/massAction/",
)
CUSTOMER_GROUPS = Grid(
    title="Customer Groups",
    path="/admin/customer/group/",
    source="customer_group g",
    id_sql="g.id",
    columns=(
        Column("number", "ID", "g.id", "number"),
        Column("code", "Group", "g.code"),
        Column("tax_class", "Tax Class", "g.tax_class"),
        Column("members", "Customers", "(select count(*) from customer where group_id = g.id)", "number"),
        Column("orders", "Orders", "(select count(*) from sales_order where group_id = g.id)", "number"),
    ),
    order="number",
    descending=False,
    keywords=("g.code",),
)
REVIEWS = Grid(
    title="Reviews",
    path="/admin/review/product/index/",
    source="review r join product p on p.id = r.product",
    id_sql="r.id",
    columns=(
        Column("number", "ID", "r.id", "number"),
        Column("created_at", "Created", "r.created_at", "moment"),
        Column("status", "Status", "r.status_id", "choice", REVIEW_STATUSES),
        Column("rating", "Rating", "r.stars", "choice", _STARS),
        Column("title", "Title", "r.title"),
        Column("nickname", "Nickname", "r.nickname"),
        Column("detail", "Review", "r.detail"),
        Column("product", "Product", "p.name"),
        Column("sku", "SKU", "p.sku"),
    ),
    order="number",
    keywords=("r.title", "r.nickname", "r.detail", "p.name"),
    row_path="/admin/review/product/edit/id/{id}/",
    mass={"approve": "Approve", "pending": "Set to Pending", "refuse": "Set to Not Approved", "delete": "Delete"},
    mass_path="/admin/review/product/massAction/",
)
PENDING_REVIEWS = replace(
    REVIEWS, title="Pending Reviews", path="/admin/review/product/pending/", where="r.status_id = 2"
)
PAGES = Grid(
    title="Pages",
    path="/admin/cms/page/",
    source="cms_page g",
    id_sql="g.id",
    columns=(
        Column("number", "ID", "g.id", "number"),
        Column("title", "Title", "g.title"),
        Column("identifier", "URL Key", "g.identifier"),
        Column("layout", "Layout", "g.layout"),
        Column("is_active", "Status", "g.is_active", "choice", {1: "Enabled", 0: "Disabled"}),
        Column("created_at", "Created", "g.created_at", "moment"),
        Column("updated_at", "Modified", "g.updated_at", "moment"),
    ),
    order="number",
    descending=False,
    keywords=("g.title", "g.identifier", "g.content"),
    row_path="/admin/cms/page/edit/page_id/{id}/",
    new=("Add New Page", "/admin/cms/page/new/"),
    mass={"enable": "Enable", "disable": "Disable", "delete": "Delete"},
    mass_path="/admin/cms/page/massAction/",
)
RULES = Grid(
    title="Cart Price Rules",
    path="/admin/sales_rule/promo_quote/",
    source="price_rule u",
    id_sql="u.id",
    columns=(
        Column("number", "ID", "u.id", "number"),
        Column("name", "Rule", "u.name"),
        Column("coupon_code", "Coupon Code", "u.coupon_code"),
        Column("from_date", "Start", "u.from_date", "moment"),
        Column("to_date", "End", "u.to_date", "moment"),
        Column("simple_action", "Apply", "u.simple_action", "choice", RULE_ACTIONS),
        Column("status", "Status", "u.is_active", "choice", _ON_OFF),
        Column("website", "Web Site", "u.website_ids", "choice", {str(key): WEBSITES[key] for key in WEBSITES}),
        Column("sort_order", "Priority", "u.sort_order", "number"),
        Column(
            "orders",
            "Used in Orders",
            "(select count(*) from sales_order where coupon = u.coupon_code and u.coupon_code != '')",
            "number",
        ),
    ),
    order="number",
    keywords=("u.name", "u.coupon_code"),
    row_path="/admin/sales_rule/promo_quote/edit/id/{id}/",
    new=("Add New Rule", "/admin/sales_rule/promo_quote/new/"),
)
THEMES = Grid(
    title="Themes",
    path="/admin/admin/system_design_theme/",
    source="theme t",
    id_sql="t.id",
    columns=(
        Column("title", "Theme Title", "t.title"),
        Column("parent", "Parent Theme", "t.parent"),
        Column("path", "Theme Path", "t.path"),
    ),
    order="title",
    descending=False,
    keywords=("t.title",),
    row_path="/admin/admin/system_design_theme/edit/id/{id}/key/backstage/",
    row_text="View",
)
SEARCH_TERMS = Grid(
    title="Search Terms",
    path="/admin/search/term/",
    source="search_term t",
    id_sql="t.id",
    columns=(
        Column("term", "Search Query", "t.query"),
        Column("results", "Results", "t.results", "number"),
        Column("uses", "Uses", "t.uses", "number"),
        Column("updated_at", "Last Used", "t.updated_at", "moment"),
    ),
    order="term",
    descending=False,
    keywords=("t.query",),
    mass={"delete": "Delete"},
    mass_path="/admin/search/term/massDelete/",
)
SEARCH_TERM_REPORT = Grid(
    title="Search Terms Report",
    path="/admin/search/term/report/",
    source="search_term t",
    id_sql="t.id",
    columns=(
        Column("number", "ID", "t.id", "number"),
        Column("term", "Search Query", "t.query"),
        Column("results", "Results", "t.results", "number"),
        Column("uses", "Hits", "t.uses", "number"),
    ),
    order="uses",
    keywords=("t.query",),
)
SUBSCRIBERS = Grid(
    title="Newsletter Subscribers",
    path="/admin/newsletter/subscriber/",
    source="customer c",
    id_sql="c.id",
    columns=(
        Column("number", "ID", "c.id", "number"),
        Column("email", "Email", "c.email"),
        Column("first_name", "First Name", "c.first_name"),
        Column("last_name", "Last Name", "c.last_name"),
        Column("status", "Status", "c.newsletter", "choice", {1: "Subscribed", 0: "Unsubscribed"}),
    ),
    order="number",
    descending=False,
    keywords=("c.email", "c.first_name", "c.last_name"),
    row_path="/admin/customer/index/edit/id/{id}/",
    row_text="Show Customer",
    mass={"unsubscribe": "Unsubscribe", "subscribe": "Subscribe"},
    mass_path="/admin/customer/index/massAction/",
)
LOW_STOCK = Grid(
    title="Low Stock",
    path="/admin/reports/report_product/lowstock/",
    source="product p",
    id_sql="p.id",
    where="p.type = 'simple'",
    columns=(
        Column("name", "Product", "p.name"),
        Column("sku", "SKU", "p.sku"),
        Column("qty", "Stock Quantity", "p.qty", "number"),
        Column("in_stock", "Stock Status", "p.is_in_stock", "choice", {1: "In Stock", 0: "Out of Stock"}),
        Column("price", "Price", "p.price", "money"),
        Column("status", "Status", "p.status", "choice", STATUSES),
    ),
    order="qty",
    descending=False,
    keywords=("p.name", "p.sku"),
    row_path="/admin/catalog/product/edit/id/{id}/",
)
REVIEWS_BY_PRODUCT = Grid(
    title="Product Reviews Report",
    path="/admin/reports/report_review/product/",
    source="(select product, count(*) reviews, avg(stars) stars, sum(status_id = 1) approved, max(created_at) newest"
    " from review group by product) r join product p on p.id = r.product",
    id_sql="p.id",
    columns=(
        Column("number", "ID", "p.id", "number"),
        Column("name", "Product", "p.name"),
        Column("reviews", "Reviews", "r.reviews", "number"),
        Column("average", "Average", "printf('%.2f', r.stars)", filters=False),
        Column("approved", "Approved", "r.approved", "number"),
        Column("newest", "Last Review", "r.newest", "moment"),
    ),
    order="reviews",
    keywords=("p.name",),
)
REVIEWS_BY_CUSTOMER = Grid(
    title="Customer Reviews Report",
    path="/admin/reports/report_review/customer/",
    source="(select customer, count(*) reviews, min(stars) lowest, max(created_at) newest from review"
    " where customer is not null group by customer) r join customer c on c.id = r.customer",
    id_sql="c.id",
    columns=(
        Column("name", "Customer", "c.first_name || ' ' || c.last_name"),
        Column("reviews", "Reviews", "r.reviews", "number"),
        Column("lowest", "Lowest Rating", "r.lowest", "number"),
        Column("newest", "Last Review", "r.newest", "moment"),
    ),
    order="reviews",
    keywords=("c.first_name || ' ' || c.last_name",),
    row_path="/admin/customer/index/edit/id/{id}/",
    row_text="Show Customer",
)
# Grids that are only looked at; those with changes of rows have views of their own.
PLAIN = (
    INVOICES,
    SHIPMENTS,
    CREDIT_MEMOS,
    CUSTOMER_GROUPS,
    THEMES,
    SEARCH_TERM_REPORT,
    SUBSCRIBERS,
    LOW_STOCK,
    REVIEWS_BY_PRODUCT,
    REVIEWS_BY_CUSTOMER,
)
