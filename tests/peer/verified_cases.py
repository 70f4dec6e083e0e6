"""Episodes to be scored by webarena-verified: what is done on the embedded sites, what is checked, and the verdict.

The tasks are ours, in webarena-verified's form; `OFFICIAL` are its own, of whose pages the embedded sites have one too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PASS, ANSWER, NETWORK = "pass", "AgentResponseEvaluator", "NetworkEventEvaluator"
STRING, NUMBER = {"type": "string"}, {"type": "number"}
CURRENCY = {"type": "number", "format": "currency"}
Actions = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Case:
    """`done` is what is done in place of the mini task's own actions, `answer` what is said in the end.

    `verdict`: pass, or the first evaluator that fails.
    """

    task_id: int
    verdict: str
    mini: int
    checks: Sequence[Mapping[str, Any]] = ()
    answer: str | None = None
    done: Actions | None = None
    sites: Sequence[str] = ("shopping",)


def response(task_type: str, status: str = "SUCCESS", data: Any = None, items: Any = None) -> dict[str, Any]:
    schema = {"type": "null"} if items is None else {"type": "array", "items": items}
    expected = {"task_type": task_type, "status": status, "retrieved_data": data}
    return {"evaluator": ANSWER, "results_schema": schema, "expected": expected}


def request(url: str, **expected: Any) -> dict[str, Any]:
    return {"evaluator": NETWORK, "expected": {"url": url, **expected}}


def retrieve(data: Any, items: Any) -> list[dict[str, Any]]:
    return [response("retrieve", data=data, items=items)]


def mutate(url: str, **post_data: str) -> list[dict[str, Any]]:
    sent = {"http_method": "POST", "response_status": 302, "post_data": post_data}
    return [response("mutate"), request(url, **{key: value for key, value in sent.items() if value != {}})]


def navigate(url: str, **query_params: str) -> list[dict[str, Any]]:
    named = {name: [value] for name, value in query_params.items()}
    return [response("navigate"), request(url, **({"query_params": named} if named else {}))]


def goto(url: str) -> dict[str, str]:
    return {"do": "goto", "url": url}


NAMES = ["Hazel C.", "Rosa P.", "Bridget V."]
LIGHTING = "__SHOPPING__/home-kitchen/lighting.html"
WISHLIST = "__SHOPPING__/wishlist/index/add/product/1807/"
STATUS, TITLE = "__GITLAB__/-/profile/status", "Price check: Quillon Switchback Power Bank"
REQUESTS = "__GITLAB__/dashboard/merge_requests"
PAGE_EDIT = "__SHOPPING_ADMIN__/cms/page/edit/page_id/1/"
SPENT = retrieve([1462.95], CURRENCY)
PROTOCOL = '{"task_type": "RETRIEVE", "status": "SUCCESS", "retrieved_data": [%s], "error_details": null}'

CASES = (
    Case(600, PASS, 2, retrieve([4], NUMBER)),
    Case(601, ANSWER, 2, retrieve([4], NUMBER), answer="5"),
    Case(602, PASS, 3, retrieve([3], NUMBER), answer="3 customers"),
    Case(603, PASS, 4, retrieve(NAMES, STRING)),
    Case(604, ANSWER, 4, retrieve(NAMES, STRING), answer="Rosa P., Bridget V."),
    # Written as it was said, it would be taken for 1.46295.
    Case(605, PASS, 10, SPENT, answer="$1,462.95"),
    Case(606, PASS, 6, [response("retrieve", "NOT_FOUND_ERROR", items=STRING)]),
    Case(607, ANSWER, 6, [response("retrieve", "NOT_FOUND_ERROR", items=STRING)], answer="saltypebble43"),
    Case(608, PASS, 2, retrieve([4], NUMBER), answer=PROTOCOL % "4"),
    Case(609, ANSWER, 2, retrieve([4], NUMBER), answer=f"```json\n{PROTOCOL % '6'}\n```"),
    Case(610, PASS, 11, navigate(LIGHTING, price="0-25")),
    Case(611, NETWORK, 11, navigate(LIGHTING, price="0-25"), done=[goto(LIGHTING)]),
    Case(612, NETWORK, 11, navigate(LIGHTING), done=[goto(LIGHTING), goto("__SHOPPING__/wishlist/")]),
    Case(613, PASS, 18, mutate(WISHLIST)),
    Case(614, NETWORK, 18, mutate(WISHLIST), done=[goto("__SHOPPING__/wishlist/")]),
    Case(615, PASS, 24, mutate("__SHOPPING__/newsletter/manage/", is_subscribed="1")),
    Case(616, PASS, 60, mutate("__REDDIT__/submit", title=TITLE), sites=("shopping", "reddit")),
    Case(617, NETWORK, 60, mutate("__REDDIT__/submit", title="Another"), sites=("shopping", "reddit")),
    Case(618, PASS, 212, mutate(STATUS, status_message="Reviewing until noon"), sites=("gitlab",)),
    Case(619, NETWORK, 212, mutate(STATUS, status_message="Away"), sites=("gitlab",)),
    Case(620, PASS, 101, mutate(PAGE_EDIT, title="You have left the trail"), sites=("shopping_admin",)),
)

# Of these the checks are the package's own; what is done leads to the page that they want, or to another.
OFFICIAL = (
    Case(44, PASS, 212, done=[goto("__GITLAB__/dashboard/todos")], sites=("gitlab",)),
    Case(261, PASS, 11, done=[goto("__SHOPPING__/electronics/headphones.html")]),
    Case(275, PASS, 11, done=[goto("__SHOPPING__/catalogsearch/result/?q=xbox")]),
    Case(276, NETWORK, 11, done=[goto("__SHOPPING__/catalogsearch/result/?q=desk+lamp")]),
    Case(
        156,
        PASS,
        212,
        done=[goto("__GITLAB__/dashboard/merge_requests?assignee_username=byteblaze")],
        sites=("gitlab",),
    ),
    Case(258, NETWORK, 212, done=[goto("__GITLAB__/explore"), goto("__GITLAB__/dashboard/todos")], sites=("gitlab",)),
    # Its answer is "Quest Lumaflex" and something, and not this.
    Case(0, ANSWER, 2, answer="Sprite Yoga Strap"),
)


@dataclass(frozen=True)
class Verdict:
    """What webarena-verified says of one task; `failed` names the evaluators that did not pass."""

    score: float
    status: str
    failed: Sequence[str] = field(default=())

    @property
    def as_expected(self) -> str:
        return PASS if self.score == 1 else (self.failed[0] if self.failed else self.status)
