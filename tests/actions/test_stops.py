"""The official early stops."""

import pytest

from webarena_runner.actions.stops import early_stop
from webarena_runner.settings.records import LimitSettings
from webarena_runner.types import Action, Call, Click, Ending, GoBack, Invalid, PlaywrightCall, Scroll, Type

LIMITS = LimitSettings()
DOWN, UP = Scroll(direction="down"), Scroll(direction="up")
NONSENSE = [Invalid(raw=str(number), reason="no action") for number in range(3)]


def typed(element_id: str, text: str) -> Type:
    return Type(element_id=element_id, text=text, press_enter=True)


def clicked(element_id: int) -> Click:
    return Click(element_id=str(element_id))


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([], None),
        ([DOWN, DOWN], None),
        ([DOWN, DOWN, DOWN], (Ending.REPEATED_ACTION, "Early stop: Same action for 3 times")),
        ([DOWN, UP, DOWN, DOWN], None),
        ([GoBack()] * 3, (Ending.REPEATED_ACTION, "Early stop: Same action for 3 times")),
        (NONSENSE, (Ending.PARSE_FAILURES, "Early stop: Failed to parse actions for 3 times")),
        ([*NONSENSE[:2], DOWN], None),
        (
            [typed("5", "a"), DOWN, typed("5", "b"), UP, typed("5", "c")],
            (Ending.REPEATED_ACTION, "Early stop: Same typing action for 3 times"),
        ),
        ([typed("5", "a"), typed("5", "b"), typed("5", "c"), DOWN], None),
        ([typed("5", "a"), typed("6", "b"), typed("5", "c")], None),
        ([clicked(number) for number in range(29)], None),
        ([clicked(number) for number in range(30)], (Ending.STEP_LIMIT, "Early stop: Reach max steps 30")),
    ],
)
def test_an_episode_stops_early_exactly_as_official(actions: list[Action], expected: tuple[Ending, str] | None) -> None:
    assert early_stop(actions, LIMITS) == expected


def test_texts_can_be_told_apart_so_that_a_field_may_be_filled_again() -> None:
    told_apart = LimitSettings(type_equality="element_and_text")
    assert early_stop([typed("5", text) for text in "abc"], told_apart) is None
    assert early_stop([typed("5", text) for text in "aba"] + [DOWN, typed("5", "a")], told_apart) is not None


def test_scrolling_on_can_be_allowed() -> None:
    allowed = LimitSettings(stop_at_repeated_scrolls=False)
    assert early_stop([DOWN] * 9, allowed) is None
    assert early_stop([DOWN, GoBack(), GoBack(), GoBack()], allowed) is not None


def called(*names: str, text: str = "x") -> PlaywrightCall:
    return PlaywrightCall(calls=tuple(Call(name=name, args=(text,)) for name in names))


def test_playwright_calls_are_equal_with_the_same_code() -> None:
    assert early_stop([called("get_by_role", "click")] * 3, LIMITS) is not None
    assert early_stop([called("get_by_role", "click", text=text) for text in "abc"], LIMITS) is None


def test_filling_the_same_text_three_times_anywhere_ends_the_episode() -> None:
    fill = called("get_by_label", "fill")
    assert early_stop([fill, DOWN, fill, UP, fill], LIMITS) == (
        Ending.REPEATED_ACTION,
        "Early stop: Same typing action for 3 times",
    )
