"""Every recorded outcome of the official code comes out equal, through the live evaluators and again offline."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.evaluators.fakes import GOLDEN_URLS, Page, SayingJudge
from webarena_runner.evaluators import rescore, score
from webarena_runner.evaluators.program_html import HtmlSpec, HtmlTarget, ProgramHtml
from webarena_runner.evaluators.string_match import StringMatch
from webarena_runner.evaluators.url_match import UrlMatch
from webarena_runner.interfaces import EpisodeEnd, Evaluator, SiteLease
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.tasksets.file import load_task_file
from webarena_runner.types import Score, Task

Outcome = dict[str, Any]


@pytest.fixture(scope="module")
def tasks(shared: Path) -> Mapping[int, Task]:
    loaded = load_task_file(shared / "data" / "webarena" / "test.raw.json")
    return {task.task_id: task for task in loaded.tasks}


@pytest.fixture(scope="module")
def outcomes(shared: Path) -> list[Outcome]:
    with gzip.open(shared / "goldens" / "scoring.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


class RecordedShop:
    """The shop's REST interface as it was when an outcome was recorded."""

    def __init__(self) -> None:
        self.review: dict[str, str] = {}
        self.transport = httpx.ASGITransport(
            Starlette(
                routes=[
                    Route("/rest/default/V1/integration/admin/token", self._token, methods=["POST"]),
                    Route("/rest/V1/orders", self._orders),
                    Route("/rest/V1/products/{sku}/reviews", self._reviews),
                ]
            )
        )

    async def _token(self, request: Request) -> JSONResponse:
        return JSONResponse("a-token")

    async def _orders(self, request: Request) -> JSONResponse:
        return JSONResponse({"items": [{"increment_id": "000000170"}]})

    async def _reviews(self, request: Request) -> JSONResponse:
        rating = {"rating_name": "Rating", "percent": self.review.get("rating", "")}
        return JSONResponse(
            [
                {"nickname": "someone before", "ratings": [{"rating_name": "Rating", "percent": 20}]},
                {"nickname": self.review.get("author", ""), "ratings": [rating]},
            ]
        )


def _only(task: Task, kind: str) -> Task:
    return task.model_copy(update={"checks": tuple(check for check in task.checks if check.kind == kind)})


def _end(task: Task, page: Page, *, answer: str = "") -> EpisodeEnd:
    return EpisodeEnd(task, answer, SiteLease(GOLDEN_URLS, credentials=OFFICIAL_ACCOUNTS), page)


def _expected(outcome: Outcome) -> tuple[float, bool]:
    """Value, and whether the official code crashed on an unclear judge: for us a 0 with a flag."""
    return outcome.get("score", 0.0), "error" in outcome


def _recorded(outcomes: list[Outcome], kind: str, at_least: int) -> Iterator[Outcome]:
    chosen = [outcome for outcome in outcomes if outcome["type"] == kind]
    assert len(chosen) >= at_least
    return iter(chosen)


async def _score(
    task: Task, end: EpisodeEnd, evaluators: Mapping[str, Evaluator], judge: SayingJudge | None = None
) -> tuple[float, Score]:
    """Live value and score, after checking that the evidence alone gives the same."""
    value, (live,) = await score(task, end, evaluators, judge)
    kept = Score.model_validate_json(live.model_dump_json())
    assert rescore(task, [kept], evaluators) == (value, (live,))
    return value, live


async def test_string_match(tasks: Mapping[int, Task], outcomes: list[Outcome]) -> None:
    different = []
    for outcome in _recorded(outcomes, "string_match", 10_378):
        judge = SayingJudge([outcome["judge_reply"] or ""])
        task = _only(tasks[outcome["task_id"]], "string_match")
        value, live = await _score(
            task, _end(task, Page(), answer=outcome["answer"]), {"string_match": StringMatch()}, judge
        )
        calls_fit = len(judge.asked) == outcome["judge_calls"] or (value == 0 and len(judge.asked) > 0)
        if (value, "judge_unclear" in live.flags) != _expected(outcome) or not calls_fit:
            different.append((outcome, value, live.flags, judge.asked))
    assert not different, different[:5]


async def test_url_match(tasks: Mapping[int, Task], outcomes: list[Outcome]) -> None:
    different = []
    for outcome in _recorded(outcomes, "url_match", 2_328):
        task = _only(tasks[outcome["task_id"]], "url_match")
        value, _ = await _score(task, _end(task, Page(url=outcome["final_url"])), {"url_match": UrlMatch()})
        if value != outcome["score"]:
            different.append((outcome, value))
    assert not different, different[:5]


async def test_program_html(tasks: Mapping[int, Task], outcomes: list[Outcome]) -> None:
    shop = RecordedShop()
    evaluators = {"program_html": ProgramHtml(shop.transport)}
    different = []
    for outcome in _recorded(outcomes, "program_html", 3_405):
        task = _only(tasks[outcome["task_id"]], "program_html")
        page = _page_showing(task, outcome, shop)
        value, _ = await _score(task, _end(task, page), evaluators)
        if value != outcome["score"] or page.opened != outcome["visited"]:
            different.append((outcome, value, page.opened))
    assert not different, different[:5]


class WholePages(Page):
    """A page whose HTML is the next of its answers, as every other text that targets select."""

    async def content(self, url: str = "last") -> str:
        text: str = self.answers.pop(0)
        return text


def _page_showing(task: Task, outcome: Outcome, shop: RecordedShop) -> Page:
    (check,) = task.checks
    spec = HtmlSpec.model_validate(check.spec)
    page = WholePages(url=outcome["last_url"])
    for target, text in zip(spec.targets, outcome["selected"], strict=True):
        if "latest_review" in target.locator:
            shop.review["author" if "author" in target.locator else "rating"] = text
        else:
            page.answers += [*_prepared(target), text]
    return page


def _prepared(target: HtmlTarget) -> list[None]:
    return [None for _ in target.prep_actions]


async def test_official_outcomes_with_a_reference_text_missing_need_no_judge(
    tasks: Mapping[int, Task], outcomes: list[Outcome]
) -> None:
    seen: Counter[float] = Counter()
    for outcome in _recorded(outcomes, "string_match", 1):
        task = tasks[outcome["task_id"]]
        if outcome["task_id"] not in (34, 35, 267, 268) or "incorrect" in (outcome["judge_reply"] or ""):
            continue
        end = _end(task, Page(), answer=outcome["answer"])
        value, _ = await score(task, end, {"string_match": StringMatch()}, SayingJudge(["correct"]))
        if value == 0:
            unjudged = await score(task, end, {"string_match": StringMatch()})
            seen[unjudged[0]] += 1
    assert set(seen) == {0.0}
