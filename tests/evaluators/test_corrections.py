"""Each correction of `strict`: what it changes, what it leaves, and that it is off by default."""

import pytest

from tests.evaluators.fakes import Page, SayingJudge, end_of, evaluate, task_of
from webarena_runner.evaluators import rescore, score
from webarena_runner.evaluators.string_match import StringMatch, StringSpec
from webarena_runner.evaluators.url_match import UrlMatch, UrlSpec
from webarena_runner.evaluators.verdict import read_verdict
from webarena_runner.interfaces import EvaluatorSetup
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.profiles import load_profile
from webarena_runner.settings.records import RunConfig, ScoringSettings

OFFICIAL = ScoringSettings()


async def _answer(answer: str, scoring: ScoringSettings, *wanted: str) -> float:
    check = StringSpec(reference_answers={"must_include": list(wanted)})
    evaluator = StringMatch.build(EvaluatorSetup(scoring))
    return (await evaluate(evaluator, end_of(check, answer=answer))).value


async def _url(final_url: str, reference: str, scoring: ScoringSettings) -> float:
    check = UrlSpec(reference_url=reference)
    evaluator = UrlMatch.build(EvaluatorSetup(scoring))
    return (await evaluate(evaluator, end_of(check, page=Page(url=final_url)))).value


def _config(*assignments: str, profile: str) -> tuple[RunConfig, tuple[str, ...]]:
    options = CliOptions(model="oracle", tasks="smoke", served_by="embedded", profile=profile, assignments=assignments)
    return load_run_config(options, {})


def test_libwebarena_differs_from_webarena_in_nothing_but_where_pages_are_checked() -> None:
    webarena, other = (_config(profile=name)[0].settings for name in ("webarena", "libwebarena"))
    assert webarena.scoring == ScoringSettings(rules="webarena")
    assert other.scoring == ScoringSettings(rules="webarena", page_checks="fresh_tab")
    assert other.model_copy(update={"profile": "webarena", "scoring": webarena.scoring}) == webarena


def test_a_run_that_changes_a_rule_of_its_profile_says_so() -> None:
    config, overrides = _config("scoring.numbers_by_value=true", profile="webarena")
    assert config.settings.scoring.numbers_by_value
    assert overrides == ("scoring.numbers_by_value=True",)


@pytest.mark.parametrize("profile", ["webarena", "libwebarena"])
def test_official_profiles_have_no_correction(profile: str) -> None:
    corrections = load_profile(profile).settings.scoring.model_dump(exclude={"page_checks", "rules"})
    assert not any(corrections.values())
    assert corrections == OFFICIAL.model_dump(exclude={"page_checks", "rules"})


def test_the_strict_profile_has_them_all() -> None:
    assert all(load_profile("strict").settings.scoring.model_dump(exclude={"page_checks", "rules"}).values())


@pytest.mark.parametrize(
    ("final_url", "official", "corrected"),
    [
        ("http://localhost:8023/a/b/-/issues/1", 1, 1),
        ("http://localhost:8023/a/b/-/issues/1/", 1, 1),
        ("http://localhost:8023/a/b/-/issues/1?sort=a#note", 1, 1),
        ("http://localhost:8023/a/b/-/issues/1/designs", 1, 1),
        ("http://localhost:8023/a/b/-/issues/12", 1, 0),
        ("http://elsewhere.test/localhost:8023/a/b/-/issues/1", 1, 0),
        ("http://localhost:8023/a/b/-/issues", 0, 0),
        ("", 0, 0),
    ],
)
async def test_url_whole_segments(final_url: str, official: float, corrected: float) -> None:
    reference = "__GITLAB__/a/b/-/issues/1"
    assert await _url(final_url, reference, OFFICIAL) == official
    assert await _url(final_url, reference, ScoringSettings(url_whole_segments=True)) == corrected


async def test_with_whole_segments_a_slash_before_the_query_does_not_count() -> None:
    reference, final_url = "__GITLAB__/a?q=1", "http://localhost:8023/a/?q=1"
    strict = ScoringSettings(url_whole_segments=True)
    assert await _url(final_url, "__GITLAB__/a/?q=1", OFFICIAL) == 1
    assert await _url("http://localhost:8023/a?q=1", "__GITLAB__/a/?q=1", OFFICIAL) == 0
    assert await _url("http://localhost:8023/a?q=1", "__GITLAB__/a/?q=1", strict) == 1
    assert await _url(final_url, reference, strict) == 1


@pytest.mark.parametrize(
    ("final_url", "official", "corrected"),
    [
        ("http://localhost:8023/a", 1, 1),
        ("http://127.0.0.1:8023/a", 0, 1),
        ("http://[::1]:8023/a", 0, 1),
        ("http://127.0.0.1:8024/a", 0, 0),
        ("http://127.0.0.2:8023/a", 0, 0),
        ("http://127.0.0.1:8023/b", 0, 0),
        ("", 0, 0),
    ],
)
async def test_url_one_loopback(final_url: str, official: float, corrected: float) -> None:
    assert await _url(final_url, "__GITLAB__/a", OFFICIAL) == official
    assert await _url(final_url, "__GITLAB__/a", ScoringSettings(url_one_loopback=True)) == corrected


@pytest.mark.parametrize(
    ("answer", "official", "corrected"),
    [("3 stars", 0, 1), ("65", 0, 1), ("13", 0, 0), ("65 |or| 3", 1, 1), ("4", 0, 0)],
)
async def test_answer_alternatives(answer: str, official: float, corrected: float) -> None:
    assert await _answer(answer, OFFICIAL, "65 |OR| 3") == official
    assert await _answer(answer, ScoringSettings(answer_alternatives=True), "65 |OR| 3") == corrected


@pytest.mark.parametrize(
    ("wanted", "answer", "official", "corrected"),
    [
        (["16"], "There are 16.", 1, 1),
        (["16"], "316", 1, 0),
        (["16"], "16.5 km", 1, 0),
        (["16"], "on 2023-05-16", 1, 0),
        (["180"], "order 000000180", 1, 1),
        (["0"], "$0.00", 0, 1),
        (["0"], "0km", 0, 1),
        (["0"], "10", 0, 0),
        (["0"], "1:0", 0, 0),
        (["1234"], "1,234 orders", 0, 1),
        (["35", "149"], "$35.00-149.00", 1, 1),
        (["35", "149"], "35-149", 1, 1),
        (["35", "9"], "35 and 149", 1, 0),
        # Coordinates in the references are cut off.
        (["40.444", "-79.948"], "40.4443, -79.94889", 1, 1),
        (["M 5"], "M 51", 1, 1),
    ],
)
async def test_numbers_by_value(wanted: list[str], answer: str, official: float, corrected: float) -> None:
    assert await _answer(answer, OFFICIAL, *wanted) == official
    assert await _answer(answer, ScoringSettings(numbers_by_value=True), *wanted) == corrected


@pytest.mark.parametrize(
    ("reply", "official", "corrected"),
    [
        ("<think>\nAt first sight incorrect, but the two mean the same.\n</think>\ncorrect", 0.0, 1.0),
        ("It may be incorrect.</think> correct", 0.0, 1.0),
        ("<think>correct?</think> incorrect", 0.0, 0.0),
        ("<think>correct", 1.0, None),
        ("<think>correct</think>", 1.0, None),
    ],
)
def test_a_judges_thoughts(reply: str, official: float | None, corrected: float | None) -> None:
    assert read_verdict("fuzzy", reply) == official
    assert read_verdict("fuzzy", reply, ScoringSettings(judge_skip_thoughts=True)) == corrected


@pytest.mark.parametrize(
    ("kind", "reply", "official", "corrected"),
    [
        ("fuzzy", "It is not correct.", 1, 0),
        ("fuzzy", "This isn't fully correct", 1, 0),
        ("fuzzy", "The answer cannot be called correct", 1, 0),
        ("fuzzy", "Not only correct but complete", 1, 1),
        ("fuzzy", "The unit is not correct, I thought, but it is. Verdict: correct", 1, 1),
        ("fuzzy", "Correct.", 1, 1),
        ("fuzzy", "incorrect", 0, 0),
        ("fuzzy", "not at all", None, None),
        ("unachievable", "not the same", 1, 0),
        ("unachievable", "The wording is not the same, the reason is: same", 1, 1),
        ("unachievable", "different", 0, 0),
    ],
)
def test_judge_negation(kind: str, reply: str, official: float | None, corrected: float | None) -> None:
    assert read_verdict(kind, reply) == official
    assert read_verdict(kind, reply, ScoringSettings(judge_negation=True)) == corrected


async def test_a_kept_reply_is_read_again_by_the_rules_of_another_profile() -> None:
    spec = StringSpec(reference_answers={"fuzzy_match": ["one"]})
    task, judge = task_of(spec), SayingJudge(["That is not correct"])
    value, recorded = await score(task, end_of(spec, answer="2"), {"string_match": StringMatch()}, judge)
    corrected, (again,) = rescore(task, recorded, {"string_match": StringMatch(ScoringSettings(judge_negation=True))})
    assert (value, corrected) == (1.0, 0.0)
    assert [verdict.score for verdict in again.verdicts] == [0.0]
