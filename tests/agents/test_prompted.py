"""The prompted agent: what it asks the model, and what it makes of the reply."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from webarena_runner.actions.describe import describe_action
from webarena_runner.actions.reply_form import ReplyForm
from webarena_runner.agents.prompt import PromptTemplate
from webarena_runner.agents.prompted import Prompted
from webarena_runner.errors import ConfigError, LimitSpent, PromptTooLong
from webarena_runner.interfaces import AgentSetup, ObservationUnit, RequestTag
from webarena_runner.settings.records import ActionSettings, ObservationSettings, RunSettings
from webarena_runner.types import (
    ActedOn,
    Action,
    Click,
    CloseTab,
    Completion,
    Decision,
    GoBack,
    Goto,
    Hover,
    Invalid,
    Message,
    Node,
    Observation,
    Press,
    Sampling,
    Scroll,
    Step,
    Stop,
    TabFocus,
    Task,
    Type,
)

TASK = Task(
    task_set="mini",
    task_id=7,
    intent="find it",
    sites=(),
    start_urls=(),
    login_sites=(),
    template_id=1,
    checks=(),
    raw={},
)
PAGE = Observation(
    url="http://127.0.0.1:9999/f/books",
    tabs=("Books",),
    text="[3] link 'A'",
    nodes={"3": Node(line="link  'A\n b'", box=None)},
)
URLS = {"reddit": "http://127.0.0.1:9999"}
PROMPT = PromptTemplate(
    name="p",
    path=Path("p.yaml"),
    sha256="",
    intro="INTRO",
    examples=(("SHOWN", "```stop []```"),),
    template="{observation}|{url}|{objective}|{previous_action}",
    splitter="```",
)


@dataclass
class Model:
    """Answers what it is told to; one character is one token."""

    reply: str = "```stop []```"
    context_window: int | None = None
    estimates_tokens: bool = False
    observation_unit: ObservationUnit = "tokens"
    finish_reason: str = ""
    asked: list[tuple[tuple[Message, ...], Sampling, RequestTag]] = field(default_factory=list)

    async def check(self) -> None: ...

    async def generate(self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag) -> Completion:
        self.asked.append((tuple(messages), sampling, tag))
        return Completion(text=self.reply, prompt_tokens=9, finish_reason=self.finish_reason)

    async def count_tokens(self, text: str) -> int:
        return len(text)

    async def truncate(self, text: str, max_tokens: int) -> str:
        return text[:max_tokens]

    async def aclose(self) -> None: ...


class Words(Model):
    """One word is one token."""

    async def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def truncate(self, text: str, max_tokens: int) -> str:
        return " ".join(text.split()[:max_tokens])


LONG_PAGE = PAGE.model_copy(update={"text": "one two three four"})


def agent(model: Model, *, max_tokens: int | None = None, prompt: PromptTemplate = PROMPT) -> Prompted:
    settings = ObservationSettings(max_tokens=max_tokens)
    return Prompted(model, prompt, sampling=Sampling(max_tokens=20), settings=settings)


def step(action: Action, action_text: str) -> Step:
    return Step(
        index=0,
        started_at=datetime.now(UTC),
        observation=PAGE,
        decision=Decision(action=action),
        action_text=action_text,
    )


async def test_the_first_prompt_has_the_page_the_public_url_the_task_and_no_action() -> None:
    model = Model()
    decision = await agent(model).act(TASK, [], PAGE, urls=URLS, trial=2)
    [(messages, sampling, tag)] = model.asked
    assert [(message.role, message.name, message.content) for message in messages] == [
        ("system", None, "INTRO"),
        ("system", "example_user", "SHOWN"),
        ("system", "example_assistant", "```stop []```"),
        ("user", None, "[3] link 'A'|http://reddit.com/f/books|find it|None"),
    ]
    assert sampling.max_tokens == 20
    assert tag == RequestTag("mini", 7, 2, 0)
    assert decision == Decision(
        action=Stop(answer=""), messages=messages, completion=Completion(text="```stop []```", prompt_tokens=9)
    )


async def test_a_later_prompt_has_the_last_action_only() -> None:
    model = Model()
    history = [step(GoBack(), "go_back"), step(Click(element_id="3"), "click [3] where [3] is link 'A'")]
    await agent(model).act(TASK, history, PAGE, urls=URLS)
    messages, _, tag = model.asked[0]
    assert messages[-1].content.endswith("|click [3] where [3] is link 'A'")
    assert tag.step == 2


async def test_public_urls_in_the_action_become_the_sites_urls() -> None:
    model = Model("```goto [https://reddit.com/f/art]```")
    decision = await agent(model).act(TASK, [], PAGE, urls=URLS)
    assert decision.action == Goto(url="http://127.0.0.1:9999/f/art")


@pytest.mark.parametrize("reply", ["I would click [3]", "```jump [3]```", "``````", ""])
async def test_a_reply_without_an_action_is_invalid_and_quoted_in_the_next_prompt(reply: str) -> None:
    model = Model(reply)
    decision = await agent(model).act(TASK, [], PAGE, urls=URLS)
    assert isinstance(decision.action, Invalid)
    assert decision.action.raw == reply
    await agent(model).act(TASK, [step(decision.action, "")], PAGE, urls=URLS)
    assert f'The previous prediction you issued was "{reply}".' in model.asked[1][0][-1].content


async def test_the_parse_failure_sentence_uses_the_prompts_splitter() -> None:
    model = Model("nothing")
    prompt = PromptTemplate(**(vars(PROMPT) | {"splitter": "~"}))
    await agent(model, prompt=prompt).act(TASK, [step(Invalid(raw="x", reason=""), "")], PAGE, urls=URLS)
    assert "as follows: ~action [arg] ...~." in model.asked[0][0][-1].content


async def test_the_observation_is_cut_to_its_tokens_and_the_cut_recorded() -> None:
    model = Model()
    decision = await agent(model, max_tokens=5).act(TASK, [], PAGE, urls=URLS)
    assert model.asked[0][0][-1].content.startswith("[3] l|http")
    assert decision.cut_tokens == len(PAGE.text) - 5
    assert decision.note == ""


async def test_a_cut_by_an_estimate_is_noted() -> None:
    model = Model(estimates_tokens=True)
    decision = await agent(model, max_tokens=5).act(TASK, [], PAGE, urls=URLS)
    assert "estimate" in decision.note


async def test_an_observation_within_the_limit_is_whole() -> None:
    model = Model()
    decision = await agent(model, max_tokens=len(PAGE.text)).act(TASK, [], PAGE, urls=URLS)
    assert model.asked[0][0][-1].content.startswith(PAGE.text + "|")
    assert decision.cut_tokens == 0


async def test_the_observation_is_cut_to_what_the_context_window_leaves() -> None:
    fixed = len("INTRO\nSHOWN\n```stop []```") + len("|http://reddit.com/f/books|find it|None") + 20 + 10 * 5
    model = Model(context_window=fixed + 4)
    decision = await agent(model, max_tokens=100).act(TASK, [], PAGE, urls=URLS)
    assert model.asked[0][0][-1].content.startswith("[3] |http")
    assert decision.cut_tokens == len(PAGE.text) - 4


async def test_a_wide_context_window_leaves_the_official_limit() -> None:
    model = Model(context_window=10_000)
    decision = await agent(model, max_tokens=6).act(TASK, [], PAGE, urls=URLS)
    assert decision.cut_tokens == len(PAGE.text) - 6


async def test_the_official_limit_counts_characters_where_the_backend_says_so() -> None:
    model = Words(observation_unit="characters")
    decision = await agent(model, max_tokens=5).act(TASK, [], LONG_PAGE, urls=URLS)
    assert model.asked[0][0][-1].content.startswith("one t|http")
    assert decision.cut_tokens == 3
    assert decision.note == "the observation was cut to 5 characters"


async def test_the_window_is_in_tokens_where_the_official_limit_is_in_characters() -> None:
    fixed = len(["INTRO", "SHOWN", "```stop", "[]```"]) + len(["|http://...|find", "it|None"]) + 20 + 10 * 5
    model = Words(observation_unit="characters", context_window=fixed + 2, estimates_tokens=True)
    decision = await agent(model, max_tokens=14).act(TASK, [], LONG_PAGE, urls=URLS)
    assert model.asked[0][0][-1].content.startswith("one two|http")
    assert decision.cut_tokens == 2
    assert (
        decision.note
        == "the observation was cut to 14 characters; the observation was cut by an estimate of its tokens"
    )


async def test_a_page_below_the_limit_in_characters_is_whole() -> None:
    model = Words(observation_unit="characters", context_window=10_000)
    decision = await agent(model, max_tokens=500).act(TASK, [], LONG_PAGE, urls=URLS)
    assert model.asked[0][0][-1].content.startswith(f"{LONG_PAGE.text}|http")
    assert (decision.cut_tokens, decision.note) == (0, "")


async def test_a_prompt_that_never_fits_is_an_error_that_says_so() -> None:
    model = Model(context_window=50)
    with pytest.raises(PromptTooLong, match="context window is 50"):
        await agent(model).act(TASK, [], PAGE, urls=URLS)
    assert model.asked == []


async def test_where_official_would_have_crashed_is_noted() -> None:
    decision = await agent(Model("```type [3] [日本] [1]```")).act(TASK, [], PAGE, urls=URLS)
    assert decision.action == Type(element_id="3", text="日本", press_enter=True)
    assert "official key table" in decision.note


async def test_each_trial_asks_for_a_seed_of_its_own_and_records_it() -> None:
    asks = Prompted(model := Model(), PROMPT, sampling=Sampling(seed=40), settings=ObservationSettings())
    decisions = [await asks.act(TASK, [], PAGE, urls=URLS, trial=trial) for trial in (0, 2)]
    assert [sampling.seed for _, sampling, _ in model.asked] == [40, 42]
    assert [decision.completion and decision.completion.seed for decision in decisions] == [40, 42]


@pytest.mark.parametrize(
    ("skip_thoughts", "element_id"), [(False, "1"), (True, "3")], ids=["official", "without thoughts"]
)
async def test_an_action_that_was_only_thought_of(skip_thoughts: bool, element_id: str) -> None:
    model = Model("<think>```click [1]``` or what else?</think> In summary, ```click [3]```")
    actions = ActionSettings(skip_thoughts=skip_thoughts)
    asks = Prompted(model, PROMPT, sampling=Sampling(), settings=ObservationSettings(), actions=actions)
    decision = await asks.act(TASK, [], PAGE, urls=URLS)
    assert decision.action == Click(element_id=element_id)
    assert decision.completion is not None
    assert decision.completion.text == model.reply, "the log has all of it"


async def test_thoughts_that_are_cut_are_no_action_where_thoughts_do_not_count() -> None:
    model = Model("<think>```click [1]``` and", finish_reason="length")
    official = Prompted(model, PROMPT, sampling=Sampling(), settings=ObservationSettings())
    assert (await official.act(TASK, [], PAGE, urls=URLS)).action == Click(element_id="1")
    actions = ActionSettings(skip_thoughts=True)
    strict = Prompted(model, PROMPT, sampling=Sampling(), settings=ObservationSettings(), actions=actions)
    with pytest.raises(LimitSpent, match=r"raise sampling\.max_tokens") as caught:
        await strict.act(TASK, [], PAGE, urls=URLS)
    assert caught.value.completion is not None
    assert caught.value.messages != ()


async def test_an_action_within_thoughts_that_do_not_end_is_none_where_thoughts_do_not_count() -> None:
    model = Model("<think>```click [1]``` and so on")
    strict = Prompted(
        model, PROMPT, sampling=Sampling(), settings=ObservationSettings(), actions=ActionSettings(skip_thoughts=True)
    )
    action = (await strict.act(TASK, [], PAGE, urls=URLS)).action
    assert isinstance(action, Invalid)
    assert action.reason == "the reply has no action between a pair of ``` before its thoughts, which do not end"


async def test_a_mark_of_thoughts_can_be_typed() -> None:
    model = Model("<think>a tag</think> ```type [3] [write <think> here] [0]```")
    strict = Prompted(
        model, PROMPT, sampling=Sampling(), settings=ObservationSettings(), actions=ActionSettings(skip_thoughts=True)
    )
    action = (await strict.act(TASK, [], PAGE, urls=URLS)).action
    assert action == Type(element_id="3", text="write <think> here", press_enter=False)


def test_a_prompted_agent_needs_a_model() -> None:
    with pytest.raises(ConfigError, match="--model"):
        Prompted.build(AgentSetup(None, RunSettings(profile="p")))


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (Click(element_id="3"), "click [3] where [3] is link 'A b'"),
        (Hover(element_id="3"), "hover [3] where [3] is link 'A b'"),
        (Type(element_id="3", text="x", press_enter=True), "type [3] [x ] where [3] is link 'A b'"),
        (Type(element_id="3", text="x", press_enter=False), "type [3] [x] where [3] is link 'A b'"),
        (
            Click(element_id="4"),
            'Attempt to perfom "click" on element "[4]" but no matching element found. '
            "Please check the observation more carefully.",
        ),
        (Press(key_comb="Control+a"), "press [Control+a]"),
        (Scroll(direction="down"), "scroll [down]"),
        (Goto(url="http://127.0.0.1:9999"), "goto [http://127.0.0.1:9999]"),
        (TabFocus(page_number=1), "page_focus [1]"),
        (CloseTab(), "close_tab"),
        (GoBack(), "go_back"),
        (Stop(answer="42"), "stop [42]"),
        (
            Invalid(raw="reply", reason="r"),
            'The previous prediction you issued was "reply". However, the format was incorrect. Ensure that the action '
            "is wrapped inside a pair of ``` and enclose arguments within [] as follows: ```action [arg] ...```.",
        ),
    ],
)
def test_the_history_text_of_an_action_is_the_official_one(action: Action, text: str) -> None:
    assert describe_action(action, PAGE) == text


def with_settings(model: Model, **settings: object) -> Prompted:
    actions = ActionSettings.model_validate(settings)
    return Prompted(
        model, PROMPT, sampling=Sampling(max_tokens=20), settings=ObservationSettings(max_tokens=None), actions=actions
    )


async def previous_action(history: Sequence[Step], **settings: object) -> str:
    model = Model("```page.stop()```")
    await with_settings(model, **settings).act(TASK, history, PAGE, urls=URLS)
    return model.asked[0][0][-1].content.split("|")[-1]


async def test_why_an_action_did_nothing_is_told_only_where_the_profile_says_so() -> None:
    failed = step(Click(element_id="9"), "click [9]").model_copy(
        update={"action_error": "no [9] on http://127.0.0.1:9999/f"}
    )
    assert await previous_action([failed]) == "click [9]"
    told = "click [9]\nThe browser says: no [9] on http://reddit.com/f"
    assert await previous_action([failed], show_errors=True) == told
    assert await previous_action([step(GoBack(), "go_back")], show_errors=True) == "go_back"


async def test_the_playwright_set_reads_code_and_tells_the_last_action_as_code() -> None:
    model = Model('So ```page.get_by_role("link", name="A").click()```')
    decision = await with_settings(model, action_set="playwright").act(TASK, [], PAGE, urls=URLS)
    code = 'page.get_by_role("link", name="A").click()'
    assert describe_action(decision.action, PAGE) == code
    assert decision.note == ""
    assert await previous_action([step(decision.action, code)], action_set="playwright") == code
    assert await previous_action([step(GoBack(), "go_back")], action_set="playwright") == "page.go_back()"
    invalid = step(Invalid(raw="x", reason=""), "")
    assert 'issued was "x"' in await previous_action([invalid], action_set="playwright")


async def test_near_misses_are_read_only_where_the_profile_says_so() -> None:
    strict, lenient = Model("```json\nclick [id=3]\n```"), Model("```json\nclick [id=3]\n```")
    assert isinstance((await with_settings(strict).act(TASK, [], PAGE, urls=URLS)).action, Invalid)
    decision = await with_settings(lenient, lenient_syntax=True).act(TASK, [], PAGE, urls=URLS)
    assert decision.action == Click(element_id="3")


async def test_a_reply_that_no_log_could_hold_is_made_one_that_can() -> None:
    decision = await agent(Model("```type [3] [\ud800]```")).act(TASK, [], PAGE, urls=URLS)
    assert decision.action == Type(element_id="3", text="\ufffd", press_enter=True)
    assert "\ufffd" in decision.model_dump_json()


@pytest.mark.parametrize(("prompt", "action_set"), [("cot", "playwright"), ("cot_playwright", "id")])
def test_a_prompt_for_the_other_action_set_is_refused(prompt: str, action_set: str) -> None:
    settings = RunSettings.model_validate(
        {"profile": "webarena", "prompt": prompt, "actions": {"action_set": action_set}}
    )
    with pytest.raises(ConfigError, match=f"prompt '{prompt}' describes the action set .* has '{action_set}'"):
        Prompted.build(AgentSetup(Model(), settings))


@dataclass
class Formed(Model):
    """Keeps to forms, and notes those that it is given."""

    forms: list[ReplyForm | None] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    def form_fault(self) -> str:
        return ""

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: ReplyForm | None = None
    ) -> Completion:
        self.forms.append(form)
        self.reply = self.replies.pop(0) if self.replies else self.reply
        return await super().generate(messages, sampling, tag=tag)


def kept(model: Formed, **actions: Any) -> Prompted:
    return Prompted(
        model,
        PROMPT,
        sampling=Sampling(max_tokens=384),
        settings=ObservationSettings(),
        actions=ActionSettings(**actions),
    )


@pytest.mark.parametrize(("constrain", "ids"), [("grammar", None), ("ids", ("3",))])
async def test_a_reply_is_kept_to_what_the_page_has(constrain: Literal["grammar", "ids"], ids: tuple[str, ...]) -> None:
    model = Formed()
    agent = kept(model, constrain=constrain)
    await agent.act(TASK, (), PAGE, urls=URLS)
    (form,) = model.forms
    assert form is not None
    assert form.ids == ids
    assert form.max_thought_characters > 0


# As a run keeps it: without the elements of its page, but for the one that was clicked.
CLICKED = step(Click(element_id="3"), "click [3]").model_copy(
    update={
        "observation": PAGE.model_copy(update={"nodes": {}}),
        "acted_on": ActedOn(element_id="3", line="link 'A'", box=None),
    }
)


async def test_controls_are_clicked_and_only_fields_typed_into() -> None:
    lines = {"1": "RootWebArea 'x'", "2": "link 'A'", "3": "StaticText 'B'", "4": "searchbox 'C'", "5": "button 'D'"}
    lines["6"] = "DisclosureTriangle 'E'"
    page = PAGE.model_copy(
        update={
            "text": "\n\t".join(f"[{name}] {line}" for name, line in lines.items()),
            "nodes": {name: Node(line=line, box=None) for name, line in lines.items()},
        }
    )
    model = Formed()
    await kept(model, constrain="controls").act(TASK, (), page, urls=URLS)
    (form,) = model.forms
    assert form is not None
    assert (form.ids, form.field_ids) == (("2", "4", "5", "6"), ("4",))
    assert (form.typed, form.answers) == (None, None)


async def test_words_are_those_of_the_task_and_of_the_page_that_is_shown() -> None:
    lines = {"1": "link 'Open \\'til 5'", "2": 'StaticText "It\'s\\xa0here"', "3": "img ''", "4": "link 'Not shown'"}
    page = PAGE.model_copy(
        update={
            "text": "\n\t".join(f"[{name}] {line}" for name, line in lines.items() if name != "4"),
            "nodes": {name: Node(line=line, box=None) for name, line in lines.items()},
        }
    )
    model = Formed()
    await kept(model, constrain="words").act(TASK, (), page, urls=URLS)
    (form,) = model.forms
    assert form is not None
    assert (form.ids, form.typed) == (("1",), (TASK.intent,))
    assert form.answers == ("Open 'til 5", "It's here", "")


async def test_what_an_earlier_step_did_is_asked_anew_for_an_answer() -> None:
    """The element has another id on the later page, and the focus."""
    line = "link 'A' focused: True"
    page = PAGE.model_copy(update={"text": f"[8] {line}", "nodes": {"8": Node(line=line, box=None)}})
    model = Formed(replies=["```click [8]```", "```stop [found]```"])
    decision = await kept(model, constrain="ids", stop_at_repeats=True).act(TASK, (CLICKED,), page, urls=URLS)
    assert decision.action == Stop(answer="found")
    first, second = model.forms
    assert first is not None
    assert second == first.answer_only()
    (before, _, _), (after, _, _) = model.asked
    assert after[:-1] == before[:-1]
    assert after[-1].content.startswith(before[-1].content), "all before its line is in the prefix cache"
    assert decision.messages == after
    assert "click [8]" in decision.note
    assert decision.completion is not None
    assert decision.completion.prompt_tokens == 18, "what both requests took"


@pytest.mark.parametrize("reply", ["```click [9]```", "```stop []```", "```scroll [down]```"])
async def test_what_no_earlier_step_did_is_done(reply: str) -> None:
    page = PAGE.model_copy(update={"nodes": {**PAGE.nodes, "9": Node(line="link 'other'", box=None)}})
    model = Formed(reply=reply)
    await kept(model, constrain="ids", stop_at_repeats=True).act(TASK, (CLICKED,), page, urls=URLS)
    assert len(model.asked) == 1


async def test_repeats_are_left_to_the_limits_by_default() -> None:
    model = Formed(reply="```click [3]```")
    decision = await kept(model, constrain="ids").act(TASK, (CLICKED,), PAGE, urls=URLS)
    assert decision.action == Click(element_id="3")


@pytest.mark.parametrize(
    ("model", "actions", "told"),
    [
        (Model(), ActionSettings(stop_at_repeats=True), "actions.stop_at_repeats .* needs actions.constrain"),
        (Model(), ActionSettings(constrain="ids"), "its backend has no way to keep replies to a grammar"),
        (Formed(), ActionSettings(constrain="ids", action_set="playwright"), "is for the action set 'id'"),
    ],
    ids=["no form", "backend", "action set"],
)
def test_what_cannot_be_kept_is_refused_before_a_run(model: Model, actions: ActionSettings, told: str) -> None:
    prompt = "cot_playwright" if actions.action_set == "playwright" else "cot"
    with pytest.raises(ConfigError, match=told):
        Prompted.build(AgentSetup(model, RunSettings(profile="webarena", actions=actions, prompt=prompt)))
