"""Reviews, pages, price rules, themes and the search of the back office; and that its links lead somewhere."""

import re
from urllib.parse import urljoin

import pytest

from tests.mini.admin_site import AdminSite, admin, values_of

__all__ = ["admin"]
RULE = "/admin/sales_rule/promo_quote/edit/id/2/"


async def test_a_review_that_cannot_be_saved_keeps_what_was_typed(admin: AdminSite) -> None:
    path = "/admin/review/product/edit/id/352/"
    values = values_of(await admin.html(path)) | {"title": "", "detail": "Half <written>", "status_id": "3"}
    response = await admin.post(path, **values)
    assert response.history[0].status_code == 302
    assert 'id="title-error"' in response.text
    kept = values_of(response.text)
    assert (kept["detail"], kept["status_id"]) == ("Half &lt;written&gt;", "3")


async def test_pending_reviews_have_a_list_of_their_own(admin: AdminSite) -> None:
    html = await admin.html("/admin/review/product/pending/?search=Rook+Crew&sort=rating")
    assert 'href="/admin/review/product/pending/" aria-current="page"' in html
    assert html.count(">Edit</a>") == admin.value(
        "select count(*) from review r join product p on p.id = r.product"
        " where r.status_id = 2 and p.name = 'Rook Crew Sweatshirt'"
    )


@pytest.mark.parametrize(
    "path",
    ["review/product/delete/id/369/", "cms/page/delete/page_id/12/", "sales_rule/promo_quote/delete/id/7/"]
    + ["customer/index/delete/id/72/", "catalog/product/delete/id/18/"],
)
async def test_what_is_deleted_twice_was_gone(admin: AdminSite, path: str) -> None:
    done = (await admin.post(f"/admin/{path}")).text
    again = (await admin.post(f"/admin/{path}")).text
    assert " deleted" in done
    assert " deleted" not in again
    assert re.search(r"no longer exists|doesn&#39;t exist|does not exist", again)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("coupon_code", "welcome10", "Coupon with the same code already exists."),
        ("to_date", "12/31/2021", "The last day is before the first one."),
        ("from_date", "soon", "Please enter a date"),
        ("uses_per_coupon", "many", "Please enter a whole number"),
        ("sort_order", "²", "Please enter a whole number"),
        ("discount_amount", "much", "Please enter a number 0 or greater"),
    ],
)
async def test_a_price_rule_with_a_mistake_is_not_stored(
    admin: AdminSite, field: str, value: str, message: str
) -> None:
    before = dict(admin.db.all("select * from price_rule where id = 2")[0])
    response = await admin.post(RULE, **{**values_of(await admin.html(RULE)), field: value})
    assert response.history[0].status_code == 302
    assert message in response.text
    assert f'value="{value}"' in response.text or field == "to_date"
    assert dict(admin.db.all("select * from price_rule where id = 2")[0]) == before


async def test_large_discounts_are_shown_as_they_are(admin: AdminSite) -> None:
    values = values_of(await admin.html(RULE)) | {"simple_action": "cart_fixed", "discount_amount": "1234567.89"}
    await admin.post(RULE, **values)
    assert values_of(await admin.html(RULE))["discount_amount"] == "1234567.89"


async def test_a_rule_names_the_orders_with_its_coupon(admin: AdminSite) -> None:
    text = await admin.text(RULE)
    count = admin.value("select count(*) from sales_order where coupon = 'TRAIL15' and status != 'canceled'")
    assert f"Orders {count} Discount given" in text


@pytest.mark.parametrize("identifier", ["admin/about", "catalogsearch", "Über"])
async def test_a_page_cannot_hide_behind_the_stores_own_addresses(admin: AdminSite, identifier: str) -> None:
    response = await admin.post("/admin/cms/page/new/", title="Hidden", identifier=identifier)
    assert response.history[0].status_code == 302


async def test_a_page_has_the_meta_data_that_it_was_given(admin: AdminSite) -> None:
    fields = {"title": "Gift Cards", "is_active": "1", "meta_title": 'Give "more"', "meta_description": "From $20."}
    await admin.post("/admin/cms/page/new/", **fields)
    html = await admin.html("/gift-cards")
    assert "<title>Give &#34;more&#34; - Solbrook</title>" in html
    assert '<meta name="description" content="From $20.">' in html


async def test_themes_open_under_their_official_address(admin: AdminSite) -> None:
    html = await admin.html("/admin/admin/system_design_theme/")
    assert 'href="/admin/admin/system_design_theme/edit/id/3/key/backstage/"' in html
    assert "Solbrook Midnight" in await admin.text("/admin/admin/system_design_theme/edit/id/3/key/0f3a/")


async def test_a_key_at_the_end_of_an_address_does_no_harm(admin: AdminSite) -> None:
    response = await admin.get("/admin/sales/order/view/order_id/398/key/0f3a9c/")
    assert response.url.path == "/admin/sales/order/view/order_id/398/"
    assert (await admin.get("/admin/system_design_theme/edit/id/3/key/")).status_code == 404
    assert (await admin.get("/admin/admin/system_design_theme/edit/id/3/key/")).status_code == 200
    assert (await admin.get("/admin/no/such/key/0f3a9c/")).status_code == 404


async def test_the_search_over_everything_takes_percent_signs_literally(admin: AdminSite) -> None:
    assert "We couldn't find any records." in await admin.text("/admin/search/?q=%25")
    text = await admin.text("/admin/search/?q=tee")
    assert "Show all" in text
    assert "Tansy Linen Tee-XS-Green" in text


async def test_one_link_of_each_kind_leads_to_a_page(admin: AdminSite) -> None:
    """Every shape of address that the pages link to, digits aside, is opened once."""
    waiting, shapes, broken = ["/", "/admin/dashboard/"], set[str](), []
    while waiting:
        path = waiting.pop()
        response = await admin.get(path)
        if response.status_code != 200:
            broken.append(path)
        for link in re.findall(r'<(?:a|link|img|script)[^>]* (?:href|src)="([^"#?]+)', response.text):
            target = urljoin(path, link)
            kind = re.sub(r"\d+", "0", target) if target.startswith("/admin") else re.sub(r"[\w/-]+", "x", target)
            if target.startswith("/") and kind not in shapes and "logout" not in target:
                shapes.add(kind)
                waiting.append(target)
    assert broken == []
    assert len(shapes) >= 50
