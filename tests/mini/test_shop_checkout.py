"""Cart and checkout."""

import pytest

from tests.mini.shop_site import ShopSite, plain, shop

__all__ = ["shop"]
PLAIN = "stock > 20 and price between 2000 and 3000 and id not in (select product from choice)"
WITH_CHOICES = "stock > 20 and id in (select product from choice where label = 'Color')"
ORDER = {"address": "1", "shipping": "standard", "payment": "Pay by invoice"}


async def put(shop: ShopSite, product: dict[str, object], qty: str = "1", **choices: str) -> str:
    page = await shop.post(f"/checkout/cart/add/product/{product['id']}/", qty=qty, **choices)
    return plain(page.text)


async def test_adding_twice_makes_one_line(shop: ShopSite) -> None:
    product = shop.product(PLAIN)
    assert "You added" in await put(shop, product, "2")
    await put(shop, product, "3")
    assert [row["qty"] for row in shop.db.all("select qty from cart_item")] == [5]


async def test_a_product_with_choices_wants_them(shop: ShopSite) -> None:
    product = shop.product(WITH_CHOICES)
    assert "Please choose: Color." in await put(shop, product)
    value = shop.db.value("select value from choice where product = ?", product["id"])
    assert "You added" in await put(shop, product, choice_Color=value)
    assert f"Color: {value}" in await shop.text("/checkout/cart")


@pytest.mark.parametrize("qty", ["0", "-3", "9999", "many", "1e3", "9" * 40])
async def test_an_impossible_quantity_is_refused(shop: ShopSite, qty: str) -> None:
    await put(shop, shop.product(PLAIN), qty)
    assert shop.db.all("select * from cart_item") == []


async def test_what_is_out_of_stock_cannot_be_added(shop: ShopSite) -> None:
    text = await put(shop, shop.product("stock = 0 and id not in (select product from choice)"))
    assert "is out of stock" in text


async def test_quantities_are_updated_and_lines_removed(shop: ShopSite) -> None:
    await put(shop, shop.product(PLAIN))
    line = str(shop.db.value("select id from cart_item"))
    await shop.post("/checkout/cart/", **{f"qty_{line}": "4"})
    assert shop.db.value("select qty from cart_item") == 4
    page = await shop.post("/checkout/cart/", remove=line)
    assert "You have no items in your shopping cart." in page.text


async def test_a_cart_of_somebody_else_cannot_be_changed(shop: ShopSite) -> None:
    await put(shop, shop.product(PLAIN))
    line = str(shop.db.value("select id from cart_item"))
    shop.http.cookies.clear()
    await shop.post("/checkout/cart/", remove=line)
    assert shop.db.value("select count(*) from cart_item") == 1


async def test_an_order_is_the_latest_of_all_and_shows_what_was_bought(shop: ShopSite) -> None:
    shop.login()
    product = shop.product(PLAIN)
    await put(shop, product, "2")
    page = await shop.post("/checkout/", **{**ORDER, "shipping": "express"})
    order = shop.db.one("select * from sales_order order by created_at desc limit 1")
    assert order is not None
    assert order["increment_id"] in page.text
    assert order["total"] == 2 * int(str(product["price"])) + 1400
    text = await shop.text(f"/sales/order/view/order_id/{int(order['increment_id'])}/")
    for expected in (product["name"], product["sku"], "Ordered: 2", "Express Delivery", "48 Juniper Way", "Pending"):
        assert str(expected) in text
    assert shop.db.value("select stock from product where id = ?", product["id"]) == int(str(product["stock"])) - 2
    assert "0 items" in text


async def test_equal_orders_in_equal_shops_get_equal_data(shop: ShopSite) -> None:
    other = ShopSite()
    rows = []
    for site in (shop, other):
        site.login()
        await put(site, site.product(PLAIN))
        await site.post("/checkout/", **ORDER)
        rows.append(tuple(site.db.all("select * from sales_order order by id desc limit 1")[0]))
    assert rows[0] == rows[1]
    await other.http.aclose()
    other.db.close()


async def test_a_guest_gives_an_address(shop: ShopSite) -> None:
    await put(shop, shop.product(PLAIN))
    order = {**ORDER, "address": "new", "email": "ada@mail.example"}
    refused = await shop.post("/checkout/", **order)
    assert refused.history[0].status_code == 302
    assert "This is a required field." in refused.text
    address = {"first_name": "Ada", "last_name": "Byron", "street": "1 Elm Court", "city": "Boulder", "phone": "1"}
    region = {"region": "Colorado", "postcode": "80302", "country": "United States"}
    assert "Thank you for your purchase!" in (await shop.post("/checkout/", **order, **address, **region)).text


@pytest.mark.parametrize("change", [{"shipping": "rocket"}, {"payment": "shells"}])
async def test_an_unknown_method_is_refused(shop: ShopSite, change: dict[str, str]) -> None:
    shop.login()
    await put(shop, shop.product(PLAIN))
    assert (await shop.post("/checkout/", **{**ORDER, **change})).history[0].status_code == 302


async def test_the_address_of_another_customer_cannot_be_used(shop: ShopSite) -> None:
    shop.login()
    await put(shop, shop.product(PLAIN))
    assert (await shop.post("/checkout/", **{**ORDER, "address": "10"})).history[0].status_code == 302


async def test_an_empty_cart_has_no_checkout(shop: ShopSite) -> None:
    assert (await shop.get("/checkout/")).url.path == "/checkout/cart/"
    assert (await shop.post("/checkout/", **ORDER)).url.path == "/checkout/cart/"
    assert (await shop.get("/checkout/onepage/success/")).url.path == "/checkout/cart/"


async def test_standard_delivery_is_free_from_a_hundred_dollars(shop: ShopSite) -> None:
    shop.login()
    await put(shop, shop.product(PLAIN), "5")
    await shop.post("/checkout/", **ORDER)
    assert shop.db.value("select shipping from sales_order order by id desc limit 1") == 0


async def test_two_lines_of_a_product_cannot_ask_for_more_than_there_is(shop: ShopSite) -> None:
    product = shop.product(WITH_CHOICES)
    for value in ("Black", "Navy"):
        await put(shop, product, "1", choice_Color=value)
    first, second = (str(row["id"]) for row in shop.db.all("select id from cart_item order by id"))
    stock = str(product["stock"])
    page = await shop.post("/checkout/cart/", **{f"qty_{first}": stock, f"qty_{second}": stock})
    assert "is not available" in page.text
    assert shop.db.value("select sum(qty) from cart_item") <= int(stock)
    shop.db.run("update product set stock = 1 where id = ?", product["id"])
    page = await shop.post("/checkout/", **ORDER, email="ada@mail.example")
    assert "Not available in this quantity any more" in page.text


async def test_a_new_address_is_kept_when_asked(shop: ShopSite) -> None:
    shop.login()
    address = {"first_name": "Ada", "last_name": "Byron", "street": "1 Elm Court", "city": "Boulder"}
    address |= {"region": "Colorado", "postcode": "80302", "phone": "3035550100", "address": "new"}
    for count, wish in ((3, {}), (4, {"save_address": "1"})):
        await put(shop, shop.product(PLAIN))
        await shop.post("/checkout/", **{**ORDER, **address}, **wish)
        assert shop.db.value("select count(*) from address where customer = 27") == count
    assert "1 Elm Court" in shop.db.value("select shipping_address from sales_order order by id desc limit 1")


async def test_an_address_that_is_not_on_offer_leaves_the_usual_one_chosen(shop: ShopSite) -> None:
    shop.login()
    await put(shop, shop.product(PLAIN))
    page = await shop.post("/checkout/", **{**ORDER, "address": "10"})
    assert page.history[0].status_code == 302
    assert '<input type="radio" name="address" value="1" checked>' in page.text


async def test_what_is_wrong_stands_where_it_is_wrong(shop: ShopSite) -> None:
    shop.login()
    await put(shop, shop.product(PLAIN))
    page = await shop.post("/checkout/", **{**ORDER, "shipping": "", "payment": ""})
    assert 'id="shipping-error">Please choose a delivery method.' in page.text
    assert 'id="payment-error">Please choose a payment method.' in page.text


async def test_the_cart_counts_delivery(shop: ShopSite) -> None:
    await put(shop, shop.product(PLAIN))
    price = shop.db.value("select p.price from cart_item i join product p on p.id = i.product")
    text = await shop.text("/checkout/cart/")
    assert f"Order Total ${(price + 500) / 100:.2f}" in text
    assert f"Express 1 to 2 $14.00 ${(price + 1400) / 100:.2f}" in text


async def test_a_second_click_on_place_order_shows_the_order_of_the_first(shop: ShopSite) -> None:
    shop.login()
    await put(shop, shop.product(PLAIN))
    before = shop.db.value("select count(*) from sales_order")
    for _ in range(2):
        page = await shop.post("/checkout/", **ORDER)
        assert page.url.path == "/checkout/onepage/success/"
    assert shop.db.value("select count(*) from sales_order") == before + 1


async def test_the_name_of_the_customer_stands_in_a_new_address(shop: ShopSite) -> None:
    shop.login()
    await put(shop, shop.product(PLAIN))
    page = (await shop.get("/checkout/")).text
    assert 'name="first_name" value="Emma"' in page
    assert 'name="last_name" value="Lopez"' in page
