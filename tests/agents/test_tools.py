"""The agent that calls functions: its conversation with the model, and what it refuses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.agents.test_prompted import PAGE, TASK, URLS, Model, step
from webarena_runner.actions.tools import ActionTools
from webarena_runner.agents.prompt import load_prompt
from webarena_runner.agents.tools import NO_CALL, PAST_PAGE, ToolCalling
from webarena_runner.errors import ConfigError, PromptTooLong
from webarena_runner.interfaces import AgentSetup, RequestTag
from webarena_runner.settings.records import RunSettings
from webarena_runner.types import (
    Action,
    CallTool,
    Click,
    Completion,
    Goto,
    Invalid,
    Message,
    Observation,
    Sampling,
    Step,
    Stop,
    Tool,
    ToolCall,
)

STOP = ToolCall(name="stop", arguments='{"answer": "B"}', id="c9")


@dataclass
class Caller(Model):
    """Calls what it is told to."""

    calls: tuple[ToolCall, ...] = (STOP,)
    reply: str = ""
    forms: list[ActionTools | None] = field(default_factory=list)

    def tools_fault(self) -> str:
        return ""

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: ActionTools | None = None
    ) -> Completion:
        self.forms.append(form)
        return (await super().generate(messages, sampling, tag=tag)).model_copy(update={"tool_calls": self.calls})


def built(model: Model, *, images: Any = "none", **settings: Any) -> ToolCalling:
    read = RunSettings.model_validate({"profile": "webarena", "prompt": "tools"} | settings)
    agent = ToolCalling.build(AgentSetup(model, read, images=images))
    assert isinstance(agent, ToolCalling)
    return agent


def done(action: Action, *calls: ToolCall, text: str = "", index: int = 0, error: str = "") -> Step:
    made = step(action, "")
    decision = made.decision.model_copy(update={"completion": Completion(text=text, tool_calls=calls)})
    return made.model_copy(update={"index": index, "decision": decision, "action_error": error})


async def asked(agent: ToolCalling, model: Model, history: Sequence[Step], now: Observation = PAGE) -> list[Message]:
    await agent.act(TASK, history, now, urls=URLS)
    return list(model.asked[-1][0])


async def test_the_first_request_offers_the_functions_and_shows_the_page() -> None:
    model = Caller()
    decision = await built(model).act(TASK, (), PAGE, urls=URLS)
    assert decision.action == Stop(answer="B")
    assert decision.completion
    assert decision.completion.tool_calls == (STOP,)
    assert model.forms == [ActionTools()]
    system, user = model.asked[0][0]
    assert (system.role, user.role) == ("system", "user")
    assert PAGE.text in user.content
    assert "Page URL: http://reddit.com/f/books\nTask: find it" in user.content


async def test_earlier_calls_and_their_results_are_a_conversation_and_only_the_last_page_is_shown() -> None:
    model = Caller()
    click = ToolCall(name="click", arguments='{"element_id": "3"}', id="c1")
    bare = ToolCall(name="click", arguments="{")
    history = [
        done(Click(element_id="3"), click, text="First A."),
        done(Invalid(raw="", reason="the arguments of 'click' are not a JSON object"), bare, index=1),
    ]
    messages = await asked(built(model), model, history)
    assert [message.role for message in messages] == ["system", "user", "assistant", "tool", "assistant", "tool"]
    _, first, said, result, again, last = messages
    assert PAST_PAGE in first.content
    assert PAGE.text not in first.content
    assert (said.content, said.tool_calls) == ("First A.", (click,))
    assert (result.content, result.answers) == ("done", click)
    named = bare.model_copy(update={"id": "call00100"})
    assert (again.tool_calls, last.answers) == ((named,), named)
    assert last.content.startswith("not done: the arguments of 'click' are not a JSON object\n\nPage:")
    assert PAGE.text in last.content


async def test_a_reply_without_a_call_is_answered_and_its_text_kept_for_the_log() -> None:
    model = Caller(calls=(), reply="I am done.")
    agent = built(model)
    decision = await agent.act(TASK, (), PAGE, urls=URLS)
    assert decision.action == Invalid(raw="I am done.", reason="the reply calls no function")
    messages = await asked(agent, model, [done(decision.action, text="I am done.")])
    assert [(message.role, message.content) for message in messages[2:4]] == [
        ("assistant", "I am done."),
        ("user", NO_CALL),
    ]
    assert messages[-1].role == "user"


async def test_a_model_that_sees_gets_the_page_and_its_picture_after_the_result() -> None:
    model = Caller()
    click = ToolCall(name="click", arguments='{"element_id": "3"}', id="c1")
    now = PAGE.model_copy(update={"screenshot": b"\xff\xd8jpeg"})
    messages = await asked(built(model, images="screenshot"), model, [done(Click(element_id="3"), click)], now)
    assert [message.role for message in messages] == ["system", "user", "assistant", "tool", "user"]
    assert (messages[-2].content, messages[-1].images) == ("done", (b"\xff\xd8jpeg",))
    assert not any(message.images for message in messages[:-1])


@pytest.mark.parametrize(("show_errors", "result"), [(False, "done"), (True, "not done: no such address")])
async def test_why_an_action_did_nothing_is_told_where_the_profile_says_so(show_errors: bool, result: str) -> None:
    model, call = Caller(), ToolCall(name="goto", arguments='{"url": "http://x"}', id="c1")
    agent = built(model, actions={"show_errors": show_errors})
    messages = await asked(agent, model, [done(Goto(url="http://x"), call, error="no such address")])
    assert messages[-1].content.startswith(f"{result}\n\n")


async def test_the_budget_is_told_where_the_profile_says_so() -> None:
    model = Caller()
    agent = built(model, actions={"tell_budget": True}, limits={"max_steps": 5})
    messages = await asked(agent, model, [done(Click(element_id="3"), STOP)])
    assert messages[-1].content.endswith("\nSteps left, this one included: 4")
    messages = await asked(built(model), model, ())
    assert "Steps left" not in messages[-1].content


async def test_what_a_conversation_has_grown_to_is_counted() -> None:
    model = Caller(context_window=4000)
    call = ToolCall(name="type", arguments='{"element_id": "3", "text": "' + "x" * 1000 + '", "press_enter": true}')
    agent = built(model, sampling={"max_tokens": 20})
    await asked(agent, model, ())
    with pytest.raises(PromptTooLong):
        await asked(agent, model, [done(Click(element_id="3"), call, index=index) for index in range(4)])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"prompt": "cot"}, "prompt 'cot' describes actions that are written as text"),
        ({"actions": {"constrain": "ids"}}, "actions.constrain is for replies that are texts"),
        ({"actions": {"action_set": "playwright"}}, "actions.action_set is for replies that are texts"),
    ],
)
def test_settings_for_texts_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        built(Caller(), **settings)


def test_a_model_that_cannot_be_given_functions_is_refused() -> None:
    with pytest.raises(ConfigError, match="its backend has no way to give it functions; use a server"):
        built(Model())


def test_the_prompt_is_for_this_agent() -> None:
    assert load_prompt("tools").action_set == "tools"


MOVE = Tool(name="move", parameters={"type": "object", "properties": {"to": {"type": "string"}}})
GAME = TASK.model_copy(update={"intent": "get there", "tools": (MOVE,)})
NORTH = ToolCall(name="move", arguments='{"to": "north"}', id="c1")


def seen(text: str) -> Observation:
    return Observation(url="game:1", tabs=(), text=text)


def moved(shown: str, action: Action, *calls: ToolCall, error: str = "") -> Step:
    return done(action, *calls, error=error).model_copy(update={"observation": seen(shown)})


def in_game(model: Caller, **settings: Any) -> ToolCalling:
    calls = {"action_set": "calls", "show_errors": True}
    return built(model, prompt="calls_tools", actions=calls, **settings)


async def test_functions_of_an_environment_are_offered_beside_stop_and_read() -> None:
    model = Caller(calls=(NORTH,))
    decision = await in_game(model).act(GAME, (), seen("at the gate"), urls={})
    assert decision.action == CallTool(name="move", arguments={"to": "north"})
    (form,) = model.forms
    assert form
    assert [function["name"] for function in form.functions] == ["move", "stop"]
    assert form.functions[0]["parameters"] == MOVE.parameters
    assert model.asked[0][0][-1].content == "Task: get there\n\nat the gate"


async def test_results_of_an_environments_functions_stay_in_the_conversation() -> None:
    north, away = CallTool(name="move", arguments={"to": "north"}), Invalid(raw="x", reason="unknown function 'fly'")
    history = [
        moved("at the gate", north, NORTH),
        moved("in the yard", away, ToolCall(name="fly", arguments="{}", id="c2")),
        moved("in the yard", north, NORTH, error="the door is shut"),
        moved("in the yard still", Invalid(raw="hm", reason="no call")),
    ]
    model = Caller()
    await in_game(model).act(GAME, history, seen("before the tower"), urls={})
    told = [(message.role, message.content) for message in model.asked[0][0]]
    assert told[1:] == [
        ("user", "Task: get there\n\nat the gate"),
        ("assistant", ""),
        ("tool", "in the yard"),
        ("assistant", ""),
        ("tool", "not done: unknown function 'fly'\n\nin the yard"),
        ("assistant", ""),
        ("tool", "not done: the door is shut\n\nin the yard still"),
        ("user", f"{NO_CALL}\n\nbefore the tower"),
    ]
