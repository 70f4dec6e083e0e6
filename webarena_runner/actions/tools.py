"""Actions as functions that a model calls: what is told of each, and what a call of one means.

The functions are the verbs of the id grammar, their parameters the fields of the actions' records.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from webarena_runner.actions.keys import official_names
from webarena_runner.actions.kinds import KINDS, VERBS
from webarena_runner.actions.urls import loosely_local, to_local
from webarena_runner.log.wellformed import well_formed_value
from webarena_runner.settings.records import ActionSettings
from webarena_runner.types import ACTION_RECORDS, Action, Goto, Invalid, Press, Tool, ToolCall

# By the name of the field.
_MEANINGS = {
    "element_id": "The number in brackets before the element, on the page as it is now.",
    "text": "What to type.",
    "press_enter": "Whether to press Enter afterwards.",
    "key_comb": "Such as Enter, or Control+a.",
    "direction": "Where to.",
    "url": "The whole address.",
    "page_number": "The number of the tab; the first is 0.",
    "answer": "Nothing but the answer, as the page words it; empty if none is asked for, N/A if it cannot be done.",
}
# May be empty; another text that is empty says nothing.
_MAY_BE_EMPTY = "answer"


@dataclass(frozen=True)
class ActionTools:
    """The functions that a request offers: those of an environment, then those of `verbs`."""

    verbs: tuple[str, ...] = VERBS
    tools: tuple[Tool, ...] = ()

    @property
    def functions(self) -> list[dict[str, Any]]:
        """Name, description and parameters of each; the parameters as a JSON schema, all of a verb's are required."""
        return [tool.model_dump() for tool in self.tools] + [
            {"name": verb, "description": KINDS[verb].does, "parameters": _parameters(ACTION_RECORDS[verb])}
            for verb in self.verbs
        ]


def only_call(calls: Sequence[ToolCall]) -> ToolCall | Invalid:
    """The call of a reply that calls one function; Invalid, with the reason, of any other reply."""
    raw = "\n".join(map(str, calls))
    if not calls:
        return Invalid(raw=raw, reason="the reply calls no function")
    if len(calls) > 1:
        return Invalid(raw=raw, reason=f"the reply calls {len(calls)} functions at once, and a step is one action")
    return calls[0]


def read_calls(calls: Sequence[ToolCall], settings: ActionSettings, urls: Mapping[str, str] | None = None) -> Action:
    """The browser's action of a reply that calls one function; Invalid, with the reason, of any other reply.

    `urls` are the sites' by official name: public names become these, as in the text forms of actions.
    """
    call = only_call(calls)
    return call if isinstance(call, Invalid) else read_verb(call, settings, urls or {})


def read_verb(
    call: ToolCall, settings: ActionSettings, urls: Mapping[str, str], *, verbs: Sequence[str] = VERBS
) -> Action:
    """The action that one of these verbs is called for; Invalid, with the reason, of any other call."""
    try:
        action = _read(call, settings, urls, verbs)
    except _Malformed as reason:
        return Invalid(raw=str(call), reason=str(reason))
    if isinstance(action, Press):
        return Press(key_comb=official_names(action.key_comb))
    if isinstance(action, Goto) and settings.loose_addresses:
        return Goto(url=loosely_local(action.url, urls))
    return action


def arguments_of(call: ToolCall) -> dict[str, Any] | None:
    """The arguments as an object; an empty one where there are none. None: they are malformed."""
    try:
        arguments = well_formed_value(json.loads(call.arguments or "{}"))
        # Python reads NaN and 1e999, which are no JSON for whoever is sent them.
        json.dumps(arguments, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    if arguments is None:
        return {}
    return arguments if isinstance(arguments, dict) else None


class _Malformed(Exception):
    """Why a call is no action."""


def _read(call: ToolCall, settings: ActionSettings, urls: Mapping[str, str], verbs: Sequence[str]) -> Action:
    record = ACTION_RECORDS.get(call.name) if call.name in verbs else None
    if record is None:
        raise _Malformed(f"unknown function '{call.name:.40}'; expected one of {', '.join(verbs)}")
    arguments = arguments_of(call)
    if arguments is None:
        raise _Malformed(f"the arguments of '{call.name}' are not a JSON object")
    wanted = [name for name in record.model_fields if name != "kind"]
    if unknown := [name for name in arguments if name not in wanted]:
        known = f"it takes {', '.join(wanted)}" if wanted else "it takes none"
        raise _Malformed(f"'{call.name}' has no parameter '{unknown[0]:.40}'; {known}")
    values = {name: _value(name, value, settings, urls) for name, value in arguments.items()}
    try:
        action: Any = record.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise _Malformed(f"'{call.name}', {fault['loc'][0]}: {fault['msg'].lower()}") from None
    _check(call.name, action)
    found: Action = action
    return found


def _value(name: str, value: Any, settings: ActionSettings, urls: Mapping[str, str]) -> Any:
    if name == "element_id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return value
    if name == "element_id":
        return value.strip().removeprefix("[").removesuffix("]")
    return to_local(value, urls) if name == "url" or settings.url_mapping == "whole_action" else value


def _check(name: str, action: Any) -> None:
    """What the id grammar does not take either."""
    for field, value in action:
        if value == "" and field != _MAY_BE_EMPTY:
            raise _Malformed(f"'{name}', {field}: is empty")
        if field == "element_id" and not (value.isascii() and value.isdigit()):
            raise _Malformed(f"'{name}', element_id: '{value:.40}' is not the number of an element")
        if field == "page_number" and value < 0:
            raise _Malformed(f"'{name}', page_number: {value} is not the number of a tab")


def _parameters(record: type[BaseModel]) -> dict[str, Any]:
    schema = record.model_json_schema()["properties"]
    properties = {
        name: {key: value for key, value in schema[name].items() if key in ("type", "enum")}
        | {"description": _MEANINGS[name]}
        for name in schema
        if name != "kind"
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
