"""What recorded outcomes do not show of `string_match`: mixed rules, missing judges, evidence, re-scoring."""

import pytest

from tests.evaluators.fakes import Page, SayingJudge, end_of, evaluate, task_of
from webarena_runner.errors import ConfigError, JudgeError, JudgeUnusable, SiteError, TaskFileError
from webarena_runner.evaluators import rescore, score
from webarena_runner.evaluators.string_match import StringMatch, StringSpec
from webarena_runner.evaluators.text import clean, contains_token, words
from webarena_runner.evaluators.url_match import UrlMatch, UrlSpec
from webarena_runner.evaluators.verdict import read_verdict
from webarena_runner.interfaces import JudgeReply

EVALUATORS = {"string_match": StringMatch(), "url_match": UrlMatch()}


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  Two Words ", "two words"),
        ("'\"both\"'", '"both"'),
        ("\"don't'", "\"don't'"),
        ("'", ""),
        ('"', ""),
        ("' padded '", " padded "),
        ("", ""),
    ],
)
def test_clean_drops_one_layer_of_one_kind_of_quotes(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("answer", "included"),
    [
        ("0.", True),
        ("$0", True),
        ("0%", True),
        ("(0)", True),
        ("3;0", True),
        ("0km", False),
        ("10", False),
        ("1:0", False),
    ],
)
def test_a_single_character_must_be_a_word_of_its_own(answer: str, included: bool) -> None:
    assert contains_token("0", answer) is included


def test_words_are_split_sentence_by_sentence() -> None:
    assert words("It has 5. Then 3 more.") == ["It", "has", "5", ".", "Then", "3", "more", "."]


@pytest.mark.parametrize(
    ("kind", "reply", "verdict"),
    [
        ("fuzzy", "The units differ, but it is CORRECT.", 1.0),
        ("fuzzy", "not correct", 1.0),
        ("fuzzy", "correct in part, so partially correct", 0.0),
        ("fuzzy", "Incorrect", 0.0),
        ("fuzzy", "wrong", None),
        ("unachievable", "same", 1.0),
        ("unachievable", "not the same but different", 0.0),
        ("unachievable", "", None),
    ],
)
def test_verdicts_are_read_as_officially(kind: str, reply: str, verdict: float | None) -> None:
    assert read_verdict(kind, reply) == verdict


async def test_n_a_passes_an_unachievable_task_without_a_judge() -> None:
    check = StringSpec(reference_answers={"fuzzy_match": "N/A"}, string_note="there is none")
    assert (await evaluate(StringMatch(), end_of(check, answer='"n/a"'))).value == 1.0


async def test_the_verdict_on_another_answer_replaces_the_running_score() -> None:
    check = StringSpec(reference_answers={"must_include": ["x"], "fuzzy_match": "N/A"}, string_note="there is none")
    judge = SayingJudge(["same"])
    got = await evaluate(StringMatch(), end_of(check, answer="nothing found"), judge)
    assert got.value == 1.0
    assert judge.asked == [("unachievable", "there is none", "nothing found")]


async def test_a_verdict_has_what_it_cost() -> None:
    check = StringSpec(reference_answers={"fuzzy_match": ["one"]})
    judge = SayingJudge(["correct"], cost_usd=0.5)
    got = await evaluate(StringMatch(), end_of(check, answer="ONE"), judge)
    assert [verdict.cost_usd for verdict in got.verdicts] == [0.5]


class TiringJudge(SayingJudge):
    """Fails at its third question, which it is paid for all the same."""

    async def ask(self, kind: str, *, intent: str, reference: str, answer: str) -> JudgeReply:
        if len(self.asked) == 2:
            error = JudgeError("its reply was cut")
            error.cost_usd = self.cost_usd
            raise error
        return await super().ask(kind, intent=intent, reference=reference, answer=answer)


async def test_what_the_judge_has_cost_is_in_the_error_that_ends_the_scoring() -> None:
    check = StringSpec(reference_answers={"fuzzy_match": ["one", "two", "three"]})
    with pytest.raises(JudgeError) as caught:
        await evaluate(StringMatch(), end_of(check, answer="ONE"), TiringJudge(["correct"], cost_usd=0.5))
    assert caught.value.cost_usd == 1.5


async def test_after_a_clear_no_the_other_references_are_not_asked() -> None:
    check = StringSpec(reference_answers={"fuzzy_match": ["one", "two", "three"]})
    judge = SayingJudge(["correct", "incorrect", "correct"])
    got = await evaluate(StringMatch(), end_of(check, answer="ONE"), judge)
    assert got.value == 0.0
    assert [verdict.score for verdict in got.verdicts] == [1.0, 0.0]
    assert got.flags == ()


async def test_an_unclear_reply_is_a_flagged_zero() -> None:
    check = StringSpec(reference_answers={"fuzzy_match": ["one", "two"]})
    got = await evaluate(StringMatch(), end_of(check, answer="?"), SayingJudge(["I cannot say"]))
    assert (got.value, got.flags) == (0.0, ("judge_unclear",))
    assert [verdict.score for verdict in got.verdicts] == [None]
    assert "I cannot say" in got.explanation


async def test_a_missing_judge_is_told_with_the_task_and_the_option() -> None:
    check = StringSpec(reference_answers={"fuzzy_match": ["one"]})
    with pytest.raises(JudgeUnusable, match=r"task 7 of test .*--judge NAME"):
        await evaluate(StringMatch(), end_of(check, answer="1"))
    assert JudgeUnusable.may_retry is False


async def test_no_judge_is_needed_when_the_score_is_zero_anyway() -> None:
    check = StringSpec(reference_answers={"must_include": ["hotel"], "fuzzy_match": ["3 h"]})
    assert (await evaluate(StringMatch(), end_of(check, answer="3 hours"))).value == 0.0


async def test_the_judge_sees_the_cleaned_answer_and_the_rendered_reference() -> None:
    check = StringSpec(reference_answers={"fuzzy_match": ["see __REDDIT__/f/books"]})
    judge = SayingJudge(["correct"])
    await evaluate(StringMatch(), end_of(check, answer=" 'Books' ", urls={"reddit": "http://r"}), judge)
    assert judge.asked == [("fuzzy", "see http://r/f/books", "books")]


async def test_a_site_without_url_is_an_error_and_no_score() -> None:
    check = UrlSpec(reference_url="__GITLAB__/explore")
    with pytest.raises(SiteError, match="gitlab"):
        await evaluate(UrlMatch(), end_of(check, urls={"reddit": "http://r"}))


async def test_the_score_of_a_task_is_the_product_of_all_its_checks() -> None:
    checks = (
        StringSpec(reference_answers={"exact_match": "3"}),
        UrlSpec(reference_url="__SHOPPING__/a |OR| __SHOPPING__/b"),
    )
    task = task_of(*checks)
    end = end_of(checks[0], answer="3", page=Page(url="http://localhost:7770/b/?x=1"))
    value, scores = await score(task, end, EVALUATORS)
    assert (value, [each.value for each in scores]) == (1.0, [1.0, 1.0])
    end = end_of(checks[0], answer="4", page=Page(url="http://localhost:7770/b"))
    value, scores = await score(task, end, EVALUATORS)
    assert (value, [each.value for each in scores]) == (0.0, [0.0, 1.0])


async def test_an_unknown_kind_of_check_names_what_is_installed() -> None:
    check = UrlSpec(reference_url="__SHOPPING__")
    with pytest.raises(ConfigError, match="'url_match', for which no evaluator is installed; installed: string_match"):
        await score(task_of(check), end_of(check), {"string_match": StringMatch()})


async def test_a_corrected_reference_can_be_scored_again_offline() -> None:
    old, corrected = (UrlSpec(reference_url=f"__SHOPPING__/{page}") for page in ("old", "new"))
    _, recorded = await score(task_of(old), end_of(old, page=Page(url="http://localhost:7770/new")), EVALUATORS)
    assert rescore(task_of(corrected), recorded, EVALUATORS)[0] == 1.0


async def test_offline_scoring_says_when_a_verdict_was_not_recorded() -> None:
    old = StringSpec(reference_answers={"fuzzy_match": ["one"]})
    _, recorded = await score(task_of(old), end_of(old, answer="1"), EVALUATORS, SayingJudge(["correct"]))
    new = StringSpec(reference_answers={"fuzzy_match": ["two"]})
    with pytest.raises(JudgeUnusable, match="against 'two' was not recorded"):
        rescore(task_of(new), recorded, EVALUATORS)


async def test_offline_scoring_refuses_scores_of_other_checks() -> None:
    check = StringSpec(reference_answers={"exact_match": "1"})
    with pytest.raises(ConfigError, match="expected recorded scores of string_match, found"):
        rescore(task_of(check), [], EVALUATORS)


@pytest.mark.parametrize("answers", [{"one_of": ["a"]}, {"exact_match": ["a"]}, {"fuzzy_match": "a"}])
async def test_rules_outside_the_official_ones_are_refused(answers: dict[str, str | list[str]]) -> None:
    check = StringSpec(reference_answers=answers)
    with pytest.raises(TaskFileError, match="know no one_of|exact_match is|fuzzy_match"):
        await evaluate(StringMatch(), end_of(check, answer="a"))
