"""Control agents: no model, no memory, the same choices in every run with one seed."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from webarena_runner import registry
from webarena_runner.agents.controls import RandomClick
from webarena_runner.interfaces import Agent, AgentSetup
from webarena_runner.settings.loading import CliOptions, Given, load_settings
from webarena_runner.types import Box, Click, Decision, GoBack, Node, Observation, Step, Stop, Task

TASK = Task(
    task_set="mini",
    task_id=7,
    intent="Find the price of a lamp",
    sites=("shopping",),
    start_urls=("__SHOPPING__",),
    login_sites=(),
    template_id=1,
    checks=(),
    raw={},
)
IN_VIEW, BELOW = Box(x=10, y=10, width=20, height=20), Box(x=10, y=900, width=20, height=20)


def page(**lines: tuple[str, Box | None]) -> Observation:
    nodes = {name.removeprefix("n"): Node(line=line, box=box) for name, (line, box) in lines.items()}
    return Observation(url="http://127.0.0.1:1/", tabs=("Shop",), text="", nodes=nodes)


PAGE = page(
    n1=("RootWebArea 'Shop' focused: True", IN_VIEW),
    n2=("link 'Lamps'", IN_VIEW),
    n3=("button 'Buy'", IN_VIEW),
    n4=("heading 'Linkages'", IN_VIEW),
    n5=("link 'Far down'", BELOW),
    n6=("link 'Not rendered'", None),
    n7=("StaticText 'button'", IN_VIEW),
    n8=("textbox 'Search' required: False", IN_VIEW),
)


def built(name: str, *, seed: int = 0) -> Agent:
    settings = load_settings(CliOptions(given=(Given("seed", seed, "--seed"),)))
    agent: Agent = registry.load("agents", name).build(AgentSetup(None, settings))
    return agent


async def decided(agent: Agent, *, steps: int = 1, now: Observation = PAGE, trial: int = 0) -> list[Decision]:
    history: list[Step] = []
    while len(history) < steps:
        decision = await agent.act(TASK, history, now, urls={}, trial=trial)
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        history.append(Step(index=len(history), started_at=moment, observation=now, decision=decision, action_text=""))
    return [step.decision for step in history]


async def answers(*names: str) -> list[str]:
    found = []
    for name in names:
        (decision,) = await decided(built(name))
        assert isinstance(decision.action, Stop)
        found.append(decision.action.answer)
    return found


async def test_those_of_webarena_verified_give_one_report_each() -> None:
    names = ("say-not-found", "say-retrieved", "say-navigated", "say-mutated", "say-not-allowed")
    found = [json.loads(answer) for answer in await answers(*names)]
    assert [(report["task_type"], report["status"]) for report in found] == [
        ("RETRIEVE", "NOT_FOUND_ERROR"),
        ("RETRIEVE", "SUCCESS"),
        ("NAVIGATE", "SUCCESS"),
        ("MUTATE", "SUCCESS"),
        ("MUTATE", "ACTION_NOT_ALLOWED_ERROR"),
    ]
    assert {report["retrieved_data"] for report in found} == {None}


async def test_three_of_them_stop_at_once() -> None:
    assert await answers("do-nothing", "always-na", "echo-intent") == ["", "N/A", "Find the price of a lamp"]


async def clicked(seed: int = 0, trial: int = 0, steps: int = 40) -> Sequence[str]:
    decisions = await decided(built("random-click", seed=seed), steps=steps, trial=trial)
    return [decision.action.element_id for decision in decisions if isinstance(decision.action, Click)]


async def test_random_clicks_go_to_what_can_be_clicked_in_view() -> None:
    assert set(await clicked()) == {"2", "3", "8"}


async def test_the_same_seed_clicks_the_same_another_seed_or_trial_does_not() -> None:
    first = await clicked()
    assert await clicked() == first
    assert await clicked(seed=1) != first
    assert await clicked(trial=1) != first


async def test_where_nothing_can_be_clicked_it_goes_back() -> None:
    (decision,) = await decided(RandomClick(), now=page(n1=("RootWebArea ''", IN_VIEW)))
    assert decision.action == GoBack()
