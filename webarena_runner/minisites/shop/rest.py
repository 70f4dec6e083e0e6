"""The three routes of the shop's order and review interface that benchmark helpers call."""

import json
import re
from sqlite3 import Row
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from webarena_runner.minisites._kit import Database, new_token, same_secret
from webarena_runner.minisites._numbers import to_int
from webarena_runner.minisites.shop.visit import Shop

ADMIN_NAME = "admin"
ADMIN_PASSWORD = "admin1234"
SORT_COLUMNS = {"created_at", "increment_id", "entity_id", "status", "grand_total"}


def _failure(status_code: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status_code)


async def admin_token(request: Request) -> Response:
    shop: Shop = request.app.state.shop
    try:
        given = json.loads(await request.body())
    except ValueError:
        return _failure(400, "The request body is not JSON; expected username and password.")
    if not isinstance(given, dict):
        return _failure(400, "Expected a JSON object with username and password.")
    name, password = str(given.get("username", "")), str(given.get("password", ""))
    if not (same_secret(name, ADMIN_NAME) and same_secret(password, ADMIN_PASSWORD)):
        return _failure(401, "The account sign-in was incorrect.")
    token = new_token()
    shop.database.run("insert into api_token values (?)", token)
    return JSONResponse(token)


def _is_allowed(request: Request, db: Database) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and db.one("select 1 from api_token where token = ?", token.strip()) is not None


async def orders(request: Request) -> Response:
    """Orders of all customers; sortOrders, pageSize and currentPage of `searchCriteria` are honoured."""
    db = request.app.state.shop.database
    if not _is_allowed(request, db):
        return _failure(401, "The consumer isn't authorized to access these resources.")
    asked = {re.sub(r"[\[\]]+", ".", key).strip("."): value for key, value in request.query_params.items()}
    column = asked.get("searchCriteria.sortOrders.0.field", "entity_id")
    if column not in SORT_COLUMNS:
        return _failure(400, f"Cannot sort by {column!r}; expected one of {', '.join(sorted(SORT_COLUMNS))}.")
    direction = "desc" if asked.get("searchCriteria.sortOrders.0.direction", "ASC").upper() == "DESC" else "asc"
    size = to_int(asked.get("searchCriteria.pageSize"), low=1, high=1_000, default=100)
    page = to_int(asked.get("searchCriteria.currentPage"), low=1, high=10_000, default=1)
    rows = db.all(
        "select *, id as entity_id, total as grand_total from sales_order"
        f" order by {column} {direction}, id {direction} limit ? offset ?",
        size,
        (page - 1) * size,
    )
    total = db.value("select count(*) from sales_order")
    items = [_order(db, row) for row in rows]
    criteria = {"page_size": size, "current_page": page}
    return JSONResponse({"items": items, "search_criteria": criteria, "total_count": total})


def _order(db: Database, row: Row) -> dict[str, Any]:
    lines = db.all("select * from order_item where sales_order = ? order by id", row["id"])
    return {
        "entity_id": row["id"],
        "increment_id": row["increment_id"],
        "created_at": row["created_at"],
        "status": row["status"].lower(),
        "customer_email": row["email"],
        "subtotal": row["subtotal"] / 100,
        "shipping_amount": row["shipping"] / 100,
        "shipping_description": row["shipping_method"],
        "grand_total": row["total"] / 100,
        "total_item_count": len(lines),
        "items": [
            {"sku": line["sku"], "name": line["name"], "qty_ordered": line["qty"], "price": line["price"] / 100}
            for line in lines
        ],
    }


async def reviews(request: Request) -> Response:
    """Reviews of a product, the newest last."""
    db = request.app.state.shop.database
    if not _is_allowed(request, db):
        return _failure(401, "The consumer isn't authorized to access these resources.")
    product = db.one("select id from product where sku = ?", request.path_params["sku"])
    if product is None:
        return _failure(404, "The product that was requested doesn't exist. Verify the product and try again.")
    rows = db.all("select * from review where product = ? order by created_at, id", product["id"])
    return JSONResponse([_review(row) for row in rows])


def _review(row: Row) -> dict[str, Any]:
    rating = {"rating_name": "Rating", "percent": row["stars"] * 20, "value": row["stars"]}
    return {
        "id": row["id"],
        "nickname": row["nickname"],
        "title": row["title"],
        "detail": row["detail"],
        "created_at": row["created_at"],
        "ratings": [rating],
        "entity_pk_value": row["product"],
    }
