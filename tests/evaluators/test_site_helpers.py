"""The five official helpers, against a real HTTP server."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.evaluators.conftest import Html, Reply, Site
from tests.evaluators.fakes import Page, end_of, evaluate
from tests.support import local_site
from webarena_runner.errors import OutsideSites, ScriptError, SiteElsewhere, SiteError, TaskFileError
from webarena_runner.evaluators.program_html import HtmlSpec, HtmlTarget, ProgramHtml
from webarena_runner.official.notation import LOCATOR_HELPERS, URL_HELPERS, HelperCall, parse_helper, render
from webarena_runner.types import Score

Serve = Callable[[dict[str, Reply]], Site]
TOKEN = "/rest/default/V1/integration/admin/token"
REVIEWS = "/rest/V1/products/B00J8RZL7I/reviews"
RATING = "func:shopping_get_sku_latest_review_rating('B00J8RZL7I')"
AUTHOR = "func:shopping_get_sku_latest_review_author('B00J8RZL7I')"
ROLE = "func:gitlab_get_project_memeber_role(__page__, 'koush')"


def _routes(routes: dict[str, Reply]) -> dict[str, Reply]:
    return {f"POST {TOKEN}": (200, "a-token")} | routes


async def _score(url: str, locator: str, expected: str, *, shop: str, page: Page | None = None) -> Score:
    target = HtmlTarget(url=url, locator=locator, required_contents={"exact_match": expected})
    check = HtmlSpec(targets=(target,))
    return await evaluate(ProgramHtml(), end_of(check, page=page, urls={"shopping": shop, "reddit": "http://r"}))


def _review(nickname: str, percent: int) -> dict[str, Any]:
    return {"nickname": nickname, "ratings": [{"rating_name": "Rating", "percent": percent}]}


async def test_the_last_review_is_the_newest(serve: Serve) -> None:
    site = serve(_routes({f"GET {REVIEWS}": (200, [_review("First", 20), _review("Emma Lopez", 80)])}))
    assert (await _score("last", RATING, "80", shop=site.url)).value == 1.0
    assert (await _score("last", AUTHOR, "Emma Lopez", shop=site.url)).value == 1.0


async def test_no_review_is_empty_text(serve: Serve) -> None:
    site = serve(_routes({f"GET {REVIEWS}": (200, [])}))
    assert (await _score("last", RATING, "80", shop=site.url)).evidence["targets"][0]["selected"] == ""
    assert (await _score("last", AUTHOR, "Emma", shop=site.url)).value == 0.0


async def test_the_shop_is_asked_with_the_admin_token(serve: Serve) -> None:
    site = serve(_routes({f"GET {REVIEWS}": (200, [])}))
    await _score("last", AUTHOR, "Emma", shop=site.url)
    (asked_token, _, account), (asked_reviews, authorization, _) = site.requests
    assert (asked_token, asked_reviews) == (f"POST {TOKEN}", f"GET {REVIEWS}")
    assert account == b'{"username":"admin","password":"admin1234"}'
    assert authorization == "Bearer a-token"


async def test_the_latest_order_is_opened_by_its_number(serve: Serve) -> None:
    site = serve(_routes({"GET /rest/V1/orders": (200, {"items": [{"increment_id": "000000191"}]})}))
    page = Page(answers=["B07DFJ5XKH"])
    script = "document.querySelector('.ordered').outerText"
    got = await _score("func:shopping_get_latest_order_url()", script, "B07DFJ5XKH", shop=site.url, page=page)
    assert (got.value, page.opened) == (1.0, [f"{site.url}/sales/order/view/order_id/191/"])
    assert page.scripts == [(f"() => {script}", page.opened[0])]


async def test_a_shop_without_orders_fails_the_task(serve: Serve) -> None:
    site = serve(_routes({"GET /rest/V1/orders": (200, {"items": []})}))
    got = await _score("func:shopping_get_latest_order_url()", "document.title", "x", shop=site.url)
    assert (got.value, got.evidence["targets"][0]["note"]) == (0.0, "there is no order")


@pytest.mark.parametrize(
    ("routes", "told"),
    [
        ({f"POST {TOKEN}": (401, {"message": "locked"})}, "expected status 200, got 401"),
        ({f"GET {REVIEWS}": (500, Html("oops"))}, "expected status 200, got 500: oops"),
        ({f"GET {REVIEWS}": (200, Html("<html>maintenance</html>"))}, "expected JSON"),
        ({f"GET {REVIEWS}": (200, {"message": "?"})}, "expected a list of reviews"),
        ({f"GET {REVIEWS}": (200, [{"nickname": "E", "ratings": []}])}, "no rating called 'Rating'"),
    ],
)
async def test_a_shop_that_answers_wrongly_is_a_site_error(routes: dict[str, Reply], told: str, serve: Serve) -> None:
    site = serve(_routes(routes))
    with pytest.raises(SiteError, match=told):
        await _score("last", RATING, "80", shop=site.url)


async def test_a_shop_that_leads_to_another_host_does_not_get_the_account_taken_there(serve: Serve) -> None:
    with local_site.serve() as outside, local_site.serve() as shop:
        shop.page(TOKEN, "", status=307, headers={"Location": f"{outside.url}{TOKEN}"})
        with pytest.raises(SiteElsewhere, match=f"configured is {shop.url}, arrived at {outside.url}"):
            await _score("last", RATING, "80", shop=shop.url)
        assert outside.asked == []


async def test_a_shop_that_is_down_is_a_site_error() -> None:
    with pytest.raises(SiteError, match=r"POST http://127\.0\.0\.1:9/rest.*no answer"):
        await _score("last", RATING, "80", shop="http://127.0.0.1:9")


async def test_the_member_role_is_read_in_the_page() -> None:
    page = Page(answers=["Developer"])
    assert (await _score("last", ROLE, "developer", shop="http://s", page=page)).value == 1.0
    assert '"@koush"' in page.scripts[0][0]


async def test_a_missing_member_has_no_role() -> None:
    page = Page(answers=[ScriptError("undefined has no outerText")])
    assert (await _score("last", ROLE, "Developer", shop="http://s", page=page)).value == 0.0


@pytest.mark.parametrize(
    ("last", "opened"),
    [
        ("http://r/f/books/59421/friendly-reminder?sort=new#c", "http://r/f/books/59421/"),
        ("http://r/f/books/59421", "http://r/f/books/59421/"),
        ("http://r/f/books", "http://r/f/books"),
        ("http://r/user/someone/comments", "http://r/user/someone/comments"),
    ],
)
async def test_a_forum_post_is_opened_from_any_url_below_it(last: str, opened: str) -> None:
    page = Page(url=last, answers=["text"])
    await _score("func:reddit_get_post_url('__last_url__')", "document.title", "text", shop="http://s", page=page)
    assert page.opened == [opened]


@pytest.mark.parametrize("last", ["chrome-error://chromewebdata/", "about:blank", "http://elsewhere/f/books/1/x"])
async def test_a_tab_left_outside_the_sites_fails_the_task_without_opening_it(last: str) -> None:
    page = Page(url=last)
    got = await _score("func:reddit_get_post_url('__last_url__')", "document.title", "x", shop="http://s", page=page)
    assert (got.value, page.opened) == (0.0, [])


async def test_a_post_that_the_task_names_outside_the_sites_is_no_failure_of_the_agent() -> None:
    page = Page(url="http://r/f/books/1/x", answers=["text"])
    call = "func:reddit_get_post_url('http://{}/f/books/1/x')"
    assert (await _score(call.format("r"), "document.title", "text", shop="http://s", page=page)).value == 1.0
    with pytest.raises(OutsideSites, match="http://elsewhere/f/books/1/"):
        await _score(call.format("elsewhere"), "document.title", "text", shop="http://s", page=page)


def test_calls_are_read_into_names_and_texts() -> None:
    assert parse_helper(ROLE, "locator") == HelperCall("gitlab_get_project_memeber_role", ("koush",))
    assert parse_helper("func:shopping_get_latest_order_url()", "url").arguments == ()


@pytest.mark.parametrize(
    "text",
    [
        "func:__import__('os').system('true')",
        "func:open('/etc/passwd')",
        "func:shopping_get_sku_latest_review_rating(__import__('os').getcwd())",
        "func:shopping_get_sku_latest_review_rating(f'{1}')",
        "func:shopping_get_sku_latest_review_rating(sku='B')",
        "func:shopping_get_sku_latest_review_rating()",
        "func:shopping_get_sku_latest_review_rating(1)",
        "func:shopping_get_sku_latest_review_rating(__page__)",
        "func:gitlab_get_project_memeber_role('koush', __page__)",
        "func:reddit_get_post_url('__last_url__')",
        "func:shopping_get_sku_latest_review_rating('B'), 1",
        "func:" + "(" * 300,
        "func:" + "x" * 10_000,
        "function",
        "func:\0",
        "func:",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(TaskFileError):
        parse_helper(text, "locator")


def test_placeholders_are_rendered_by_whole_name() -> None:
    urls = {"shopping": "http://s", "shopping_admin": "http://a/admin"}
    assert (
        render("__SHOPPING_ADMIN__/x |OR| __SHOPPING__/y __last_url__", urls)
        == "http://a/admin/x |OR| http://s/y __last_url__"
    )


async def test_every_helper_of_the_notation_can_be_called(serve: Serve) -> None:
    site = serve(
        _routes(
            {
                f"GET {REVIEWS}": (200, [_review("E", 80)]),
                "GET /rest/V1/orders": (200, {"items": [{"increment_id": "1"}]}),
            }
        )
    )
    arguments = {"page": "__page__", "url": "'__last_url__'", "account": "'koush'", "sku": "'B00J8RZL7I'"}
    arguments |= {"selector": "'.price'", "username": "'koush'", "option": "'Size'", "attribute": "'brand'"}
    for place, table in (("url", URL_HELPERS), ("locator", LOCATOR_HELPERS)):
        for name, parameters in table.items():
            call = f"func:{name}({', '.join(arguments[parameter] for parameter in parameters)})"
            url, locator = (call, "document.title") if place == "url" else ("last", call)
            await _score(url, locator, "", shop=site.url, page=Page(answers=[ScriptError("not that page")]))
