"""The order and review interface as the official helpers call it."""

import re

import pytest

from tests.mini.shop_site import ShopSite, shop

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
        ('{"username": "\\ud800", "password": "x"}', 401),
        ("[" * 100_000, 400),
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


async def test_an_unknown_route_is_refused_as_json(shop: ShopSite) -> None:
    for method, path, status_code in (("GET", "/rest/V1/nope", 404), ("GET", TOKEN, 405), ("POST", LATEST, 405)):
        response = await shop.http.request(method, path)
        assert response.status_code == status_code
        assert response.json()["message"]


def by(field: str, value: str, condition: str = "eq", group: int = 0, number: int = 0) -> str:
    start = f"searchCriteria[filterGroups][{group}][filters][{number}]"
    return f"{start}[field]={field}&{start}[value]={value}&{start}[conditionType]={condition}"


@pytest.mark.parametrize(
    ("criteria", "condition"),
    [
        (by("status", "canceled"), "status = 'Canceled'"),
        (by("customer_email", "emma.lopez@gmail.com"), "customer = 27"),
        (by("entity_id", "200", "gt"), "id > 200"),
        (by("grand_total", "99.5", "lteq"), "total <= 9950"),
        (by("increment_id", "000000101,000000103", "in"), "id in (101, 103)"),
        (by("created_at", "2023-05%25", "like"), "created_at like '2023-05%'"),
        (
            f"{by('status', 'pending')}&{by('entity_id', '250', 'lt', 1)}&{by('status', 'closed', 'eq', 0, 1)}",
            "status in ('Pending', 'Closed') and id < 250",
        ),
    ],
)
async def test_orders_can_be_filtered(shop: ShopSite, criteria: str, condition: str) -> None:
    page = (await shop.http.get(f"/rest/V1/orders?{criteria}", headers=await shop.admin_headers())).json()
    expected = [row["id"] for row in shop.db.all(f"select id from sales_order where {condition} order by id")]
    assert expected
    assert [item["entity_id"] for item in page["items"]] == expected
    assert page["total_count"] == len(expected)


@pytest.mark.parametrize("criteria", [by("password_hash", "x"), by("status", "x", "regexp")])
async def test_a_filter_that_cannot_be_followed_is_named(shop: ShopSite, criteria: str) -> None:
    response = await shop.http.get(f"/rest/V1/orders?{criteria}", headers=await shop.admin_headers())
    assert response.status_code == 400
    assert re.search("password_hash|regexp", response.json()["message"])
