"""The rules of VisualWebArena and of both scorers of WebArena-Lite against what their own code gives (`peers.json`)."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error, async_playwright
from playwright.async_api import Page as Tab

from tests.evaluators.fakes import SayingJudge, end_of, evaluate
from webarena_runner.browser.find import find_browser, launch_args
from webarena_runner.errors import ScriptError
from webarena_runner.evaluators.program_html import HtmlSpec, ProgramHtml
from webarena_runner.evaluators.string_match import StringMatch, StringSpec
from webarena_runner.evaluators.url_match import UrlMatch, UrlSpec
from webarena_runner.interfaces import Evaluator, EvaluatorSetup
from webarena_runner.official.node import Node
from webarena_runner.settings.profiles import load_profile
from webarena_runner.settings.records import ScoringSettings

PEERS: dict[str, Any] = json.loads(Path(__file__).with_name("peers.json").read_text("utf-8"))
RULES = ("visualwebarena", "lite", "browsergym-lite")
STRICT = load_profile("strict").settings.scoring


def _built(kind: type[Any], scoring: ScoringSettings) -> Evaluator:
    built: Evaluator = kind.build(EvaluatorSetup(scoring))
    return built


def _strings(references: dict[str, Any], rules: str = "visualwebarena") -> StringSpec:
    evaluation = {"rules": rules, "reference_answers": references, "string_note": "there is none"}
    return StringMatch.read(Node("here", "eval", evaluation))


async def _answer(
    references: dict[str, Any], answer: str, scoring: ScoringSettings, judge: SayingJudge | None = None
) -> float:
    rules = "lite" if scoring.rules == "lite" else "visualwebarena"
    end = end_of(_strings(references, rules), answer=answer)
    return (await evaluate(_built(StringMatch, scoring), end, judge)).value


def _url_spec(reference: str, note: str | None, rules: str = "visualwebarena") -> UrlSpec:
    evaluation = {"rules": rules, "reference_url": reference} | ({"url_note": note} if note else {})
    return UrlMatch.read(Node("here", "eval", evaluation))


class _Shown:
    """A probe on a tab whose content the test sets."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self.url = "http://localhost:9999/"

    async def open(self, url: str) -> str:
        return url

    async def content(self, url: str = "last") -> str:
        return await self._tab.content()

    async def evaluate(self, script: str, url: str = "last") -> Any:
        try:
            return await self._tab.evaluate(script)
        except Error as error:
            raise ScriptError(str(error)) from error


@pytest.mark.parametrize("rules", RULES)
async def test_answers_score_as_the_peer_has_it(rules: str) -> None:
    scoring = load_profile(rules).settings.scoring
    cases = [case for case in PEERS["answers"] if rules in case["scores"]]
    wrong = [
        case for case in cases if await _answer(case["references"], case["answer"], scoring) != case["scores"][rules]
    ]
    assert len(cases) > 50
    assert wrong == []


@pytest.mark.parametrize("rules", ["visualwebarena", "browsergym-lite"])
def test_addresses_score_as_the_peer_has_it(rules: str) -> None:
    evaluator = _built(UrlMatch, load_profile(rules).settings.scoring)
    cases = [case for case in PEERS["urls"] if rules in case["scores"]]
    wrong = []
    for case in cases:
        spec = _url_spec(case["reference_url"], case.get("url_note"))
        score = evaluator.score(spec, {"final_url": case["final_url"], "urls": {}}, ())
        wrong += [case] if getattr(score, "value", None) != case["scores"][rules] else []
    assert len(cases) > 20
    assert wrong == []


@pytest.mark.browser
async def test_pages_score_as_the_peers_have_it() -> None:
    wrong, compared = [], 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser().path, args=launch_args(root=os.geteuid() == 0)
        )
        tab = await browser.new_page()
        for index, html in enumerate(PEERS["html"]):
            await tab.set_content(html)
            for case in (case for case in PEERS["pages"] if case["page"] == index):
                for rules, expected in case["scores"].items():
                    wrong += [case] if await _page(tab, case, rules) != expected else []
                    compared += 1
        await browser.close()
    assert compared > 130
    assert wrong == []


async def _page(tab: Tab, case: Mapping[str, Any], rules: str) -> float:
    target = {"url": "last", "locator": case["locator"], "required_contents": case["required_contents"]}
    spec = ProgramHtml.read(Node("here", "eval", {"rules": "visualwebarena", "program_html": [target]}))
    evaluator = _built(ProgramHtml, load_profile(rules).settings.scoring)
    return (await evaluate(evaluator, end_of(spec, page=_Shown(tab)))).value


# What each correction changes, as (references, answer, by the published rules, corrected).
CORRECTED: list[tuple[str, dict[str, Any], str, float, float]] = [
    ("answers_stripped", {"exact_match": "Blue"}, "blue\n", 0, 1),
    ("answers_stripped", {"exact_match": "Blue"}, "bluer", 0, 0),
    ("whole_words", {"must_include": ["cat"]}, "cat-like", 0, 1),
    ("whole_words", {"must_include": ["cat"]}, "cats", 0, 0),
    ("whole_words", {"must_exclude": ["cat"]}, "cat/dog", 1, 0),
    ("strict_comparisons", {"required_values": ["< 700"]}, "700", 1, 0),
    ("strict_comparisons", {"required_values": ["<= 700"]}, "700", 1, 1),
    ("amounts_are_numbers", {"required_values": ["< 700"]}, "$300", 0, 1),
    ("amounts_are_numbers", {"required_values": ["< 700"]}, "from 300 to 400", 0, 0),
    ("amounts_are_numbers", {"required_values": ["== 1299.5"]}, "$1,299.50", 0, 1),
]


@pytest.mark.parametrize(
    ("switch", "references", "answer", "published", "corrected"),
    CORRECTED,
    ids=[f"{switch} {references} {answer!r}" for switch, references, answer, *_ in CORRECTED],
)
async def test_each_correction_of_answers(
    switch: str, references: dict[str, Any], answer: str, published: float, corrected: float
) -> None:
    rules = ScoringSettings(rules="visualwebarena")
    assert await _answer(references, answer, rules) == published
    assert await _answer(references, answer, rules.model_copy(update={switch: True})) == corrected
    assert await _answer(references, answer, STRICT) == corrected


async def test_a_text_in_place_of_a_list_is_lost_for_both_scorers_of_lite_and_mended_in_strict() -> None:
    odd = {"must_include": "yjlou"}
    spec = _strings(odd, "lite")
    for rules in ("lite", "browsergym-lite"):
        lost = await evaluate(_built(StringMatch, load_profile(rules).settings.scoring), end_of(spec, answer="yjlou"))
        assert (lost.value, "takes a list and stops" in lost.explanation) == (0.0, True)
    assert (await evaluate(_built(StringMatch, STRICT), end_of(spec, answer="yjlou"))).value == 1.0


async def test_lite_asks_one_question_of_a_list_and_the_others_one_of_each() -> None:
    references = {"fuzzy_match": ["ten days", "Anna"]}
    for rules, asked in {
        "lite": ["ten days, Anna"],
        "browsergym-lite": ["ten days", "Anna"],
        "visualwebarena": ["ten days", "Anna"],
    }.items():
        judge = SayingJudge(["correct"])
        scoring = load_profile(rules).settings.scoring
        end = end_of(_strings(references, "lite"), answer="Ten days, says Anna ")
        assert (await evaluate(_built(StringMatch, scoring), end, judge)).value == 1.0
        assert [reference for _, reference, _ in judge.asked] == asked


def _page_spec(rules: str, *required: dict[str, Any]) -> HtmlSpec:
    targets = [{"url": "last", "locator": "", "required_contents": each} for each in required]
    return ProgramHtml.read(Node("here", "eval", {"rules": rules, "program_html": targets}))


def _evidence(*selected: Any) -> dict[str, Any]:
    seen = [{"asked": "last", "opened": "http://a.test/", "selected": each} for each in selected]
    return {"last_url": "http://a.test/", "urls": {}, "targets": seen}


async def _judged_page(spec: HtmlSpec, scoring: ScoringSettings, replies: list[str]) -> tuple[float, SayingJudge]:
    class Kept(ProgramHtml):
        async def collect(self, spec: HtmlSpec, end: Any) -> dict[str, Any]:
            return _evidence(*("It flies" for _ in spec.targets))

    judge = SayingJudge(replies)
    score = await evaluate(Kept(scoring=scoring), end_of(spec), judge)
    return score.value, judge


@pytest.mark.parametrize(
    ("replies", "published", "corrected"),
    [(["correct"], 1, 1), (["correct", "incorrect"], 0, 1), (["incorrect", "correct"], 0, 1), (["incorrect"], 0, 0)],
    ids=["both", "the first", "the second", "none"],
)
async def test_alternatives_of_a_judged_page(replies: list[str], published: float, corrected: float) -> None:
    spec = _page_spec("visualwebarena", {"fuzzy_match": "It is up. |OR| It flies."})
    assert (await _judged_page(spec, load_profile("visualwebarena").settings.scoring, list(replies)))[0] == published
    assert (await _judged_page(spec, STRICT, list(replies)))[0] == corrected


async def test_the_judge_of_a_page_is_told_what_the_peer_tells() -> None:
    lite = _page_spec("lite", {"fuzzy_match": ["refund", "it broke"]})
    assert ProgramHtml.needs_judge(lite)
    value, judge = await _judged_page(lite, load_profile("lite").settings.scoring, ["correct"])
    assert (value, judge.asked) == (1.0, [("fuzzy", "refund, it broke", "It flies")])
    assert judge.intents == ["How many orders are there?"]
    visual = _page_spec("visualwebarena", {"fuzzy_match": "It flies."})
    _, judge = await _judged_page(visual, load_profile("visualwebarena").settings.scoring, ["correct"])
    assert judge.intents == ["NOT USED"]


def test_of_several_requirements_only_the_first_kind_counts_unless_corrected() -> None:
    spec = _page_spec("visualwebarena", {"must_exclude": ["dog"], "must_include": ["cat"]})
    for selected, published, corrected in (("a cat", 1.0, 1.0), ("cat and dog", 1.0, 0.0), ("a dog", 0.0, 0.0)):
        for scoring, expected in ((ScoringSettings(), published), (STRICT, corrected)):
            score = _built(ProgramHtml, scoring).score(spec, _evidence(selected), ())
            assert getattr(score, "value", None) == expected, selected


def test_a_page_that_could_not_be_opened_has_nothing_and_lacks_nothing() -> None:
    spec = _page_spec("visualwebarena", {"must_exclude": ["dog"]})
    evidence = _evidence("")
    evidence["targets"][0]["note"] = "there is no order"
    score = _built(ProgramHtml, ScoringSettings()).score(spec, evidence, ())
    assert getattr(score, "value", None) == 0.0


@pytest.mark.parametrize(
    ("final_url", "published", "corrected"),
    [
        ("http://localhost:9999/f/a/12", 1, 1),
        ("http://localhost:9999/f/a/123", 1, 0),
        ("http://localhost:9999/f/a/12?sort=new", 1, 1),
        ("http://other.test/?to=http://localhost:9999/f/a/12", 1, 0),
        ("http://[::1]:9999/f/a/12/title", 0, 1),
    ],
)
def test_corrections_of_addresses(final_url: str, published: float, corrected: float) -> None:
    spec = _url_spec("http://localhost:9999/f/a/12", "GOLD in PRED")
    evidence = {"final_url": final_url, "urls": {}}
    for scoring, expected in ((ScoringSettings(), published), (STRICT, corrected)):
        assert getattr(_built(UrlMatch, scoring).score(spec, evidence, ()), "value", None) == expected
