"""The answers of the shop admin's tasks follow from its data."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from tests.mini.mini_tasks import is_unachievable, records
from webarena_mini.sites.admin.app import SITE

COUNTED = "o.status not in ('canceled', 'fraud')"
PHONE = "(select phone from address where customer = c.id order by id limit 1)"

# The query whose rows, joined, are what the task's evaluator compares with; "?" is a template value, in order.
ANSWERS = {
    "What is the best-selling product": (
        "select p.name from order_item i join product p on p.id = i.product join sales_order o on o.id = i.sales_order"
        f" where {COUNTED} and o.created_at like ? || '-%' group by p.id order by sum(i.qty) desc limit 1",
        ["period"],
    ),
    "How many of the reviews": (
        "select count(*) from review where title || ' ' || detail like '%' || ? || '%'",
        ["word"],
    ),
    "Which customer has the phone number": (
        f"select c.first_name || ' ' || c.last_name || '|' || c.email from customer c where {PHONE} = ?",
        ["phone"],
    ),
    "Which customer has the most": (
        "select customer_name from sales_order where status = ? group by 1 order by count(*) desc limit 1",
        ["status"],
    ),
    "What are the top": ("select query from search_term order by uses desc limit ?", ["n"]),
    "Give me the SKUs": ("select sku from product where qty = ? and type = 'simple'", ["n"]),
    "How much did we refund": (
        "select printf('%.2f', sum(total) / 100.0) from credit_memo"
        " where created_at like '2022-08-%' and ? = 'August 2022'",
        ["month"],
    ),
}


def admin_tasks() -> list[dict[str, Any]]:
    found = records("shopping_admin")
    assert found, "the mini set has no tasks of the shop admin"
    return found


def answered() -> list[dict[str, Any]]:
    return [task for task in records("shopping_admin") if task["intent"].startswith(tuple(ANSWERS))]


def named(start: str) -> dict[str, Any]:
    """The first task whose intent begins so."""
    return next(task for task in admin_tasks() if task["intent"].startswith(start))


def required(task: dict[str, Any]) -> list[str]:
    return [str(next(iter(target["required_contents"].values()))) for target in task["eval"]["program_html"]]


def ids(task: dict[str, Any], before: str) -> list[int]:
    """The ids that the checks' addresses have after `before`."""
    paths = [target["url"] for target in task["eval"]["program_html"]]
    return [int(path.split(before)[1].strip("/").split("/")[0]) for path in paths if before in path]


@pytest.fixture(scope="module")
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(SITE.snapshot())
    yield connection
    connection.close()


@pytest.mark.parametrize("task", answered(), ids=lambda task: task["intent"][:60])
def test_the_answer_is_in_the_data(db: sqlite3.Connection, task: dict[str, Any]) -> None:
    query, names = next(value for start, value in ANSWERS.items() if task["intent"].startswith(start))
    values = [task["instantiation_dict"][name] for name in names]
    found = [part for row in db.execute(query, values) for part in str(row[0]).split("|")]
    match task["eval"]["reference_answers"]:
        case {"must_include": answers}:
            assert sorted(found) == sorted(answers)
        case {"fuzzy_match": "N/A"}:
            assert found == []
        case other:
            pytest.fail(f"unexpected reference answers {other!r}")


def test_best_sellers_customers_and_terms_have_no_equals(db: sqlite3.Connection) -> None:
    best = (
        "select sum(i.qty) from order_item i join sales_order o on o.id = i.sales_order"
        f" where {COUNTED} and o.created_at like '2022-%' group by i.product order by 1 desc limit 2"
    )
    canceled = (
        "select count(*) from sales_order where status = 'canceled' group by customer_name order by 1 desc limit 2"
    )
    for query in (best, canceled, "select uses from search_term order by uses desc limit 4"):
        counts = [row[0] for row in db.execute(query)]
        assert len(set(counts)) == len(counts), query


def test_orders_to_cancel_notify_and_ship_are_what_the_tasks_say(db: sqlite3.Connection) -> None:
    def status(order: int) -> str:
        return str(db.execute("select status from sales_order where id = ?", [order]).fetchone()[0])

    assert status(ids(named("Cancel order"), "order_id/")[0]) == "pending"
    latest = "select id from sales_order where customer_name = ? and status = 'pending' order by id desc limit 1"
    for task in (task for task in admin_tasks() if task["intent"].startswith(("Cancel the most recent", "Notify"))):
        customer = task["instantiation_dict"]["customer"]
        found = [row[0] for row in db.execute(latest, [customer])]
        assert found == ids(task, "order_id/")[:1], task["intent"]
    tracked = [task for task in admin_tasks() if task["intent"].startswith("Enter the")]
    assert [status(task["instantiation_dict"]["order"]) for task in tracked] == ["processing", "complete"]
    number = "select count(*) from shipment_track where number = ?"
    assert all(db.execute(number, [task["instantiation_dict"]["number"]]).fetchone() == (0,) for task in tracked)


def test_stock_and_prices_follow_from_what_there_is(db: sqlite3.Connection) -> None:
    for task in (task for task in admin_tasks() if " have arrived" in task["intent"]):
        given = task["instantiation_dict"]
        name = f"{given['product']}-{given['size']}-{given['color'].title()}"
        number, qty = db.execute("select id, qty from product where name = ?", [name]).fetchone()
        assert ids(task, "/id/") == [number, number]
        assert required(task) == [str(qty + given["n"]), "1"]
    task = named("Reduce the price")
    given = task["instantiation_dict"]
    like = f"{given['product']}-%-{given['color'].title()}"
    rows = db.execute(
        "select id, printf('%.2f', price / 100.0 - ?) from product where name like ?", [given["amount"], like]
    )
    assert list(zip(ids(task, "/id/"), required(task), strict=True))[:-1] == rows.fetchall()
    task = named("Raise the price of this product")
    [number] = ids(task, "/id/")
    assert task["start_url"].endswith(f"/id/{number}/")
    raised = "select printf('%.2f', price * (100 + ?) / 10000.0) from product where id = ?"
    assert db.execute(raised, [task["instantiation_dict"]["percent"], number]).fetchone() == (required(task)[0],)


def test_reviews_to_approve_and_delete_are_all_of_those_that_wait(db: sqlite3.Connection) -> None:
    waiting = (
        "select r.id from review r join product p on p.id = r.product"
        " where p.name = ? and r.status_id = 2 and r.stars {} ? order by r.id"
    )
    for start, operator in (("Approve the pending", "="), ("Delete all pending", "<")):
        task = named(start)
        values = [task["instantiation_dict"]["product"], task["instantiation_dict"]["stars"]]
        found = [row[0] for row in db.execute(waiting.format(operator), values)]
        assert found == ids(task, "/id/")


def test_what_is_to_be_done_starts_undone(db: sqlite3.Connection) -> None:
    def count(query: str, *values: object) -> int:
        return int(db.execute(f"select count(*) from {query}", values).fetchone()[0])

    page, new = named("Change the title of the page"), named("Add a simple product")
    assert count("cms_page where title = ? and id = ?", page["instantiation_dict"]["page"], *ids(page, "page_id/")) == 1
    assert count("product where name = ?", new["instantiation_dict"]["name"]) == 0
    assert count("product where name like 'Tansy Linen Tee-%-Purple'") == 0
    assert count("product where name = 'Tansy Linen Tee' and id = 62 and price = 2900") == 1
    assert count("product where name = 'Cairn Balance Ball' and id = 12 and status = 1") == 1
    assert count("product where slug = 'brook-tea-flask' and description like '%Goes into the dishwasher.'") == 1
    assert count("price_rule") == 7
    assert count("theme where id = 3 and title = ?", named("Open the preview")["instantiation_dict"]["theme"]) == 1
    assert count("sales_order where id = 381") == 1


def test_the_set_covers_the_evaluators() -> None:
    tasks = admin_tasks()
    kinds = {tuple(task["eval"]["eval_types"]) for task in tasks}
    assert kinds >= {("string_match",), ("url_match",), ("program_html",), ("url_match", "program_html")}
    assert len(tasks) >= 24
    assert len({task["intent_template_id"] for task in tasks}) >= 8
    assert sum(map(is_unachievable, tasks)) >= 3
    assert sum("program_html" in task["eval"]["eval_types"] for task in tasks) * 2 >= len(tasks)
    assert any("prep_actions" in target for task in tasks for target in task["eval"]["program_html"])
