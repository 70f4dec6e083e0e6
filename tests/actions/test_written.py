"""Action records as texts of the id grammar."""

import pytest

from webarena_runner.actions.id_grammar import parse_action, written
from webarena_runner.types import Action, Click, GoBack, Goto, Hover, Invalid, Press, Scroll, Stop, TabFocus, Type


@pytest.mark.parametrize(
    "action",
    [
        Click(element_id="12"),
        Hover(element_id="3"),
        Type(element_id="7", text="a ] [1] b", press_enter=False),
        Press(key_comb="Control+a"),
        Scroll(direction="down"),
        Goto(url="http://reddit.com/f/a?b=[c]"),
        GoBack(),
        TabFocus(page_number=1),
        Stop(answer="$12.50 [net]"),
        Stop(answer=""),
    ],
)
def test_what_is_written_is_read_as_the_same_action(action: Action) -> None:
    assert parse_action(written(action)) == action


def test_an_action_that_the_grammar_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="no 'invalid'"):
        written(Invalid(raw="x", reason="y"))
