"""Calls of an environment's functions: their text forms, and how they are held against the functions' schemas."""

from typing import Any

import pytest

from webarena_runner.actions.calls import listed, parse_call, read_only, written
from webarena_runner.actions.offered import BadTool, Offered
from webarena_runner.settings.records import ActionSettings
from webarena_runner.types import Action, CallTool, Click, Invalid, Stop, Tool, ToolCall

SETTINGS = ActionSettings(action_set="calls")
WEIGH = Tool(
    name="weigh",
    description="Puts something on the scales.",
    parameters={
        "type": "object",
        "properties": {"thing": {"type": "string"}, "times": {"type": "integer", "minimum": 1}},
        "required": ["thing"],
        "additionalProperties": False,
    },
)
PEAR = CallTool(name="weigh", arguments={"thing": "pear"})


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ('weigh({"thing": "pear"})', PEAR),
        ('weigh {"thing": "pear"}', PEAR),
        (' weigh( {"thing":\n"pear"} ) ', PEAR),
        ('{"name": "weigh", "arguments": {"thing": "pear"}}', PEAR),
        ('json\n{"name": "weigh", "parameters": {"thing": "pear"}}', PEAR),
        ("look", CallTool(name="look")),
        ("look()", CallTool(name="look")),
        ('{"name": "look"}', CallTool(name="look")),
        ('weigh({"thing": "half \\ud83d"})', CallTool(name="weigh", arguments={"thing": "half \ufffd"})),
        ('stop({"answer": "3 kg"})', Stop(answer="3 kg")),
    ],
)
def test_a_call_is_read_in_the_forms_that_models_write(text: str, action: Action) -> None:
    assert parse_call(text, SETTINGS, {}) == action


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the action is empty"),
        ("click [12]", "no call of a function; expected name("),
        ('weigh(thing="pear")', "the arguments of 'weigh' are not a JSON object of"),
        ('weigh(["pear"])', "the arguments of 'weigh' are not a JSON object of"),
        ('weigh({"times": NaN})', "the arguments of 'weigh' are not a JSON object of"),
        ('weigh({"times": 99999999999999999999})', "the arguments of 'weigh' are not a JSON object of"),
        ('weigh({"a": ' + "[" * 60 + "]" * 60 + "})", "at most 50 levels"),
        ('weigh({"times": 1e999})', "the arguments of 'weigh' are not a JSON object of"),
        ('weigh({"a": ' + "[" * 100_000 + "})", "the arguments of 'weigh' are not a JSON object of"),
        ('{"thing": "pear"}', "names no function"),
        ('{"name": "weigh"', "is no JSON"),
        ("stop({})", "'stop', answer: field required"),
    ],
)
def test_what_is_no_call_says_why(text: str, told: str) -> None:
    action = parse_call(text, SETTINGS, {})
    assert isinstance(action, Invalid)
    assert told in action.reason


def test_a_call_is_written_as_it_is_read() -> None:
    for call in (PEAR, CallTool(name="look"), CallTool(name="weigh", arguments={"thing": 'a ")" and ü', "times": 2})):
        assert parse_call(written(call), SETTINGS, {}) == call


def test_two_calls_in_one_reply_are_none() -> None:
    call = ToolCall(name="look", arguments="")
    assert read_only((call,), SETTINGS, {}) == CallTool(name="look")
    refused = read_only((call, call), SETTINGS, {})
    assert isinstance(refused, Invalid)
    assert "2 functions at once" in refused.reason


def test_functions_are_listed_with_their_schemas() -> None:
    assert listed([WEIGH]).startswith('weigh({"type": "object", "properties": {"thing"')
    assert listed([WEIGH]).endswith(" - Puts something on the scales.")


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (CallTool(name="weigh"), "'weigh': 'thing' is a required property"),
        (CallTool(name="weigh", arguments={"thing": 3}), "'weigh', thing: 3 is not of type 'string'"),
        (CallTool(name="weigh", arguments={"thing": "x", "times": 0}), "'weigh', times: 0 is less than the minimum"),
        (CallTool(name="weigh", arguments={"thing": "x", "colour": 1}), "'colour' was unexpected"),
        (CallTool(name="eat", arguments={}), "unknown function 'eat'; expected one of weigh, stop"),
        (Click(element_id="3"), "'click' is no function here; expected one of weigh, stop"),
    ],
)
def test_a_call_that_does_not_fit_is_no_action(action: Action, told: str) -> None:
    fitted = Offered([WEIGH]).fitted(action)
    assert isinstance(fitted, Invalid)
    assert told in fitted.reason


@pytest.mark.parametrize("action", [PEAR, Stop(answer=""), Invalid(raw="x", reason="y")])
def test_what_fits_is_left_as_it_is(action: Action) -> None:
    assert Offered([WEIGH]).fitted(action) == action


@pytest.mark.parametrize(
    ("tools", "told"),
    [
        ([WEIGH, WEIGH], "two functions are called 'weigh'"),
        ([Tool(name="stop", parameters=schema())], "how every agent ends an episode"),
        ([Tool(name="a b", parameters=schema())], "'a b' is no name of a function"),
        ([Tool(name="look", parameters={})], "no JSON schema with type: object"),
        ([Tool(name="look", parameters=schema(far={"type": "metre"}))], "no JSON schema: properties.far.type: 'metre'"),
    ],
)
def test_functions_that_nobody_could_call_are_refused(tools: list[Tool], told: str) -> None:
    with pytest.raises(BadTool) as refused:
        Offered(tools)
    assert told in str(refused.value)


def test_a_schema_elsewhere_is_not_fetched() -> None:
    elsewhere = Tool(name="look", parameters=schema(far={"$ref": "http://127.0.0.1:9/schema.json"}))
    with pytest.raises(BadTool, match="refers to what is not in it"):
        Offered([elsewhere]).fitted(CallTool(name="look", arguments={"far": 1}))
