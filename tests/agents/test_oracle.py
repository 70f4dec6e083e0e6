"""The reference agent finds elements by role and name, and says so when it cannot."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from webarena_runner.agents.oracle import Oracle
from webarena_runner.errors import TaskFileError
from webarena_runner.types import (
    Action,
    Box,
    Click,
    Decision,
    Goto,
    Node,
    Observation,
    Press,
    Scroll,
    Step,
    Stop,
    Task,
    Type,
)

URLS = {"shopping": "http://127.0.0.1:7770"}
PAGE = """Tab 0 (current): Shop

[1] RootWebArea 'Shop' focused: True
\t[2] link 'Sign In'
\t[3] heading 'Men\\'s "best" jeans'
\t[4] button 'Add to Cart'
\t[5] heading 'Lamps'
\t[6] button 'Add to Cart' disabled: True
\t[7] textbox 'Search' required: False
\t[8] link 'Sign In now'"""


def a_task(*reference_actions: dict[str, Any]) -> Task:
    return Task(
        task_set="mini",
        task_id=1,
        intent="Buy a lamp",
        sites=("shopping",),
        start_urls=("__SHOPPING__",),
        login_sites=(),
        template_id=1,
        checks=(),
        raw={"reference_actions": list(reference_actions)},
    )


async def play(task: Task, texts: Sequence[str]) -> list[Decision]:
    """The oracle's decisions on a row of observations."""
    history: list[Step] = []
    for text in texts:
        seen = Observation(url="http://127.0.0.1:7770/", tabs=("Shop",), text=text)
        decision = await Oracle().act(task, history, seen, urls=URLS)
        now = datetime(2026, 1, 1, tzinfo=UTC)
        history.append(
            Step(
                index=len(history), started_at=now, observation=seen, decision=decision, action_text="", action_error=""
            )
        )
    return [step.decision for step in history]


@pytest.mark.parametrize(
    ("wanted", "action"),
    [
        ({"do": "click", "role": "link", "name": "Sign In"}, Click(element_id="2")),
        ({"do": "click", "role": "link", "name": "now", "match": "contains"}, Click(element_id="8")),
        ({"do": "click", "role": "button", "name": "Add to Cart", "nth": 1}, Click(element_id="6")),
        ({"do": "click", "role": "button", "name": "Add to Cart", "after": "Lamps"}, Click(element_id="6")),
        (
            {"do": "type", "role": "textbox", "name": "Search", "text": "lamp", "enter": True},
            Type(element_id="7", text="lamp", press_enter=True),
        ),
        ({"do": "goto", "url": "__SHOPPING__/wishlist/"}, Goto(url="http://127.0.0.1:7770/wishlist/")),
        ({"do": "stop", "answer": "3"}, Stop(answer="3")),
    ],
)
async def test_a_reference_action_becomes_an_action_on_an_id(wanted: dict[str, Any], action: Action) -> None:
    (decision,) = await play(a_task(wanted), [PAGE])
    assert decision.action == action


async def test_it_scrolls_on_until_the_element_is_in_view_without_three_equal_actions() -> None:
    elsewhere = "Tab 0 (current): Shop\n\n[1] RootWebArea 'Shop'"
    task = a_task({"do": "click", "role": "link", "name": "Sign In"}, {"do": "stop", "answer": ""})
    actions = [decision.action for decision in await play(task, [elsewhere] * 4 + [PAGE, PAGE])]
    down, page_down = Scroll(direction="down"), Press(key_comb="PageDown")
    assert actions == [down, down, page_down, down, Click(element_id="2"), Stop(answer="")]


async def test_an_element_that_only_peeks_into_the_viewport_is_scrolled_to() -> None:
    task = a_task({"do": "click", "role": "link", "name": "Sign In"})
    below = Node(line="link 'Sign In'", box=Box(x=0, y=710, width=100, height=40))
    seen = Observation(url="http://127.0.0.1:7770/", tabs=("Shop",), text=PAGE, nodes={"2": below})
    assert (await Oracle().act(task, [], seen, urls=URLS)).action == Scroll(direction="down")


async def test_an_element_that_never_comes_ends_the_episode_with_a_reason() -> None:
    task = a_task({"do": "click", "role": "link", "name": "Gone"})
    decisions = await play(task, [PAGE] * 25)
    assert decisions[-1].action == Stop(answer="")
    assert decisions[-1].note == "cannot find link 'Gone'"


async def test_replacing_text_empties_the_field_first() -> None:
    wanted = {"do": "type", "role": "textbox", "name": "Search", "text": "x", "replace": True}
    actions = [decision.action for decision in await play(a_task(wanted), [PAGE] * 5)]
    typed = Type(element_id="7", text="x", press_enter=False)
    keys = [Press(key_comb="Control+a"), Press(key_comb="Backspace")]
    assert actions == [Click(element_id="7"), *keys, typed, Stop(answer="")]


@pytest.mark.parametrize(
    ("actions", "problem"),
    [
        ([], "has no reference_actions"),
        ([{"do": "fly"}], r"reference_actions\.0"),
        ([{"do": "click", "role": "link"}], r"reference_actions\.0\.click\.name: Field required"),
    ],
)
def test_tasks_without_usable_reference_actions_are_refused_before_a_run(
    actions: list[dict[str, Any]], problem: str
) -> None:
    with pytest.raises(TaskFileError, match=problem):
        Oracle().check_tasks([a_task(*actions)])
