"""Orders, their papers, and the customers behind them: what their pages say and what their forms store."""

import re

import pytest

from tests.mini.admin_site import AdminSite, admin, values_of
from tests.mini.shop_site import plain
from webarena_mini.sites.admin.domain import orders

__all__ = ["admin"]
PENDING, PROCESSING, COMPLETE = 398, 389, 366


async def test_the_lines_of_every_order_add_up_to_its_total(admin: AdminSite) -> None:
    for (number,) in admin.db.all("select id from sales_order"):
        order = orders.load(admin.db, number)
        assert order is not None
        assert sum(line.total for line in order.lines) + order.row["shipping"] == order.row["total"]
        assert sum(line.tax for line in order.lines) == order.row["tax"]


async def test_an_order_names_the_customers_other_orders(admin: AdminSite) -> None:
    text = await admin.text(f"/admin/sales/order/view/order_id/{PENDING}/")
    name = admin.value("select customer_name from sales_order where id = ?", PENDING)
    other = admin.value(
        "select increment_id from sales_order where customer_name = ? and id != ? order by id desc", name, PENDING
    )
    assert str(other) in text[text.index(f"Other Orders of {name}") :]


async def test_a_status_is_changed_without_a_comment(admin: AdminSite) -> None:
    path = f"/admin/sales/order/addComment/order_id/{PENDING}/"
    assert 'id="order_status" class="tag tag-fraud"' in (await admin.post(path, status="fraud")).text
    assert "Please provide a comment" in (await admin.post(path, status="fraud")).text


async def test_a_mass_action_on_an_order_that_there_is_not_is_not_done(admin: AdminSite) -> None:
    text = plain((await admin.post("/admin/sales/order/massAction/", action="cancel", selected=["7777"])).text)
    assert "1 order(s): cancel is not possible." in text
    assert "done." not in text


async def test_a_tracking_number_comes_into_the_history_when_it_was_added(admin: AdminSite) -> None:
    shipment = admin.value("select id from shipment where sales_order = ?", COMPLETE)
    await admin.post(f"/admin/sales/shipment/view/shipment_id/{shipment}/", carrier="dhl", track_number="5530081947")
    history = await admin.html(f"/admin/sales/order/commentsHistory/order_id/{COMPLETE}/")
    first = plain(history[history.index('class="note-list"') : history.index("</li>", history.index("note-list"))])
    assert "Jun 15, 2023" in first
    assert "5530081947" in first


@pytest.mark.parametrize(
    ("table", "view"),
    [("invoice", "invoice/view/invoice_id"), ("credit_memo", "creditmemo/view/creditmemo_id")]
    + [("shipment", "shipment/view/shipment_id")],
)
async def test_a_comment_on_a_paper_stays_with_it(admin: AdminSite, table: str, view: str) -> None:
    path = f"/admin/sales/{table}/addComment/id/3/"
    html = (await admin.post(path, comment="Filed <twice>", is_customer_notified="1")).text
    assert '<div class="note-list-comment">Filed &lt;twice&gt;</div>' in html
    order = admin.value(f"select sales_order from {table} where id = 3")
    assert "Filed" not in await admin.text(f"/admin/sales/order/view/order_id/{order}/")
    assert "Filed" in await admin.text(f"/admin/sales/order/commentsHistory/order_id/{order}/")
    assert "Filed" not in await admin.text(f"/admin/sales/{view}/4/")
    assert "Please enter a comment." in (await admin.post(path, comment=" ")).text


@pytest.mark.parametrize(("restock", "back"), [({}, 0), ({"return_to_stock": "1"}, 1)])
async def test_a_refund_puts_items_back_where_that_is_wanted(
    admin: AdminSite, restock: dict[str, str], back: int
) -> None:
    stock = "select sum(p.qty) from order_item i join product p on p.id = i.product where sales_order = ?"
    before, ordered = admin.value(stock, COMPLETE), admin.value("select qty from shipment where sales_order = 366")
    await admin.post(f"/admin/sales/order_creditmemo/start/order_id/{COMPLETE}/", **restock)
    assert admin.value(stock, COMPLETE) == int(str(before)) + back * int(str(ordered))


async def test_a_customers_page_shows_what_they_bought_and_wrote(admin: AdminSite) -> None:
    text = await admin.text("/admin/customer/index/edit/id/4/")
    bought = admin.value(
        "select i.sku from order_item i join sales_order o on o.id = i.sales_order"
        " where o.customer = 4 and o.status = 'complete' limit 1"
    )
    title = admin.value("select title from review where customer = 4 order by id desc")
    assert str(bought) in text[text.index("Bought Most") :]
    assert str(title) in text[text.index("Recent Reviews") :]


async def test_addresses_are_added_checked_and_deleted(admin: AdminSite) -> None:
    path = "/admin/customer/address/new/customer_id/4/"
    values = values_of(await admin.html(path))
    refused = await admin.post(path, **values)
    assert refused.history[0].status_code == 302
    assert 'id="street-error"' in refused.text
    filled = {"street": "9 Depot Road", "city": "Troy", "region": "New York", "postcode": "12180", "phone": "555-0134"}
    assert "9 Depot Road" in (await admin.post(path, **{**values, **filled})).text
    number = admin.value("select max(id) from address")
    assert "9 Depot Road" not in (await admin.post(f"/admin/customer/address/delete/id/{number}/")).text
    assert (await admin.get(f"/admin/customer/address/edit/id/{number}/")).status_code == 404


@pytest.mark.parametrize(("typed", "stored"), [("2/28/1990", "1990-02-28"), ("soon", ""), ("2/28/2068", "")])
async def test_a_birthday_is_a_day_in_the_past(admin: AdminSite, typed: str, stored: str) -> None:
    admin.db.run("update customer set birthday = '' where id = 4")
    path = "/admin/customer/index/edit/id/4/?tab=account"
    values = values_of(await admin.html(path)) | {"birthday": typed, "gender": "Unheard of"}
    html = (await admin.post(path, **values)).text
    assert values_of(html)["birthday"] == typed
    assert ('id="birthday-error"' in html) == (not stored)
    assert admin.value("select birthday from customer where id = 4") == stored
    assert "Unheard of" not in html


async def test_subscribers_are_unsubscribed_in_their_list(admin: AdminSite) -> None:
    path = "/admin/newsletter/subscriber/"
    number = admin.value("select id from customer where newsletter = 1")
    key = re.search(r'name="form_key" value="(\w+)"', await admin.html(path))
    assert key
    data = {"form_key": key[1], "action": "unsubscribe", "selected": str(number)}
    headers = {"referer": f"http://admin.test{path}"}
    response = await admin.http.post("/admin/customer/index/massAction/", data=data, headers=headers)
    assert response.url.path == path
    assert admin.value("select newsletter from customer where id = ?", number) == 0
