"""The tasks that carry a fact from the shop to the forum: what has to be posted follows from the shop's data."""

from typing import Any

import pytest

from tests.minisites.mini_tasks import records
from webarena_runner.minisites._kit import Database
from webarena_runner.minisites.shop import SITE


@pytest.fixture(scope="module")
def shop() -> Database:
    return Database(SITE.snapshot())


@pytest.mark.parametrize("task", records("shopping", "reddit"), ids=lambda task: str(task["task_id"]))
def test_what_has_to_be_posted_is_in_the_shop(task: dict[str, Any], shop: Database) -> None:
    values = task["instantiation_dict"]
    (product,) = shop.all("select id, price from product where name = ?", values["product"])
    title, body = (target["required_contents"] for target in task["eval"]["program_html"])
    assert title == {"exact_match": values["title"]}
    if "rating" in values:
        bad = shop.all("select title from review where product = ? and stars <= 2 order by id", product["id"])
        assert body == {"must_include": [row["title"] for row in bad]}
        # A title that a better review has too would not tell that the right ones were chosen.
        others = shop.all("select title from review where product = ? and stars > 2", product["id"])
        assert not {row["title"] for row in bad} & {row["title"] for row in others}
    else:
        assert body == {"must_include": [f"${product['price'] / 100:.2f}"]}


@pytest.mark.parametrize("task", records("shopping", "reddit"), ids=lambda task: str(task["task_id"]))
def test_only_the_forum_is_logged_in_to(task: dict[str, Any]) -> None:
    assert task["sites"] == ["shopping", "reddit"]
    assert task["storage_state"] == "./.auth/reddit_state.json"
    assert task["start_url"] == "__SHOPPING__"
    assert task["eval"]["reference_url"] == "__REDDIT__/f/gadgets"
