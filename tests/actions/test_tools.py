"""Actions as functions: what a model is offered, and what its calls mean."""

import pytest

from webarena_runner.actions.kinds import VERBS
from webarena_runner.actions.tools import ActionTools, arguments_of, read_calls
from webarena_runner.settings.records import ActionSettings
from webarena_runner.types import (
    Action,
    Click,
    CloseTab,
    Goto,
    Hover,
    Invalid,
    Press,
    Scroll,
    Stop,
    TabFocus,
    ToolCall,
    Type,
)

URLS = {"reddit": "http://127.0.0.1:9999"}


def read(name: str, arguments: str, settings: ActionSettings | None = None) -> Action:
    return read_calls([ToolCall(name=name, arguments=arguments)], settings or ActionSettings(), URLS)


def test_a_model_is_offered_what_the_id_grammar_has_and_told_what_each_does() -> None:
    functions = {function["name"]: function for function in ActionTools().functions}
    assert tuple(functions) == VERBS
    assert all(function["description"] for function in functions.values())
    assert functions["go_back"]["parameters"]["properties"] == {}
    typing = functions["type"]["parameters"]
    assert typing["required"] == ["element_id", "text", "press_enter"]
    assert {name: each["type"] for name, each in typing["properties"].items()} == {
        "element_id": "string",
        "text": "string",
        "press_enter": "boolean",
    }
    assert functions["scroll"]["parameters"]["properties"]["direction"]["enum"] == ["up", "down"]


@pytest.mark.parametrize(
    ("name", "arguments", "action"),
    [
        ("click", '{"element_id": "12"}', Click(element_id="12")),
        ("click", '{"element_id": 12}', Click(element_id="12")),
        ("hover", '{"element_id": "[12]"}', Hover(element_id="12")),
        (
            "type",
            '{"element_id": "7", "text": "a [b] \\"c\\"\\n", "press_enter": false}',
            Type(element_id="7", text='a [b] "c"\n', press_enter=False),
        ),
        ("press", '{"key_comb": "control+enter"}', Press(key_comb="control+Enter")),
        ("scroll", '{"direction": "down"}', Scroll(direction="down")),
        ("goto", '{"url": "http://reddit.com/f/books"}', Goto(url="http://127.0.0.1:9999/f/books")),
        ("tab_focus", '{"page_number": 1}', TabFocus(page_number=1)),
        ("close_tab", "", CloseTab()),
        ("close_tab", "null", CloseTab()),
        ("stop", '{"answer": ""}', Stop(answer="")),
        ("stop", '{"answer": "see http://reddit.com"}', Stop(answer="see http://127.0.0.1:9999")),
    ],
)
def test_a_call_is_the_action_that_it_names(name: str, arguments: str, action: Action) -> None:
    assert read(name, arguments) == action


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("submit", "{}", "unknown function 'submit'; expected one of click, hover"),
        ("playwright", '{"calls": []}', "unknown function 'playwright'"),
        ("click", '{"element_id": "12"', "the arguments of 'click' are not a JSON object"),
        ("click", "[12]", "are not a JSON object"),
        ("click", "[" * 100_000, "are not a JSON object"),
        ("click", "{}", "'click', element_id: field required"),
        ("click", '{"element_id": "the button"}', "'the button' is not the number of an element"),
        ("click", '{"element_id": "12", "button": "left"}', "'click' has no parameter 'button'; it takes element_id"),
        ("go_back", '{"kind": "stop"}', "'go_back' has no parameter 'kind'; it takes none"),
        ("type", '{"element_id": "7", "text": "", "press_enter": true}', "'type', text: is empty"),
        ("scroll", '{"direction": "left"}', "'scroll', direction: input should be 'up' or 'down'"),
        ("tab_focus", '{"page_number": -1}', "-1 is not the number of a tab"),
        ("goto", '{"url": null}', "'goto', url: input should be a valid string"),
    ],
)
def test_what_is_no_call_of_an_action_is_told(name: str, arguments: str, reason: str) -> None:
    action = read(name, arguments)
    assert isinstance(action, Invalid)
    assert reason in action.reason


def test_a_step_is_one_call() -> None:
    call = ToolCall(name="close_tab", arguments="{}")
    both = read_calls([call, call], ActionSettings())
    assert isinstance(both, Invalid)
    assert "calls 2 functions at once" in both.reason
    none = read_calls([], ActionSettings())
    assert isinstance(none, Invalid)
    assert none.reason == "the reply calls no function"


def test_only_addresses_are_mapped_where_the_profile_says_so() -> None:
    settings = ActionSettings(url_mapping="address", loose_addresses=True)
    assert read("stop", '{"answer": "http://reddit.com"}', settings) == Stop(answer="http://reddit.com")
    assert read("goto", '{"url": "www.reddit.com/f/x"}', settings) == Goto(url="http://127.0.0.1:9999/f/x")


def test_what_is_no_json_for_others_is_neither_read_nor_sent_back() -> None:
    for arguments in ('{"answer": NaN}', '{"page_number": 1e999}', '{"answer": [[-Infinity]]}'):
        assert arguments_of(ToolCall(name="stop", arguments=arguments)) is None
    half = r'{"answer": "\ud800 end"}'
    assert read("stop", half) == Stop(answer="\ufffd end")
    assert arguments_of(ToolCall(name="stop", arguments=half)) == {"answer": "\ufffd end"}
    unknown = read("stop", r'{"\ud800": 1}')
    assert isinstance(unknown, Invalid)
    assert "no parameter '\ufffd'" in unknown.reason
