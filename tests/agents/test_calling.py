"""The prompted agent in an environment that offers functions: what its prompt shows, and what it reads."""

from collections.abc import Sequence

from tests.agents.test_prompted import TASK, Model, step
from webarena_runner.agents.prompted import Prompted
from webarena_runner.interfaces import AgentSetup
from webarena_runner.settings.records import RunSettings
from webarena_runner.types import Action, CallTool, Invalid, Observation, Step, Stop, Tool

MOVE = Tool(name="move", description="One step.", parameters={"type": "object", "required": ["to"]})
GAME = TASK.model_copy(update={"intent": "get there", "tools": (MOVE,)})
NORTH = CallTool(name="move", arguments={"to": "north"})


def seen(text: str) -> Observation:
    return Observation(url="game:1", tabs=(), text=text)


def past(shown: str, action: Action, error: str = "") -> Step:
    return step(action, "").model_copy(update={"observation": seen(shown), "action_error": error})


async def asked(reply: str, history: Sequence[Step] = (), now: str = "at the gate") -> tuple[Action, str]:
    """The action, and the prompt's last message."""
    model = Model(reply=reply)
    settings = RunSettings.model_validate(
        {"profile": "calls", "prompt": "calls", "actions": {"action_set": "calls", "show_errors": True}}
    )
    decision = await Prompted.build(AgentSetup(model, settings)).act(GAME, history, seen(now), urls={})
    return decision.action, model.asked[0][0][-1].content


async def test_the_prompt_has_the_functions_with_their_schemas_and_the_reply_is_a_call() -> None:
    action, prompt = await asked('I go. ```move({"to": "north"})```')
    assert action == NORTH
    assert 'move({"type": "object", "required": ["to"]}) - One step.' in prompt
    assert "Task: get there\n\nCalls so far:\nNone\n\nNow:\nat the gate" in prompt


async def test_the_prompt_has_all_calls_so_far_with_what_came_of_them() -> None:
    history = [
        past("at the gate", NORTH),
        past("in the yard", Invalid(raw="```fly()```", reason="unknown function 'fly'"), "unknown function 'fly'"),
        past("in the yard", NORTH, "the door is shut"),
    ]
    action, prompt = await asked('```stop({"answer": "B"})```', history, "in the yard still")
    assert action == Stop(answer="B")
    assert prompt.endswith(
        'move({"to": "north"})\nin the yard\n\n'
        "```fly()```\nNot done: unknown function 'fly'\nin the yard\n\n"
        'move({"to": "north"})\nNot done: the door is shut\n\n'
        "Now:\nin the yard still"
    )


async def test_a_reply_that_is_no_call_is_invalid_with_the_whole_reply() -> None:
    action, _ = await asked("```click [3]```")
    assert isinstance(action, Invalid)
    assert action.raw == "```click [3]```"
    assert "expected name(" in action.reason
