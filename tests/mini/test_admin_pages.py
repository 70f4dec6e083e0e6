"""The back office: signing in, its menu, grids with filters, sorting and pages, reports; and the storefront."""

import re

import pytest

from tests.mini.admin_site import ADMIN, COOKIE, AdminSite, admin
from tests.mini.shop_site import plain
from webarena_mini.sites.admin.domain.money import money
from webarena_mini.sites.admin.pages.navigation import MENU

__all__ = ["admin"]
MENU_PATHS = [path for _, groups in MENU for _, entries in groups for _, path in entries]


def rows(html: str) -> list[str]:
    body = html[html.index("<tbody>") : html.rindex("</tbody>")]
    return [plain(row) for row in re.findall(r"<tr>.*?</tr>", body, re.DOTALL)]


@pytest.mark.parametrize("path", MENU_PATHS)
async def test_every_menu_entry_opens(admin: AdminSite, path: str) -> None:
    assert "<h1>" in await admin.html(path)


@pytest.mark.parametrize("path", ["/admin/sales/order/", "/admin/dashboard", "/admin/nowhere", "/admin"])
async def test_a_stranger_is_sent_to_the_login_page(admin: AdminSite, path: str) -> None:
    admin.sign_out()
    response = await admin.get(path)
    assert response.url.path in ("/admin/", "/admin")
    assert "Dashboard" not in response.text
    assert 'placeholder="user name"' in response.text


async def test_a_stranger_changes_nothing(admin: AdminSite) -> None:
    admin.sign_out()
    await admin.post("/admin/sales/order/cancel/order_id/398/")
    assert admin.value("select status from sales_order where id = 398") == "pending"


async def test_signing_in_leads_to_where_one_wanted_to_go(admin: AdminSite) -> None:
    admin.sign_out()
    response = await admin.post("/admin/", page="/admin/", **ADMIN, next="/admin/sales/order/")
    assert response.url.path == "/admin/sales/order/"


@pytest.mark.parametrize("target", ["//elsewhere.test/", "https://elsewhere.test/admin/", "/admin//elsewhere.test", ""])
async def test_signing_in_never_leads_to_another_site(admin: AdminSite, target: str) -> None:
    admin.sign_out()
    response = await admin.post("/admin/", page="/admin/", **ADMIN, next=target)
    assert str(response.url) == "http://admin.test/admin/dashboard/"


async def test_a_wrong_login_says_so_and_signing_out_ends_the_session(admin: AdminSite) -> None:
    before = admin.http.cookies[COOKIE]
    await admin.post("/admin/auth/logout/")
    assert admin.value("select count(*) from session where token = ?", before) == 0
    response = await admin.post("/admin/", page="/admin/", username="admin", password="admin")
    assert (response.status_code, response.history) == (200, [])
    assert "incorrect" in response.text


async def test_a_form_without_the_sessions_key_is_refused(admin: AdminSite) -> None:
    response = await admin.http.post("/admin/sales/order/cancel/order_id/398/", data={"form_key": "no"})
    assert "Invalid form key" in response.text
    assert admin.value("select status from sales_order where id = 398") == "pending"


@pytest.mark.parametrize(
    "path",
    ["/admin/catalog/product/edit/id/9999/", "/admin/sales/order/view/order_id/x/", "/admin/customer/index/edit/id/0/"]
    + ["/admin/cms/page/edit/page_id/99/", "/admin/sales_rule/promo_quote/edit/id/99/", "/admin/no/such/page/"]
    + ["/admin/admin/system_design_theme/edit/id/9", "/admin/sales/invoice/view/invoice_id/9999/", "/no-such.html"],
)
async def test_what_is_not_there_is_a_page_that_says_so(admin: AdminSite, path: str) -> None:
    response = await admin.get(path)
    assert response.status_code == 404
    assert "<h1>" in response.text


async def test_the_order_grid_filters_by_status_and_shows_the_filter(admin: AdminSite) -> None:
    html = await admin.html("/admin/sales/order/?status=fraud")
    found = rows(html)
    assert len(found) == admin.value("select count(*) from sales_order where status = 'fraud'")
    assert all("Suspected Fraud" in row for row in found)
    current = re.search(r'<div class="admin__data-grid-filters-current.*?</div>', html, re.DOTALL)
    assert current is not None
    assert "Status: Suspected Fraud" in plain(current[0])


async def test_the_order_grid_filters_by_amount_and_date(admin: AdminSite) -> None:
    query = "base_total_from=100&base_total_to=200&created_at_from=1/1/23&created_at_to=01/31/2023&limit=200"
    expected = admin.value(
        "select count(*) from sales_order where total between 10000 and 20000 and created_at like '2023-01-%'"
    )
    assert len(rows(await admin.html(f"/admin/sales/order/?{query}"))) == expected


async def test_a_filter_that_cannot_be_read_is_marked(admin: AdminSite) -> None:
    text = await admin.text("/admin/sales/order/?created_at_from=soon&base_total_to=much")
    assert "Please enter a date" in text
    assert "Please enter an amount" in text
    assert "300 records found" in text


@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_grids_sort(admin: AdminSite, direction: str) -> None:
    html = await admin.html(f"/admin/catalog/product/?sort=price&dir={direction}&limit=200")
    prices = [float(found) for found in re.findall(r'k-money">\$([\d.]+)<', html)]
    assert prices == sorted(prices, reverse=direction == "desc")
    assert len(prices) == 200


async def test_grids_have_pages(admin: AdminSite) -> None:
    first = await admin.html("/admin/review/product/index/")
    last = await admin.html("/admin/review/product/index/?p=9999")
    assert len(rows(first)) == 20
    assert "Previous page" not in first
    assert "Next page" not in last


async def test_keyword_search_takes_percent_signs_literally(admin: AdminSite) -> None:
    assert "0 records found" in await admin.text("/admin/customer/index/?search=%25")
    assert "1 records found" in await admin.text("/admin/customer/index/?search=(742)+555-0110")


@pytest.mark.parametrize("name", ["sales", "tax", "invoiced", "shipping", "refunded", "coupons", "bestsellers"])
async def test_sales_reports_keep_their_dates(admin: AdminSite, name: str) -> None:
    path = f"/admin/reports/report_sales/{name}"
    html = await admin.html(f"{path}?from=02/01/2023&to=2/28/2023&period_type=month")
    assert 'id="sales_report_from" name="from" value="2/1/23"' in html
    assert 'id="sales_report_to" name="to" value="2/28/23"' in html
    assert "February 2023" in html


async def test_the_orders_report_adds_up(admin: AdminSite) -> None:
    text = await admin.text("/admin/reports/report_sales/sales/?from=1/1/22&to=12/31/22&period_type=year")
    count = admin.value("select count(*) from sales_order where created_at like '2022-%'")
    total = admin.value(
        "select sum(total) from sales_order where created_at like '2022-%' and status != 'canceled'",
    )
    assert f"Total {count} " in text
    assert money(int(str(total))) in text


async def test_a_report_asks_for_its_dates(admin: AdminSite) -> None:
    text = await admin.text("/admin/reports/report_sales/tax/?from=&to=2/30/23")
    assert "This is a required field." in text
    assert "Please enter a date such as" in text
    assert "before the first" in await admin.text("/admin/reports/report_sales/tax/?from=2/2/23&to=1/1/23")


async def test_the_dashboard_names_best_sellers_and_search_terms(admin: AdminSite) -> None:
    text = await admin.text("/admin/dashboard/")
    assert "rain shell" in text
    best = admin.value(
        "select p.name from order_item i join product p on p.id = i.product join sales_order o on o.id = i.sales_order"
        " where o.status not in ('canceled', 'fraud') group by p.id order by sum(i.qty) desc limit 1"
    )
    assert str(best) in text


async def test_search_over_everything(admin: AdminSite) -> None:
    text = await admin.text("/admin/search/?q=Corrie")
    assert "Corrie Racer Tank-S-Black" in text
    assert "Bettina Castellanos" in await admin.text("/admin/search/?q=bettina.castellanos@")


async def test_the_storefront_finds_and_counts_searches(admin: AdminSite) -> None:
    admin.sign_out()
    uses = "select coalesce(max(uses), 0) from search_term where query = 'running cap'"
    before = admin.value(uses)
    assert "Sundial Running Cap" in await admin.text("/catalogsearch/result/?q=running+caps")
    await admin.get("/catalogsearch/result/?q=Running+Cap")
    assert admin.value(uses) == int(str(before)) + 1
    assert "no results" in await admin.text("/catalogsearch/result/?q=%22%27*")


async def test_a_category_shows_what_is_below_it_sorted(admin: AdminSite) -> None:
    html = await admin.html("/women.html?product_list_order=price&product_list_dir=desc")
    assert html.index("Marisol Down Jacket") < html.index("Ondine Rain Shell") < html.index("Sorrel Hiking Pant")


async def test_a_product_page_has_the_official_hooks(admin: AdminSite) -> None:
    html = await admin.html("/brook-tea-flask.html")
    assert 'class="data item content"' in html
    assert 'itemprop="description"' in html
    assert (await admin.get("/corrie-racer-tank-s-black.html")).status_code == 404
    assert "This trail ends here" in (await admin.get("/corrie-racer-tank-s-black.html")).text
