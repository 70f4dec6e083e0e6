"""Episodes in an environment that offers functions: what it is given of an agent's calls, and what it is not."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webarena_runner.interfaces.environments import EpisodeNotes
from webarena_runner.log.reading import read_steps
from webarena_runner.log.writing import EpisodeFolders
from webarena_runner.running.episode import Episode, Harness, run_episode
from webarena_runner.settings.records import RunSettings
from webarena_runner.types import (
    Action,
    CallTool,
    Click,
    Decision,
    Ending,
    EpisodeResult,
    Invalid,
    Observation,
    Score,
    Step,
    Stop,
    Task,
    Tool,
)

TURN = Tool(name="turn", parameters={"type": "object", "properties": {"to": {"enum": ["left", "right"]}}})
LEFT, UP = CallTool(name="turn", arguments={"to": "left"}), CallTool(name="turn", arguments={"to": "up"})
TASK = Task(
    task_set="dials",
    task_id="dial",
    intent="turn it",
    sites=(),
    start_urls=(),
    login_sites=(),
    checks=(),
    raw={},
)


@dataclass
class Dial:
    """An environment in this process; `given` is what it was to do."""

    tools: tuple[Tool, ...] = (TURN,)
    versions: Mapping[str, str] = field(default_factory=dict)
    given: list[Action] = field(default_factory=list)
    url: str = "dial"

    @asynccontextmanager
    async def episode(self, task: Task, *, trial: int, notes: EpisodeNotes) -> AsyncIterator["Dial"]:
        notes.tools = self.tools
        yield self

    async def observe(self) -> Observation:
        return Observation(url=self.url, tabs=(), text="a dial")

    async def step(self, action: Action) -> Observation:
        self.given.append(action)
        return await self.observe()

    async def score(self, answer: str) -> tuple[float, tuple[Score, ...]]:
        return 1.0, ()


@dataclass
class Scripted:
    """Decides what it is told to, whatever is offered."""

    actions: Sequence[Action]
    offered: list[tuple[Tool, ...]] = field(default_factory=list)

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        self.offered.append(task.tools)
        return Decision(action=self.actions[len(history)])

    def check_tasks(self, tasks: Sequence[Task]) -> None:
        """Takes any task."""


async def played(folder: Path, dial: Dial, *actions: Action) -> tuple[EpisodeResult, list[Step], Scripted]:
    (folder / "episodes").mkdir()
    agent, folders = Scripted(actions), EpisodeFolders(folder)
    settings: Any = RunSettings.model_validate({"profile": "calls", "actions": {"action_set": "calls"}})
    log = folders.begin(TASK.task_id, 0)
    result = await run_episode(Harness(settings, agent, dial), Episode(TASK, 0, log, lambda step: None))
    return result, list(read_steps(log.folder)), agent


async def test_calls_that_fit_are_done_and_the_log_has_them_and_the_functions(tmp_path: Path) -> None:
    dial = Dial()
    result, steps, agent = await played(tmp_path, dial, LEFT, Stop(answer=""))
    assert (result.ending, result.value, result.tools) == (Ending.ANSWERED, 1.0, (TURN,))
    assert dial.given == [LEFT]
    assert agent.offered == [(TURN,), (TURN,)]
    assert [(step.decision.action, step.action_text) for step in steps] == [
        (LEFT, 'turn({"to": "left"})'),
        (Stop(answer=""), "stop []"),
    ]


async def test_what_does_not_fit_is_never_given_to_the_environment(tmp_path: Path) -> None:
    dial = Dial()
    result, steps, _ = await played(tmp_path, dial, UP, Click(element_id="1"), LEFT, Stop(answer=""))
    first, second, third = dial.given
    assert isinstance(first, Invalid)
    assert first.reason == "'turn', to: 'up' is not one of ['left', 'right']"
    assert isinstance(second, Invalid)
    assert third == LEFT
    assert [step.decision.action for step in steps[:3]] == dial.given
    assert steps[0].action_text == f'turn({{"to": "up"}})\nNot done: {first.reason}'
    assert result.value == 1.0


async def test_functions_that_nobody_could_call_are_an_error_and_no_score(tmp_path: Path) -> None:
    bad = Tool(name="turn", parameters={"type": "object", "properties": {"to": {"type": "place"}}})
    result, steps, _ = await played(tmp_path, Dial(tools=(bad,)), LEFT)
    assert (result.ending, result.value, steps) == (Ending.ERROR, None, [])
    assert result.failure
    assert (result.failure.error_class, result.failure.may_retry) == ("environment", False)
    assert "properties.to.type: 'place' is not valid" in result.failure.message


async def test_a_call_where_nothing_is_offered_is_no_action(tmp_path: Path) -> None:
    dial = Dial(tools=())
    await played(tmp_path, dial, LEFT, Stop(answer=""))
    (given,) = dial.given
    assert isinstance(given, Invalid)
    assert given.reason == "there are no functions to call here"
