"""Order pages, the order history, and orders looked up without an account."""

import re

import pytest

from tests.mini.shop_site import EMMA, ShopSite, shop

__all__ = ["shop"]
KNOWN = {"order_number": "000000257", "last_name": "lopez", "email": "Emma.Lopez@gmail.com"}


async def test_the_history_shows_as_many_orders_as_asked_for(shop: ShopSite) -> None:
    shop.login()
    assert len(re.findall(r"<td>\d{9}</td>", (await shop.get("/sales/order/history/?limit=20")).text)) == 20
    assert len(re.findall(r"<td>\d{9}</td>", (await shop.get("/sales/order/history/?limit=7")).text)) == 10
    second = (await shop.get("/sales/order/history/?limit=20&p=2")).text
    assert 'href="/sales/order/history/?p=1&limit=20"' in second.replace("&amp;", "&")


@pytest.mark.parametrize(
    ("status", "last_step"),
    [
        ("Pending", "Order received"),
        ("Processing", "Payment received"),
        ("Complete", "Delivered"),
        ("Canceled", "Canceled, nothing was charged"),
        ("Closed", "Returned and refunded"),
    ],
)
async def test_an_order_tells_how_far_it_is(shop: ShopSite, status: str, last_step: str) -> None:
    shop.login()
    order = shop.db.value("select max(id) from sales_order where customer = 27 and status = ?", status)
    html = (await shop.get(f"/sales/order/view/order_id/{order}/")).text
    steps = re.findall(r'<li><strong>([^<]+)</strong> <time datetime="([^"]+)"', html)
    assert steps[-1][0] == last_step
    assert [moment for _, moment in steps] == sorted(moment for _, moment in steps)
    assert steps[-1][1] < shop.db.value("select now from clock")


async def test_what_was_received_can_be_reviewed_from_the_order(shop: ShopSite) -> None:
    shop.login()
    assert (
        'href="/castell-glow-floor-lamp-800-lumen-black.html#review-form"'
        in (await shop.get("/sales/order/view/order_id/257/")).text
    )


async def test_reordering_what_is_not_ones_own_says_so(shop: ShopSite) -> None:
    shop.login()
    page = await shop.post("/sales/order/reorder/order_id/268/")
    assert "There is no such order in your account." in page.text


async def test_an_order_is_found_without_an_account(shop: ShopSite) -> None:
    page = await shop.post("/sales/guest/form/", **KNOWN)
    assert page.url.path == "/sales/guest/view/"
    assert "Castell Glow Floor Lamp" in page.text
    shop.http.cookies.clear()
    assert (await shop.get("/sales/guest/view/")).url.path == "/sales/guest/form/"


@pytest.mark.parametrize(
    "wrong",
    [
        {"order_number": "258"},
        {"order_number": "many"},
        {"last_name": "pez"},
        {"last_name": "Smith"},
        {"email": "emma@mail.example"},
        {"email": ""},
    ],
)
async def test_an_order_is_not_found_by_half_of_its_details(shop: ShopSite, wrong: dict[str, str]) -> None:
    page = await shop.post("/sales/guest/form/", **{**KNOWN, **wrong})
    assert page.history[0].status_code == 302
    assert "Castell Glow Floor Lamp" not in page.text


async def test_signing_in_forgets_what_a_guest_looked_up(shop: ShopSite) -> None:
    await shop.post("/sales/guest/form/", **KNOWN)
    await shop.post("/customer/account/login/", **EMMA)
    await shop.get("/customer/account/logout/")
    assert (await shop.get("/sales/guest/view/")).url.path == "/sales/guest/form/"


async def test_own_purchases_wait_for_a_review_until_they_have_one(shop: ShopSite) -> None:
    shop.login()
    link = 'href="/castell-glow-floor-lamp-800-lumen-black.html#review-form"'
    assert link in (await shop.get("/review/customer/")).text
    await shop.post("/review/product/post/id/1804/", rating="4", nickname="Emma", title="Good", detail="Steady.")
    page = (await shop.get("/review/customer/")).text
    assert link not in page
    assert "Steady." in page
