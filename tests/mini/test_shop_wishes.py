"""The wish list: notes, quantities, and the way into the cart."""

from html import unescape

from tests.mini.shop_site import ShopSite, plain, shop

__all__ = ["shop"]
PLAIN = "stock > 20 and price between 2000 and 3000 and id not in (select product from choice)"
WITH_CHOICES = "stock > 20 and id in (select product from choice where label = 'Color')"


async def test_notes_and_quantities_are_kept(shop: ShopSite) -> None:
    shop.login()
    wish = shop.db.value("select min(id) from wish")
    note = "For <Lucia>"
    page = await shop.post("/wishlist/index/update/", **{f"qty_{wish}": "3", f"note_{wish}": note})
    assert f'name="qty_{wish}" form="wish-form" value="3"' in page.text
    assert note in unescape(page.text)
    assert note not in page.text


async def test_a_senseless_quantity_is_refused_and_the_old_one_stays(shop: ShopSite) -> None:
    shop.login()
    wish = shop.db.value("select min(id) from wish")
    for text in ("0", "-2", "some", ""):
        page = await shop.post("/wishlist/index/update/", **{f"qty_{wish}": text, f"note_{wish}": "Blue"})
        assert "Please enter a whole number" in page.text
    assert tuple(shop.db.all("select qty, note from wish where id = ?", wish)[0]) == (1, "Blue")


async def test_the_wishes_of_another_customer_cannot_be_changed(shop: ShopSite) -> None:
    shop.login()
    wish = shop.db.run("insert into wish (customer, product, added_at) values (28, 1804, '2023-05-01')")
    await shop.post("/wishlist/index/update/", **{f"qty_{wish}": "9", f"note_{wish}": "Mine"})
    assert tuple(shop.db.all("select qty, note from wish where id = ?", wish)[0]) == (1, "")


async def test_a_wish_goes_into_the_cart_as_often_as_it_is_wished(shop: ShopSite) -> None:
    shop.login()
    product = shop.product(PLAIN)
    await shop.post(f"/wishlist/index/add/product/{product['id']}/")
    wish = shop.db.value("select id from wish where product = ?", product["id"])
    await shop.post("/wishlist/index/update/", **{f"qty_{wish}": "2", f"note_{wish}": ""})
    await shop.post(f"/wishlist/index/cart/product/{product['id']}/")
    assert shop.db.value("select qty from cart_item where product = ?", product["id"]) == 2
    assert shop.db.one("select 1 from wish where product = ?", product["id"]) is None


async def test_all_wishes_go_into_the_cart_except_those_that_must_be_configured(shop: ShopSite) -> None:
    shop.login()
    product = shop.product(WITH_CHOICES)
    await shop.post(f"/wishlist/index/add/product/{product['id']}/")
    page = plain((await shop.post("/wishlist/index/allcart/")).text)
    assert "You added 3 items to your shopping cart" in page
    assert f"{product['name']}: Please choose: Color." in page
    assert [row["product"] for row in shop.db.all("select product from wish")] == [product["id"]]


async def test_a_cart_line_moves_to_the_wish_list(shop: ShopSite) -> None:
    shop.login()
    product = shop.product(PLAIN)
    await shop.post(f"/checkout/cart/add/product/{product['id']}/", qty="1")
    line = str(shop.db.value("select id from cart_item"))
    await shop.post("/checkout/cart/", wish=line)
    assert shop.db.value("select count(*) from cart_item") == 0
    assert str(product["name"]) in await shop.text("/wishlist/")


async def test_a_stranger_who_wishes_is_sent_back_after_signing_in(shop: ShopSite) -> None:
    product = shop.product(PLAIN)
    await shop.post(f"/checkout/cart/add/product/{product['id']}/", qty="1")
    page = await shop.post("/checkout/cart/", wish=str(shop.db.value("select id from cart_item")))
    assert page.url.path == "/customer/account/login/"
    assert page.url.params["next"] == "/checkout/cart/"
    assert shop.db.value("select count(*) from cart_item") == 1
