"""Categories, search, product pages, and what a broken address gives."""

import re

import pytest

from tests.mini.shop_site import ShopSite, shop

__all__ = ["shop"]
LIGHTING = "/home-kitchen/lighting.html"


def names(html: str) -> list[str]:
    return re.findall(r'class="product-item-link" href="/[^"]+">([^<]+)<', html)


def prices(html: str) -> list[float]:
    return [float(price.replace(",", "")) for price in re.findall(r'class="price">\$([\d,.]+)<', html)]


async def test_a_category_lists_its_products_and_its_neighbours(shop: ShopSite) -> None:
    page = await shop.get(LIGHTING)
    assert len(names(page.text)) == 12
    assert 'href="/home-kitchen/bedding.html"' in page.text


async def test_a_department_is_paged(shop: ShopSite) -> None:
    first, second = await shop.get("/electronics.html"), await shop.get("/electronics.html?p=2")
    assert len(names(first.text)) == len(names(second.text)) == 12
    assert not set(names(first.text)) & set(names(second.text))
    longer = await shop.get("/electronics.html?product_list_limit=24")
    assert names(longer.text) == names(first.text) + names(second.text)


@pytest.mark.parametrize(("query", "is_descending"), [("", False), ("&product_list_dir=desc", True)])
async def test_sorting_by_price(shop: ShopSite, query: str, *, is_descending: bool) -> None:
    found = prices((await shop.get(f"{LIGHTING}?product_list_order=price{query}")).text)
    assert found == sorted(found, reverse=is_descending)


async def test_sorting_by_name(shop: ShopSite) -> None:
    found = names((await shop.get("/catalogsearch/result/index/?q=lamp&product_list_order=name")).text)
    assert found == sorted(found)


async def test_the_price_filter_keeps_the_lower_bound_and_drops_the_upper(shop: ShopSite) -> None:
    assert min(prices((await shop.get(f"{LIGHTING}?price=24.99-40")).text)) == 24.99
    assert max(prices((await shop.get(f"{LIGHTING}?price=0-24.99")).text)) < 24.99


@pytest.mark.parametrize(
    ("typed", "price"),
    [
        ("price_from=10&price_to=46.99", "10-46.99"),
        ("price_from=&price_to=%2425", "0-25"),
        ("price_from=30&price_to=", "30-"),
    ],
)
async def test_typed_prices_become_the_official_filter(shop: ShopSite, typed: str, price: str) -> None:
    assert str((await shop.get(f"{LIGHTING}?{typed}")).url) == f"http://shop.test{LIGHTING}?price={price}"


async def test_search_finds_word_forms_and_ranks_names_first(shop: ShopSite) -> None:
    found = names((await shop.get("/catalogsearch/result/?q=kettles")).text)
    assert found
    assert "Kettle" in found[0]


async def test_search_for_words_that_no_product_has_together_shows_those_with_some(shop: ShopSite) -> None:
    page = await shop.get("/catalogsearch/result/?q=kettle+helicopter")
    assert "No product has all of these words" in page.text
    assert names(page.text)


@pytest.mark.parametrize(
    "query", ["", "zzzz", '"', "a OR", "NEAR(", "*", "'; drop table product; --", "\x00", "%", "é" * 400]
)
async def test_odd_searches_give_a_page(shop: ShopSite, query: str) -> None:
    response = await shop.http.get("/catalogsearch/result/", params={"q": query})
    assert response.status_code == 200


async def test_what_is_searched_for_is_not_markup(shop: ShopSite) -> None:
    assert "<script>alert" not in (await shop.get("/catalogsearch/result/?q=<script>alert(1)</script>")).text


@pytest.mark.parametrize(
    "query",
    [
        "p=0", "p=-1", "p=999999999999999999999", "p=x", "price=-", "price=a-b", "price=5-1",
        "product_list_order=nothing", "product_list_limit=-5", "product_list_dir=sideways",
        "brand=%00", "%=%", "price=1-2&price=3-4", "p[]=1",
    ],
)  # fmt: skip
async def test_a_broken_query_is_ignored(shop: ShopSite, query: str) -> None:
    assert (await shop.get(f"/electronics.html?{query}")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/nothing.html",
        "/a/b/c.html",
        "/.html",
        "/no/such/page",
        "/%00.html",
        "/media/catalog/product/no.jpg",
        "/static/shop/..%2f_kit.py",
    ],
)
async def test_an_unknown_address_is_a_page_not_found(shop: ShopSite, path: str) -> None:
    response = await shop.get(path)
    assert response.status_code == 404
    assert "Traceback" not in response.text


async def test_a_product_page_shows_what_one_must_know(shop: ShopSite) -> None:
    product = shop.product("review_count > 3 and stock > 10")
    text = await shop.text(f"/{product['slug']}.html")
    assert str(product["sku"]) in text
    assert f"${int(str(product['price'])) / 100:,.2f}" in text
    assert f"{product['review_count']} Reviews" in text


async def test_reviews_are_listed_newest_first(shop: ShopSite) -> None:
    product = shop.product("review_count > 5")
    html = (await shop.get(f"/{product['slug']}.html")).text
    moments = re.findall(r'<time datetime="([^"]+)"', html)
    assert moments == sorted(moments, reverse=True)
    assert len(moments) == product["review_count"]


async def test_a_review_appears_at_once_and_changes_the_rating(shop: ShopSite) -> None:
    product = shop.product("review_count = 0")
    path = f"/review/product/post/id/{product['id']}/"
    page = await shop.post(path, rating="4", nickname="Tess", title="Good", detail="It <b>works</b>.")
    assert "It &lt;b&gt;works&lt;/b&gt;." in page.text
    assert "4.0 out of 5 stars" in page.text


async def test_an_incomplete_review_is_returned_with_its_texts(shop: ShopSite) -> None:
    product = shop.product("review_count = 0")
    response = await shop.post(f"/review/product/post/id/{product['id']}/", nickname="Tess", title="", detail="Fine.")
    assert response.history[0].status_code == 302
    assert "Please choose 1 to 5 stars." in response.text
    assert 'value="Tess"' in response.text
    assert shop.db.value("select count(*) from review where product = ?", product["id"]) == 0


async def test_all_drawings_and_links_of_the_home_page_work(shop: ShopSite) -> None:
    html = (await shop.get("/")).text
    targets = set(re.findall(r'(?:href|src)="(/[^"#]*)"', html))
    for target in sorted(targets):
        assert (await shop.get(target)).status_code == 200, target


BROKEN_BODIES = [
    ("application/x-www-form-urlencoded", b"%ff=%fe&\xff\x00", 302),
    ("multipart/form-data; boundary=x", b"--x\r\nnot a part", 400),
    ("multipart/form-data", b"", 400),
    ("application/json", b"{}", 302),
]


@pytest.mark.parametrize(("kind", "body", "status_code"), BROKEN_BODIES)
async def test_a_body_that_is_no_form_is_refused(shop: ShopSite, kind: str, body: bytes, status_code: int) -> None:
    headers = {"content-type": kind, "referer": "http://[broken"}
    response = await shop.http.post("/contact/", content=body, headers=headers, follow_redirects=False)
    assert response.status_code == status_code
    assert "Traceback" not in response.text


async def test_the_wrong_method_is_a_page(shop: ShopSite) -> None:
    assert (await shop.http.post("/electronics.html")).status_code == 405
    assert (await shop.get("/checkout/cart/add/product/1001/")).status_code == 404


async def test_a_review_sent_back_can_be_reloaded(shop: ShopSite) -> None:
    product = shop.product("review_count = 0")
    page = await shop.get(f"/review/product/post/id/{product['id']}/")
    assert page.url.path == f"/{product['slug']}.html"
    assert (await shop.get("/review/product/post/id/9/")).status_code == 404


async def test_an_endless_review_is_cut(shop: ShopSite) -> None:
    product = shop.product("review_count = 0")
    endless = "x" * 100_000
    path = f"/review/product/post/id/{product['id']}/"
    for rating in ("", "5"):
        page = await shop.post(path, rating=rating, nickname=endless, title=endless, detail=endless)
        assert len(page.text) < 100_000


async def test_every_page_of_text_leads_to_its_sections(shop: ShopSite) -> None:
    for slug in ("about-us", "customer-service", "privacy-policy", "gift-wrapping"):
        html = (await shop.get(f"/{slug}/")).text
        anchors = re.findall(r'href="#([^"]+)"', html)
        assert len(anchors) > 3
        assert all(f'id="{anchor}"' in html for anchor in anchors), slug
