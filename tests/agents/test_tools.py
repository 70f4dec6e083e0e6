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
    Click,
    Completion,
    Goto,
    Invalid,
    Message,
    Observation,
    Sampling,
    Step,
    Stop,
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
