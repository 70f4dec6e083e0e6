"""Signing in and out, and the dashboard."""

from starlette.responses import Response

from webarena_mini.kit.passwords import password_matches
from webarena_mini.sites.admin.pages.visit import Visit

DASHBOARD = "/admin/dashboard/"
_TABS = {
    "bestsellers": "Bestsellers",
    "viewed": "Most Viewed Products",
    "new": "New Customers",
    "customers": "Customers",
}
_COUNTED = "status not in ('canceled', 'fraud')"
_CUSTOMER = "c.id, c.first_name || ' ' || c.last_name as name, count(o.id) as count"
_OF_CUSTOMER = f"sales_order o on o.customer = c.id and {_COUNTED} group by c.id"
_TAB_QUERIES = {
    "bestsellers": "select p.id, p.name, p.price, sum(i.qty) as count from order_item i"
    f" join product p on p.id = i.product join sales_order o on o.id = i.sales_order where o.{_COUNTED}"
    " group by p.id order by count desc, p.id limit 5",
    "viewed": "select p.id, p.name, p.price, sum(v.views) as count from product_view v"
    " join product p on p.id = v.product group by p.id order by count desc, p.id limit 5",
    "new": f"select {_CUSTOMER}, coalesce(avg(o.total), 0) as average, coalesce(sum(o.total), 0) as total"
    f" from customer c left join {_OF_CUSTOMER} order by c.created_at desc limit 5",
    "customers": f"select {_CUSTOMER}, avg(o.total) as average, sum(o.total) as total"
    f" from customer c join {_OF_CUSTOMER} order by total desc, c.id limit 5",
}


def _safe_next(path: str) -> str:
    """A page of the back office to go to after signing in."""
    is_local = path.startswith("/admin/") and "//" not in path and "\\" not in path
    return path if is_local else DASHBOARD


def login(visit: Visit) -> Response:
    if visit.user_id:
        return visit.redirect(DASHBOARD)
    return visit.page("login.html", next=visit.query("next"), username="")


def post_login(visit: Visit) -> Response:
    username, password = visit.field("username"), visit.form.get("password")
    row = visit.db.one("select * from admin_user where username = ?", username)
    if row is None or not password_matches(password if isinstance(password, str) else "", row["password"]):
        visit.error("The account sign-in was incorrect. Please wait and try again later.")
        return visit.page("login.html", next=visit.field("next"), username=username)
    visit.sign_in(row["id"])
    return visit.redirect(_safe_next(visit.field("next")))


def logout(visit: Visit) -> Response:
    visit.sign_out()
    visit.notice("You have logged out.")
    return visit.redirect("/admin/")


def dashboard(visit: Visit) -> Response:
    db, tab = visit.db, visit.query("tab")
    tab = tab if tab in _TABS else "bestsellers"
    lifetime = db.one(
        "select coalesce(sum(total), 0) as sales, coalesce(avg(total), 0) as average, count(*) as orders,"
        f" coalesce(sum(tax), 0) as tax, coalesce(sum(shipping), 0) as shipping from sales_order where {_COUNTED}"
    )
    last_orders = db.all(
        "select o.id, o.customer_name, o.total, (select sum(qty) from order_item where sales_order = o.id) as items"
        " from sales_order o order by o.id desc limit 5"
    )
    months = db.all(
        "select strftime('%Y-%m', created_at) as month, count(*) as orders, sum(total) as total from sales_order"
        f" where {_COUNTED} group by month order by month desc limit 12"
    )
    terms = "select query, results, uses from search_term order by {} limit 5"
    return visit.page(
        "dashboard.html",
        title="Dashboard",
        lifetime=lifetime,
        last_orders=last_orders,
        last_terms=db.all(terms.format("updated_at desc, id")),
        top_terms=db.all(terms.format("uses desc, id")),
        months=months[::-1],
        highest=max((month["total"] for month in months), default=1),
        tab=tab,
        tabs=_TABS,
        tab_rows=db.all(_TAB_QUERIES[tab]),
        waiting=db.value("select count(*) from review where status_id = 2"),
    )


def elsewhere(visit: Visit) -> Response:
    """Other addresses; those that end in a key, as the official site's do, are what stands before it."""
    path, has_key, _ = f"{visit.request.url.path}/".partition("/key/")
    return visit.redirect(f"{path}/") if has_key else visit.not_found()
