"""Advanced search, filters of search results, popular terms, and what one looked at."""

import re

import pytest

from tests.mini.shop_site import EMMA, ShopSite, shop
from tests.mini.test_shop_catalogue import LIGHTING, names, prices

__all__ = ["shop"]
LAMP = "/castell-glow-floor-lamp-800-lumen-black.html"


async def test_an_advanced_search_needs_all_that_was_filled_in(shop: ShopSite) -> None:
    page = await shop.get("/catalogsearch/advanced/result/?name=LAMP&description=foot&price_from=&price_to=40")
    assert page.url.params["price"] == "0-40"
    assert names(page.text)
    assert all("Lamp" in name for name in names(page.text))
    assert max(prices(page.text)) < 40


async def test_an_advanced_search_finds_a_sku(shop: ShopSite) -> None:
    assert names((await shop.get("/catalogsearch/advanced/result/?sku=lf180480")).text) == [
        "Castell Glow Floor Lamp, 800 Lumen, Black"
    ]


async def test_an_empty_advanced_search_asks_for_a_term(shop: ShopSite) -> None:
    page = await shop.get("/catalogsearch/advanced/result/?name=+&sku=&description=&price_from=&price_to=")
    assert page.url.path == "/catalogsearch/advanced/"
    assert "Enter a search term and try again." in page.text


@pytest.mark.parametrize("query", ["name=%25", "name=%27%22%3Cb%3E", "sku=%00", "price=x", "name=zzzz"])
async def test_an_odd_advanced_search_finds_nothing(shop: ShopSite, query: str) -> None:
    page = await shop.get(f"/catalogsearch/advanced/result/?{query}")
    assert page.status_code == 200
    assert "<b>" not in page.text


async def test_search_results_can_be_narrowed_to_a_category(shop: ShopSite) -> None:
    page = (await shop.get("/catalogsearch/result/?q=kettle")).text
    [(url, count)] = re.findall(r'href="([^"]+)">Grocery</a> <span class="quiet">(\d+)', page)
    narrowed = (await shop.get(url.replace("&amp;", "&"))).text
    assert len(names(narrowed)) == int(count)
    assert "Category: Grocery" in narrowed
    assert "Remove Category" in narrowed


async def test_the_price_form_keeps_query_order_and_brand(shop: ShopSite) -> None:
    path = "/catalogsearch/result/?q=lamp&product_list_order=price&product_list_dir=desc&brand=Castell"
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', (await shop.get(path)).text)
    kept = {name: text for name, text in hidden if name != "form_key"}
    assert kept == {"q": "lamp", "product_list_order": "price", "product_list_dir": "desc", "brand": "Castell"}


@pytest.mark.parametrize(
    "typed", ["price_from=cheap&price_to=", "price_from=5&price_to=lots", "price_from=-&price_to=-"]
)
async def test_prices_that_are_no_numbers_are_refused(shop: ShopSite, typed: str) -> None:
    page = await shop.get(f"{LIGHTING}?{typed}")
    assert "Please enter prices as numbers" in page.text
    assert "price" not in page.url.params


async def test_popular_terms_find_something(shop: ShopSite) -> None:
    terms = re.findall(r'href="(/catalogsearch/result/\?q=[^"]+)"', (await shop.get("/search/term/popular/")).text)
    assert len(terms) > 50
    assert all([names((await shop.get(url)).text) for url in terms[:5]])


async def test_a_search_without_results_offers_others(shop: ShopSite) -> None:
    page = (await shop.get("/catalogsearch/result/?q=zzzz")).text
    assert "Others look for" in page
    assert "Apply Price" not in page


async def test_what_was_looked_at_is_listed_the_latest_first(shop: ShopSite) -> None:
    slugs = [row["slug"] for row in shop.db.all("select slug from product order by id limit 14")]
    for slug in slugs:
        await shop.get(f"/{slug}.html")
    block = (await shop.get(LAMP)).text.split("Recently Viewed", 1)[1].split("</section>", 1)[0]
    assert re.findall(r'href="/([^"]+)\.html"', block) == slugs[:-6:-1]
    assert shop.db.value("select count(*) from viewed") == 12


async def test_a_guest_keeps_what_was_looked_at_when_signing_in(shop: ShopSite) -> None:
    await shop.get(LAMP)
    await shop.post("/customer/account/login/", **EMMA)
    assert f'href="{LAMP}"' in (await shop.get("/sales/order/history/")).text.split("Recently Viewed", 1)[1]


async def test_the_cart_page_names_no_product_that_is_not_in_the_cart(shop: ShopSite) -> None:
    """Evaluators look for product names on the whole page."""
    shop.login()
    await shop.get(LAMP)
    assert "Castell Glow" not in (await shop.get("/checkout/cart/")).text
    product = shop.product("stock > 5 and id not in (select product from choice)")
    await shop.post(f"/checkout/cart/add/product/{product['id']}/")
    await shop.get("/")
    others = shop.db.all("select name from product where id != ?", product["id"])
    cart = (await shop.get("/checkout/cart/")).text
    assert [row["name"] for row in others if row["name"] in cart] == []
