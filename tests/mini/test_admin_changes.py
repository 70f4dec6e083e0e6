"""What the back office changes: orders, shipments, products, customers, reviews, pages and price rules."""

import re

import pytest

from tests.mini.admin_site import AdminSite, admin, values_of
from tests.mini.shop_site import plain

__all__ = ["admin"]
PENDING, PROCESSING, COMPLETE = 398, 389, 366


def status(html: str) -> str:
    found = re.search(r'id="order_status"[^>]*>([^<]+)<', html)
    return found[1] if found else ""


async def test_an_order_is_canceled_and_its_items_go_back_into_stock(admin: AdminSite) -> None:
    stock = "select p.qty from order_item i join product p on p.id = i.product where sales_order = 398 order by i.id"
    before, ordered = admin.value(stock), admin.value("select qty from order_item where sales_order = 398 order by id")
    response = await admin.post(f"/admin/sales/order/cancel/order_id/{PENDING}/")
    assert status(response.text) == "Canceled"
    assert admin.value(stock) == int(str(before)) + int(str(ordered))
    assert "/cancel/order_id" not in response.text


async def test_an_invoiced_order_cannot_be_canceled(admin: AdminSite) -> None:
    response = await admin.post(f"/admin/sales/order/cancel/order_id/{PROCESSING}/")
    assert "You have not canceled" in response.text
    assert status(response.text) == "Processing"


async def test_hold_and_unhold_give_the_old_status_back(admin: AdminSite) -> None:
    assert status((await admin.post(f"/admin/sales/order/hold/order_id/{PROCESSING}/")).text) == "On Hold"
    assert status((await admin.post(f"/admin/sales/order/unhold/order_id/{PROCESSING}/")).text) == "Processing"


async def test_a_mass_action_does_what_it_can(admin: AdminSite) -> None:
    fields = {"action": "cancel", "selected": [str(PENDING), str(COMPLETE)]}
    text = plain((await admin.post("/admin/sales/order/massAction/", **fields)).text)
    assert "1 order(s): cancel done." in text
    assert "1 order(s): cancel is not possible." in text


async def test_a_comment_comes_first_in_the_notes(admin: AdminSite) -> None:
    fields = {"status": "pending", "comment": "Call <before> ten", "is_customer_notified": "1"}
    html = (await admin.post(f"/admin/sales/order/addComment/order_id/{PENDING}/", **fields)).text
    notes = html[html.index('class="note-list"') :]
    first = notes[: notes.index("</li>")]
    assert '<div class="note-list-comment">Call &lt;before&gt; ten</div>' in first
    assert "Customer Notified" in first
    empty = await admin.post(f"/admin/sales/order/addComment/order_id/{PENDING}/", comment=" ")
    assert "Please provide a comment" in empty.text


async def test_shipping_an_order_completes_it_and_tells_its_tracking_number(admin: AdminSite) -> None:
    path = f"/admin/admin/order_shipment/start/order_id/{PROCESSING}/"
    sent = {name: "1" for name in re.findall(r'name="(qty_\d+)"', await admin.html(path))}
    items = admin.db.all("select id, qty from order_item where sales_order = ?", PROCESSING)
    sent |= {f"qty_{item['id']}": str(item["qty"]) for item in items}
    html = (await admin.post(path, carrier="fedex", track_number="8974568499", **sent)).text
    assert status(html) == "Complete"
    history = await admin.text(f"/admin/sales/order/commentsHistory/order_id/{PROCESSING}/active_tab/order_shipments/")
    assert "Tracking number 8974568499 for Federal Express assigned" in history


@pytest.mark.parametrize("fields", [{}, {"carrier": "fedex"}, {"carrier": "fedex", "track_number": "1"}])
async def test_a_shipment_without_items_or_number_is_refused(admin: AdminSite, fields: dict[str, str]) -> None:
    before = admin.value("select count(*) from shipment")
    await admin.post(f"/admin/admin/order_shipment/start/order_id/{PROCESSING}/", **fields)
    assert admin.value("select count(*) from shipment") == before


async def test_a_tracking_number_is_added_to_a_shipment_and_deleted(admin: AdminSite) -> None:
    shipment = admin.value("select id from shipment where sales_order = ?", COMPLETE)
    page = f"/admin/sales/shipment/view/shipment_id/{shipment}/"
    await admin.post(page, carrier="dhl", track_number="5530081947")
    assert "5530081947" in await admin.text(page)
    track = admin.value("select id from shipment_track where number = '5530081947'")
    await admin.post(f"/admin/sales/shipment/track/delete/{track}/")
    assert "5530081947" not in await admin.text(page)


async def test_an_invoice_and_a_refund_close_an_order(admin: AdminSite) -> None:
    assert status((await admin.post(f"/admin/sales/order_invoice/start/order_id/{PENDING}/")).text) == "Processing"
    html = (await admin.post(f"/admin/sales/order_creditmemo/start/order_id/{PENDING}/")).text
    assert status(html) == "Closed"
    assert "We refunded" in html


async def test_an_order_address_is_changed_and_checked(admin: AdminSite) -> None:
    number = admin.value("select id from order_address where sales_order = 381 and kind = 'shipping'")
    path = f"/admin/sales/order/address/address_id/{number}/"
    values = values_of(await admin.html(path))
    refused = await admin.post(path, **{**values, "street": ""})
    assert refused.history[0].status_code == 302
    html = (await admin.post(path, **{**values, "street": "456 Oak Avenue"})).text
    assert html.count("456 Oak Avenue") == 1


async def test_a_product_is_saved_as_its_form_says(admin: AdminSite) -> None:
    path = "/admin/catalog/product/edit/id/86/"
    values = values_of(await admin.html(path))
    values |= {"product[price]": "$1,027.5", "product[quantity_and_stock_status][qty]": "12", "product[sale]": "1"}
    del values["product[status]"]
    html = (await admin.post(path, **values)).text
    shown = values_of(html)
    assert shown["product[price]"] == "1027.50"
    assert shown["product[quantity_and_stock_status][qty]"] == "12"
    assert shown["product[sale]"] == "1"
    assert re.search(r'name="product\[status\]" value="2"', html)


@pytest.mark.parametrize(
    ("field", "value"),
    [("product[price]", "cheap"), ("product[name]", ""), ("product[quantity_and_stock_status][qty]", "-4")]
    + [("product[sku]", "WT01")],
)
async def test_a_product_that_cannot_be_saved_keeps_what_was_typed(admin: AdminSite, field: str, value: str) -> None:
    path = "/admin/catalog/product/edit/id/86/"
    values = values_of(await admin.html(path)) | {field: value}
    response = await admin.post(path, **values)
    assert response.history[0].status_code == 302
    assert 'aria-invalid="true"' in response.text
    assert admin.value("select price || name || qty || sku from product where id = 86") != value


async def test_a_new_product_is_in_the_grid_and_in_the_store(admin: AdminSite) -> None:
    path = "/admin/catalog/product/new/set/9/type/simple/"
    values = values_of(await admin.html(path)) | {
        "product[name]": "Lark Summer Tee",
        "product[price]": "27.5",
        "product[size]": "168",
        "product[color]": "53",
        "product[category_ids][]": "7",
        "product[quantity_and_stock_status][qty]": "40",
    }
    html = (await admin.post(path, **values)).text
    assert values_of(html)["product[color]"] == "53"
    assert '<span class="admin__action-multiselect-text" data-role="selected-option">Top</span>' in html
    assert "Lark Summer Tee" in await admin.text("/admin/catalog/product/?search=lark")
    assert "Lark Summer Tee" in await admin.text("/catalogsearch/result/?q=lark")
    assert "$27.50" in await admin.text("/lark-summer-tee.html")


async def test_new_configurations_are_made_once(admin: AdminSite) -> None:
    path = "/admin/catalog/product/configurations/id/62/"
    fields = {"size": ["168", "167"], "color": ["57", "53"], "price": "29", "qty": "30"}
    html = (await admin.post(path, **fields)).text
    assert "2 configuration(s) were created." in html
    table = html[html.index('data-index="configurable"') :]
    assert "Tansy Linen Tee-M-Purple" in table
    assert "0 configuration(s)" in (await admin.post(path, **fields)).text
    refused = await admin.post(path, size=["168"], price="29", qty="30")
    assert refused.history[0].status_code == 302
    assert "Choose at least one color." in refused.text


async def test_products_are_disabled_and_deleted_together(admin: AdminSite) -> None:
    await admin.post("/admin/catalog/product/massAction/", action="disable", selected=["12", "13"])
    assert (await admin.get("/cairn-balance-ball.html")).status_code == 404
    await admin.post("/admin/catalog/product/massAction/", action="delete", selected=["82"])
    assert admin.value("select count(*) from product where id = 82 or parent = 82") == 0
    assert "0 records found" in await admin.text("/admin/review/product/index/?product=Corrie")


async def test_a_customer_is_made_changed_and_deleted(admin: AdminSite) -> None:
    fields = {"first_name": "Ada", "last_name": "Byron", "email": "ada@mail.example", "group_id": "3"}
    path = (await admin.post("/admin/customer/index/new/", **fields)).url.path
    again = await admin.post("/admin/customer/index/new/", **fields)
    assert again.history[0].status_code == 302
    assert "already exists" in again.text
    await admin.post(path, **{**fields, "last_name": "King"})
    assert "Ada King" in await admin.text("/admin/customer/index/?search=ada@")
    await admin.post(path.replace("/edit/", "/delete/"))
    assert (await admin.get(path)).status_code == 404


async def test_a_review_is_approved_and_appears_in_the_store(admin: AdminSite) -> None:
    path = "/admin/review/product/edit/id/352/"
    values = values_of(await admin.html(path))
    assert values["status_id"] == "2"
    assert values["detail"] not in await admin.text("/rook-crew-sweatshirt.html")
    await admin.post(path, **{**values, "status_id": "1"})
    assert values["detail"] in await admin.text("/rook-crew-sweatshirt.html")


async def test_a_deleted_review_has_no_rating(admin: AdminSite) -> None:
    await admin.post("/admin/review/product/delete/id/369/")
    response = await admin.get("/admin/review/product/edit/id/369")
    assert "Rating isn't Available" in response.text


async def test_a_visitors_review_waits_for_approval(admin: AdminSite) -> None:
    fields = {"nickname": "Ines", "title": "Warm tea", "detail": "All day long.", "rating": "5"}
    assert "for moderation" in (await admin.post("/review/product/post/id/8/", **fields)).text
    assert "Warm tea" not in await admin.text("/brook-tea-flask.html")
    assert "Warm tea" in await admin.text("/admin/review/product/pending/")
    assert (await admin.post("/review/product/post/id/8/", **{**fields, "rating": ""})).history[0].status_code == 302


async def test_the_title_of_the_missing_page_is_that_of_its_record(admin: AdminSite) -> None:
    path = "/admin/cms/page/edit/page_id/1/"
    values = values_of(await admin.html(path)) | {"title": "You have left the trail"}
    await admin.post(path, **values)
    assert "<title>You have left the trail" in (await admin.get("/no-such.html")).text


async def test_two_pages_cannot_share_an_address(admin: AdminSite) -> None:
    fields = {"title": "Twice", "identifier": "about-us"}
    assert (await admin.post("/admin/cms/page/new/", **fields)).history[0].status_code == 302
    response = await admin.post("/admin/cms/page/new/", title="Gift Cards", is_active="1", content="From $20.")
    assert response.status_code == 200
    assert "From $20." in await admin.text("/gift-cards")


async def test_a_price_rule_is_stored_as_its_form_says(admin: AdminSite) -> None:
    fields = {
        "name": "Midsummer", "website_ids": "1", "customer_group_ids": ["1", "2"], "simple_action": "cart_fixed",
        "discount_amount": "12.5", "from_date": "6/20/2023", "is_active": "1",
    }  # fmt: skip
    assert "You saved the rule." in (await admin.post("/admin/sales_rule/promo_quote/new/", **fields)).text
    number = admin.value("select max(id) from price_rule")
    html = await admin.html(f"/admin/sales_rule/promo_quote/edit/id/{number}/")
    assert 'name="discount_amount" value="12.5"' in html
    assert 'name="from_date" value="6/20/23"' in html
    assert '<option value="2" selected>Wholesale' in html
    assert '<option value="cart_fixed" selected>' in html
    wrong = {"name": "", "simple_action": "by_percent", "discount_amount": "120"}
    refused = await admin.post("/admin/sales_rule/promo_quote/new/", **wrong)
    assert refused.history[0].status_code == 302
    assert "at most 100" in refused.text


async def test_search_terms_are_deleted(admin: AdminSite) -> None:
    await admin.post("/admin/search/term/massDelete/", action="delete", selected=["1"])
    assert admin.value("select count(*) from search_term where id = 1") == 0
