"""The three routes of the shop's order and review interface that benchmark helpers call."""

import json
import re
from collections.abc import Mapping
from sqlite3 import Row
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.kit.database import Database
from webarena_mini.kit.numbers import to_int
from webarena_mini.kit.site import database_of
from webarena_mini.kit.tokens import new_token, same_secret

ADMIN_NAME, ADMIN_PASSWORD = ACCOUNTS["shopping_admin"]
# The fields that orders can be sorted and filtered by, and what they are in the database.
FIELDS = {
    "entity_id": "id",
    "increment_id": "increment_id",
    "created_at": "created_at",
    "status": "lower(status)",
    "grand_total": "total / 100.0",
    "customer_email": "email",
}
NUMBERS = {"entity_id", "grand_total"}
MOST_CHOICES = 500
CONDITIONS = {"eq": "=", "neq": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "like": "like"}


class _CriteriaError(Exception):
    """Search criteria that cannot be followed; the text is for the caller."""


def failure(status_code: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status_code)


async def admin_token(request: Request) -> Response:
    try:
        given = json.loads(await request.body())
    except (ValueError, RecursionError):
        return failure(400, "The request body is not JSON; expected username and password.")
    if not isinstance(given, dict):
        return failure(400, "Expected a JSON object with username and password.")
    # JSON can spell characters that no encoding has; as question marks they match no account.
    name, password = (str(given.get(key, "")).encode(errors="replace").decode() for key in ("username", "password"))
    if not (same_secret(name, ADMIN_NAME) and same_secret(password, ADMIN_PASSWORD)):
        return failure(401, "The account sign-in was incorrect.")
    token = new_token()
    database_of(request).run("insert into api_token values (?)", token)
    return JSONResponse(token)


def _is_allowed(request: Request, db: Database) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and db.one("select 1 from api_token where token = ?", token.strip()) is not None


async def orders(request: Request) -> Response:
    """Orders of all customers; filterGroups, sortOrders, pageSize and currentPage of `searchCriteria` are honoured."""
    db = database_of(request)
    if not _is_allowed(request, db):
        return failure(401, "The consumer isn't authorized to access these resources.")
    asked = {re.sub(r"[\[\]]+", ".", key).strip("."): value for key, value in request.query_params.items()}
    try:
        column = _field(asked.get("searchCriteria.sortOrders.0.field", "entity_id"))
        where, values = _conditions(asked)
    except _CriteriaError as error:
        return failure(400, str(error))
    direction = "desc" if asked.get("searchCriteria.sortOrders.0.direction", "ASC").upper() == "DESC" else "asc"
    size = to_int(asked.get("searchCriteria.pageSize"), low=1, high=1_000, default=100)
    page = to_int(asked.get("searchCriteria.currentPage"), low=1, high=10_000, default=1)
    rows = db.all(
        f"select * from sales_order where {where} order by {column} {direction}, id {direction} limit ? offset ?",
        *values,
        size,
        (page - 1) * size,
    )
    total = db.value(f"select count(*) from sales_order where {where}", *values)
    items = [_order(db, row) for row in rows]
    criteria = {"page_size": size, "current_page": page}
    return JSONResponse({"items": items, "search_criteria": criteria, "total_count": total})


def _field(name: str) -> str:
    """Raises _CriteriaError for a field that orders do not have."""
    if name not in FIELDS:
        raise _CriteriaError(f"Orders have no field {name!r}; expected one of {', '.join(sorted(FIELDS))}.")
    return FIELDS[name]


def _conditions(asked: Mapping[str, str]) -> tuple[str, list[str | float]]:
    """An SQL condition and its values: all groups must hold, and of each group one filter."""
    groups: dict[str, list[tuple[str, list[str | float]]]] = {}
    for key, name in asked.items():
        match = re.fullmatch(r"(searchCriteria\.filter_?[gG]roups\.(\d+)\.filters\.\d+)\.field", key)
        if match:
            condition = asked.get(f"{match[1]}.conditionType") or asked.get(f"{match[1]}.condition_type") or "eq"
            test = _test(name, condition, asked.get(f"{match[1]}.value", ""))
            groups.setdefault(match[2], []).append(test)
    where = " and ".join(f"({' or '.join(test for test, _ in tests)})" for tests in groups.values())
    return where or "1", [value for tests in groups.values() for _, values in tests for value in values]


def _test(name: str, condition: str, given: str) -> tuple[str, list[str | float]]:
    """Raises _CriteriaError for an unknown field or condition."""
    column = _field(name)
    if condition == "in":
        choices = given.split(",")[:MOST_CHOICES]
        return f"{column} in ({', '.join('?' * len(choices))})", [_typed(name, choice) for choice in choices]
    if condition not in CONDITIONS:
        raise _CriteriaError(f"Unknown condition {condition!r}; expected one of in, {', '.join(CONDITIONS)}.")
    return f"{column} {CONDITIONS[condition]} ?", [_typed(name, given)]


def _typed(name: str, given: str) -> str | float:
    """SQLite takes every text for larger than any number, so numbers must be given as such."""
    try:
        return float(given) if name in NUMBERS else given
    except ValueError:
        return given


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
    db = database_of(request)
    if not _is_allowed(request, db):
        return failure(401, "The consumer isn't authorized to access these resources.")
    product = db.one("select id from product where sku = ?", request.path_params["sku"])
    if product is None:
        return failure(404, "The product that was requested doesn't exist. Verify the product and try again.")
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
