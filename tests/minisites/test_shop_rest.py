"""The order and review interface as the official helpers call it."""

import pytest

from tests.minisites.shop_site import ShopSite, shop

__all__ = ["shop"]
LATEST = (
    "/rest/V1/orders?searchCriteria[sortOrders][0][field]=created_at"
    "&searchCriteria[sortOrders][0][direction]=DESC&searchCriteria[pageSize]=1"
)
TOKEN = "/rest/default/V1/integration/admin/token"


async def test_the_token_is_a_json_string(shop: ShopSite) -> None:
    response = await shop.http.post(TOKEN, json={"username": "admin", "password": "admin1234"})
    assert response.status_code == 200
    assert isinstance(response.json(), str)


@pytest.mark.parametrize(
    ("body", "status_code"),
    [
        ('{"username": "admin", "password": "wrong"}', 401),
        ('{"username": 5}', 401),
        ("{}", 401),
        ("[]", 400),
        ("no json", 400),
        ("", 400),
    ],
)
async def test_a_wrong_token_request_is_refused_as_json(shop: ShopSite, body: str, status_code: int) -> None:
    response = await shop.http.post(TOKEN, content=body)
    assert response.status_code == status_code
    assert response.json()["message"]


@pytest.mark.parametrize("path", [LATEST, "/rest/V1/products/LF160416/reviews"])
async def test_nothing_is_told_without_a_token(shop: ShopSite, path: str) -> None:
    assert (await shop.get(path)).status_code == 401


async def test_the_latest_order_of_all_customers(shop: ShopSite) -> None:
    page = (await shop.http.get(LATEST, headers=await shop.admin_headers())).json()
    newest = shop.db.value("select increment_id from sales_order order by created_at desc limit 1")
    assert [item["increment_id"] for item in page["items"]] == [newest]
    assert page["items"][0]["entity_id"] == int(newest)


async def test_orders_can_be_paged(shop: ShopSite) -> None:
    path = "/rest/V1/orders?searchCriteria[pageSize]=50&searchCriteria[currentPage]=2"
    page = (await shop.http.get(path, headers=await shop.admin_headers())).json()
    assert [item["entity_id"] for item in page["items"]] == list(range(151, 201))
    assert page["total_count"] == 168


async def test_an_unknown_sort_column_is_named(shop: ShopSite) -> None:
    path = "/rest/V1/orders?searchCriteria[sortOrders][0][field]=password"
    response = await shop.http.get(path, headers=await shop.admin_headers())
    assert response.status_code == 400
    assert "password" in response.json()["message"]


async def test_a_new_review_comes_last(shop: ShopSite) -> None:
    product = shop.product("review_count > 2")
    path = f"/review/product/post/id/{product['id']}/"
    await shop.post(path, rating="3", nickname="Tess", title="So so", detail="It will do.")
    reviews = (
        await shop.http.get(f"/rest/V1/products/{product['sku']}/reviews", headers=await shop.admin_headers())
    ).json()
    assert reviews[-1]["nickname"] == "Tess"
    assert reviews[-1]["ratings"][0] == {"rating_name": "Rating", "percent": 60, "value": 3}
    assert len(reviews) == int(str(product["review_count"])) + 1


async def test_a_product_that_is_not_there(shop: ShopSite) -> None:
    response = await shop.http.get("/rest/V1/products/NOPE/reviews", headers=await shop.admin_headers())
    assert response.status_code == 404
