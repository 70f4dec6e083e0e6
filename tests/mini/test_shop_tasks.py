"""The answers of the shop's tasks follow from its data."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from tests.mini.mini_tasks import is_unachievable, records
from webarena_mini.sites.shop import FOLDER
from webarena_mini.sites.shop.app import SITE

PRODUCT = "product = (select id from product where name like ? || '%')"
SLUG = "select '__SHOPPING__/' || p.slug || '.html' from product p join category c on c.id = p.shelf where c.name = ?"
MONEY = "printf('%.2f', {} / 100.0)"
EMMA = "customer = 27"

# The query whose first column, all rows joined, is what the task's evaluator compares with; "?" is a template value.
ANSWERS = {
    "What is the SKU of the": ("select sku from product where name like ? || '%'", ["product"]),
    "How many customers gave": (f"select count(*) from review where {PRODUCT} and stars = ?", ["product", "stars"]),
    "Who gave the": (f"select nickname from review where {PRODUCT} and stars < 3", ["product"]),
    "Who among the reviewers": (
        f"select nickname from review where {PRODUCT} and detail like '%' || trim(?, 'the ') || '%'",
        ["product", "opinion"],
    ),
    "What is the grand total": (
        f"select {MONEY.format('total')} from sales_order where {EMMA} and lower(status) = ? order by id desc limit 1",
        ["status"],
    ),
    "How much did I spend": (
        f"select {MONEY.format('sum(total)')} from sales_order where {EMMA} and status != 'Canceled'"
        " and created_at like '2023-03-%' and ? = 'March 2023'",
        ["month"],
    ),
    "What is the price range of": ("select price from product where brand = ? or name like '%Nordvik%'", ["brand"]),
}
URLS = {
    "Open one of the orders": (
        "select '__SHOPPING__/sales/order/view/order_id/' || id || '/' from sales_order"
        f" where {EMMA} and status = 'Canceled' and created_at like ? || '-%' order by id desc",
        ["year"],
    ),
    "Open the page of the most expensive": (f"{SLUG} order by p.price desc limit 1", ["category"]),
    "Open the page of the cheapest": (f"{SLUG} order by p.price limit 1", ["category"]),
}


def shop_tasks() -> list[dict[str, Any]]:
    return records("shopping")


def starting_with(queries: dict[str, tuple[str, list[str]]]) -> list[dict[str, Any]]:
    return [task for task in shop_tasks() if task["intent"].startswith(tuple(queries))]


def rows(db: sqlite3.Connection, queries: dict[str, tuple[str, list[str]]], task: dict[str, Any]) -> list[str]:
    query, names = next(value for start, value in queries.items() if task["intent"].startswith(start))
    values = [task["instantiation_dict"][name] for name in names]
    return [str(row[0]) for row in db.execute(query, values).fetchall()]


@pytest.fixture(scope="module")
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(SITE.snapshot())
    yield connection
    connection.close()


@pytest.mark.parametrize("task", starting_with(ANSWERS), ids=lambda task: task["intent"][:60])
def test_the_answer_is_in_the_data(db: sqlite3.Connection, task: dict[str, Any]) -> None:
    found = rows(db, ANSWERS, task)
    match task["eval"]["reference_answers"]:
        case {"exact_match": answer}:
            assert found == [answer]
        case {"must_include": answers}:
            assert sorted(found) == sorted(answers)
        case {"fuzzy_match": "N/A"}:
            assert found == []
        case other:
            pytest.fail(f"unexpected reference answers {other!r}")


@pytest.mark.parametrize("task", starting_with(URLS), ids=lambda task: task["intent"][:60])
def test_the_page_is_the_right_one(db: sqlite3.Connection, task: dict[str, Any]) -> None:
    assert rows(db, URLS, task) == task["eval"]["reference_url"].split(" |OR| ")


def test_the_cheapest_cost_what_is_said(db: sqlite3.Connection) -> None:
    for task in starting_with({"Open the page of the cheapest": URLS["Open the page of the cheapest"]}):
        [lowest] = db.execute(
            "select printf('%.2f', min(p.price) / 100.0) from product p join category c on c.id = p.shelf"
            " where c.name = ?",
            [task["instantiation_dict"]["category"]],
        ).fetchone()
        assert task["eval"]["reference_answers"] == {"must_include": [lowest]}


def test_the_phone_number_is_nowhere() -> None:
    pages = (FOLDER / "data" / "info_pages.yaml").read_text(encoding="utf-8")
    assert "phone" not in pages.lower()


def test_what_is_to_be_done_starts_undone_and_can_be_done(db: sqlite3.Connection) -> None:
    wished = {name for (name,) in db.execute("select name from wish w join product p on p.id = w.product")}
    assert not any("Castell Lantern LED Strip Light" in name for name in wished)
    assert len(wished) == 3
    assert any("Leather Wallet" in name for name in wished)
    in_stock = "select count(*) from product where stock >= 2 and sku in ('LF180810', 'LF430139')"
    assert db.execute(in_stock).fetchone() == (2,)
    assert db.execute("select newsletter from customer where id = 27").fetchone() == (0,)
    assert db.execute("select count(*) from cart_item").fetchone() == (0,)
    bought = "select o.id from sales_order o join order_item i on i.sales_order = o.id where {} order by 1"
    lamp = db.execute(bought.format("customer = 27 and i.sku = 'LF180480' and o.status = 'Complete'")).fetchall()
    assert lamp, "the lamp to be reviewed was never bought"
    bars = db.execute(bought.format("customer = 27 and i.name like '%Oat Granola Bars%'")).fetchall()
    assert [order for (order,) in bars] == [256]
    reordered = db.execute("select name from order_item where sales_order = 237 order by id").fetchall()
    assert [name for (name,) in reordered] == [
        "Basecamp Nine Brook Travel Mug, 350 ml",
        "Inkwell Bros Contour Drafting Stool, 100 kg, Grey",
    ]


def test_the_set_covers_the_evaluators() -> None:
    tasks = shop_tasks()
    kinds = {tuple(task["eval"]["eval_types"]) for task in tasks}
    single = ("string_match",), ("url_match",), ("program_html",)
    assert kinds >= {*single, ("string_match", "url_match"), ("url_match", "program_html")}
    assert len(tasks) >= 20
    assert len({task["intent_template_id"] for task in tasks}) >= 12
    assert sum(map(is_unachievable, tasks)) >= 4
