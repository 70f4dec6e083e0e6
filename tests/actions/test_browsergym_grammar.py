"""BrowserGym's action texts, which are read and never executed."""

import pytest

from webarena_runner.actions.browsergym_grammar import ActionSet, answer_after, parse_browsergym, written
from webarena_runner.types import Action, BrowserGymCalls, Call, Goto, Invalid, NewTab, Stop, TabFocus

ONE, MANY = ActionSet(), ActionSet(multiaction=True)


def calls(*each: Call) -> BrowserGymCalls:
    return BrowserGymCalls(calls=each)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("click('a51')", calls(Call(name="click", args=("a51",)))),
        ("click('48', 'middle', modifiers=['Shift'])",
         calls(Call(name="click", args=("48",), kwargs={"button": "middle", "modifiers": ["Shift"]}))),
        ("I will now: ```fill('237', 'a (b) \"c\"\\n')```", calls(Call(name="fill", args=("237", 'a (b) "c"\n')))),
        ("# click('1')\nhover('2')", calls(Call(name="hover", args=("2",)))),
        ("page.click('3')", calls(Call(name="click", args=("3",)))),
        ("select_option(bid='4', options=('a', 'b'))", calls(Call(name="select_option", args=("4", ["a", "b"])))),
        ("scroll(-50.2, -100)", calls(Call(name="scroll", args=(-50.2, -100)))),
        ("noop()", calls(Call(name="noop"))),
        ("goto('http://a.b/')", Goto(url="http://a.b/")),
        ("new_tab()", NewTab()),
        ("tab_focus(2)", TabFocus(page_number=2)),
        ("send_msg_to_user('It is (about) 3.')", Stop(answer="It is (about) 3.")),
        ("report_infeasible('no such field')", Stop(answer="N/A")),
    ],
)  # fmt: skip
def test_what_a_text_stands_for(text: str, action: Action) -> None:
    assert parse_browsergym(text, ONE) == action


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no action"),
        ("I think the answer is 4", "there is no action"),
        ("click('1') click('2')", "2 actions in one reply"),
        ("click(12)", "bid is 12; expected str"),
        ("click('1', 'both')", "expected one of left, middle, right"),
        ("click('1', colour='red')", "click takes bid, button, modifiers"),
        ("click()", "click takes bid"),
        ("fill('1')", "fill takes bid, value"),
        ("tab_focus(True)", "index is True"),
        ("click('1', modifiers=[1])", "expected texts"),
        ("launch('rocket')", "there is no action 'launch'"),
        ("upload_file('1', '/etc/passwd')", "files of this machine are not given to pages"),
        ("click(__import__('os').getcwd())", "2 actions in one reply"),
        ("click(" * 3000, "there is no action"),
        ("click('1'" + ")" * 60_000, "more than 50000"),
    ],
)
def test_what_is_no_action(text: str, reason: str) -> None:
    action = parse_browsergym(text, ONE)
    assert isinstance(action, Invalid)
    assert reason in action.reason


def test_an_agent_s_own_set_is_kept() -> None:
    few = ActionSet(names=("click", "noop"), strict=True, force=True)
    assert isinstance(parse_browsergym("hover('1')", few), Invalid)
    assert "more than calls" in parse_browsergym("now click('1')", few).reason  # type: ignore[union-attr]
    assert parse_browsergym("click('1')  ", few) == BrowserGymCalls(
        calls=(Call(name="click", args=("1",)),), force=True
    )


def test_several_actions_are_one_step_up_to_the_answer() -> None:
    action = parse_browsergym("fill('1', 'x')\nsend_msg_to_user('done')\nclick('2')", MANY)
    assert isinstance(action, BrowserGymCalls)
    assert written(action.calls) == "fill('1', 'x')\nsend_msg_to_user('done')"
    assert answer_after(action) == Stop(answer="done")
    assert answer_after(parse_browsergym("click('2')", MANY)) is None
