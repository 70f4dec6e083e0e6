"""The product form of the back office: what it stores, refuses and shows, and what the storefront makes of it."""

import re

import pytest

from tests.mini.admin_site import AdminSite, admin, values_of

__all__ = ["admin"]
VARIANT, CONFIGURABLE, FLASK = 86, 82, 8


async def save(admin: AdminSite, number: int, **changes: object) -> str:
    path = f"/admin/catalog/product/edit/id/{number}/"
    fields = {**values_of(await admin.html(path)), **changes}
    return (await admin.post(path, **{name: value for name, value in fields.items() if value is not None})).text


@pytest.mark.parametrize("name", ["color", "size", "visibility", "tax_class_id", "attribute_set_id", "category_ids][]"])
@pytest.mark.parametrize("value", ["9" * 5000, "99999999999999999999", "-1", "²"])
async def test_a_choice_that_there_is_not_is_no_server_error(admin: AdminSite, name: str, value: str) -> None:
    field = f"product[{name}" if name.endswith("]") else f"product[{name}]"
    assert "You saved the product." in await save(admin, VARIANT, **{field: value})


async def test_configurations_take_no_option_that_there_is_not(admin: AdminSite) -> None:
    path = "/admin/catalog/product/configurations/id/62/"
    refused = await admin.post(path, size="9" * 5000, color="99999999999", price="29", qty="30")
    assert refused.history[0].status_code == 302


async def test_a_new_size_is_made_with_its_configurations(admin: AdminSite) -> None:
    path = "/admin/catalog/product/configurations/id/62/"
    html = (await admin.post(path, color=["53"], new_size=" XXS ", price="29", qty="30")).text
    assert "1 configuration(s) were created." in html
    assert "Tansy Linen Tee-XXS-Green" in html
    number = admin.value("select id from product where name = 'Tansy Linen Tee-XXS-Green'")
    option = values_of(await admin.html(f"/admin/catalog/product/edit/id/{number}/"))["product[size]"]
    assert admin.value("select label from attribute_option where id = ?", option) == "XXS"
    assert "0 configuration(s)" in (await admin.post(path, color=["53"], new_size="xxs", price="29", qty="1")).text


async def test_labels_that_make_the_same_address_make_two_products(admin: AdminSite) -> None:
    path = "/admin/catalog/product/configurations/id/62/"
    for label in ("Ä", "Ö"):
        html = (await admin.post(path, color=["53"], new_size=label, price="29", qty="30")).text
        assert "1 configuration(s) were created." in html


async def test_nothing_left_is_out_of_stock(admin: AdminSite) -> None:
    field = "product[quantity_and_stock_status]"
    shown = values_of(await save(admin, FLASK, **{f"{field}[qty]": "0", f"{field}[is_in_stock]": "1"}))
    assert shown[f"{field}[is_in_stock]"] == "0"
    assert "Out of stock" in await admin.text("/brook-tea-flask.html")
    shown = values_of(await save(admin, FLASK, **{f"{field}[qty]": "5", f"{field}[is_in_stock]": "1"}))
    assert shown[f"{field}[is_in_stock]"] == "1"


async def test_a_configurable_product_is_there_while_one_of_its_variants_is(admin: AdminSite) -> None:
    assert "In stock SKU# WT01" in await admin.text("/corrie-racer-tank.html")
    admin.db.run("update product set qty = 0, is_in_stock = 0 where parent = ?", CONFIGURABLE)
    assert "Out of stock SKU# WT01" in await admin.text("/corrie-racer-tank.html")


async def test_the_store_asks_the_price_of_the_cheapest_variant(admin: AdminSite) -> None:
    assert "As low as $34.00" in await admin.text("/corrie-racer-tank.html")
    await save(admin, VARIANT, **{"product[price]": "19.50"})
    text = await admin.text("/corrie-racer-tank.html")
    assert "As low as $19.50" in text
    assert "In stock $34.00" in text
    html = await admin.html("/women.html?product_list_order=price")
    assert html.index("Corrie Racer Tank") < html.index("Wren Studio Tank")
    await save(admin, VARIANT, **{"product[price]": "19.50", "product[status]": None})
    assert "As low as $34.00" in await admin.text("/corrie-racer-tank.html")


async def test_a_variant_is_drawn_in_its_new_colour(admin: AdminSite) -> None:
    before = (await admin.get("/media/corrie-racer-tank-s-black.svg")).content
    await save(admin, VARIANT, **{"product[color]": "58"})
    assert (await admin.get("/media/corrie-racer-tank-s-black.svg")).content != before


async def test_the_url_key_moves_the_product_in_the_store(admin: AdminSite) -> None:
    await save(admin, FLASK, **{"product[url_key]": "tea-flask", "product[meta_title]": "Tea <anywhere>"})
    assert (await admin.get("/brook-tea-flask.html")).status_code == 404
    assert "<title>Tea &lt;anywhere&gt; - Solbrook</title>" in await admin.html("/tea-flask.html")


@pytest.mark.parametrize("key", ["corrie-racer-tank", "women", "Tea Flask", "../tea"])
async def test_a_url_key_that_is_taken_or_no_key_is_refused(admin: AdminSite, key: str) -> None:
    html = await save(admin, FLASK, **{"product[url_key]": key})
    assert 'id="url_key-error"' in html
    assert admin.value("select slug from product where id = ?", FLASK) == "brook-tea-flask"


async def test_a_weight_is_a_number(admin: AdminSite) -> None:
    html = await save(admin, FLASK, **{"product[weight]": "heavy"})
    assert 'id="weight-error"' in html


async def test_related_products_are_chosen_by_sku_and_shown_in_the_store(admin: AdminSite) -> None:
    assert "No other product has the SKU NO1" in await save(admin, FLASK, **{"product[related]": "GF01, NO1"})
    html = await save(admin, FLASK, **{"product[related]": "GF01, GB01"})
    assert re.search(r'aria-label="Keep Rill Steel Bottle" checked', html)
    store = await admin.html("/brook-tea-flask.html")
    related = store[store.index("Goes well with") :]
    assert "Rill Steel Bottle" in related
    assert "Quill Daypack" in related
    assert "Meadow Yoga Mat" not in related
    assert "Keep Rill Steel Bottle" not in await save(admin, FLASK, **{"links[related][]": None})


async def test_a_product_names_its_reviews_and_orders(admin: AdminSite) -> None:
    html = await admin.html(f"/admin/catalog/product/edit/id/{CONFIGURABLE}/")
    reviews = admin.value("select count(*) from review where product = ?", CONFIGURABLE)
    assert html.count(">Edit Review<") == reviews
    assert re.search(r"/admin/sales/order/view/order_id/\d+/", html[html.index("Recent Orders of this Product") :])


async def test_what_the_store_does_not_show_has_no_link_to_it(admin: AdminSite) -> None:
    assert "View in store" in await admin.html(f"/admin/catalog/product/edit/id/{FLASK}/")
    assert "View in store" not in await save(admin, FLASK, **{"product[status]": None})


async def test_a_deleted_products_number_is_not_given_again(admin: AdminSite) -> None:
    newest = admin.value("select max(id) from product")
    await admin.post(f"/admin/catalog/product/delete/id/{newest}/")
    path = "/admin/catalog/product/new/set/4/type/simple/"
    fields = values_of(await admin.html(path)) | {"product[name]": "Heath Scarf", "product[price]": "9"}
    assert (await admin.post(path, **fields)).url.path != f"/admin/catalog/product/edit/id/{newest}/"


async def test_a_category_is_renamed_in_the_store(admin: AdminSite) -> None:
    number = admin.value("select id from category where path = 'gear/bags'")
    path = f"/admin/catalog/category/edit/id/{number}/"
    values = values_of(await admin.html(path))
    refused = await admin.post(path, **{**values, "name": " "})
    assert refused.history[0].status_code == 302
    html = (await admin.post(path, **{**values, "name": "Packs & Bags", "blurb": "For <all> days."})).text
    assert "Quill Daypack 20 L" in html
    store = await admin.html("/gear/bags.html")
    assert "<h1>Packs &amp; Bags</h1>" in store
    assert "For &lt;all&gt; days." in store
