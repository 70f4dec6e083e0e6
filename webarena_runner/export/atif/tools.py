"""Actions as tool calls: the call of a step, and the definitions of all calls that an agent could make."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from webarena_runner.actions.kinds import KINDS
from webarena_runner.types import ACTION_RECORDS, Action, BrowserGymCalls, CallTool, Invalid, Stop, Tool

_NOT_TOLD = ("kind",)
_OF_PLAYWRIGHT, _NO_ACTION = "playwright", Invalid.model_fields["kind"].default
# Those of BrowserGym's agents, which tell them their models themselves, and of environments (`offered_definitions`).
_OF_OTHERS = {record.model_fields["kind"].default for record in (BrowserGymCalls, CallTool)}


def tool_call(action: Action, call_id: str) -> dict[str, Any] | None:
    """None for a reply that held no action."""
    if isinstance(action, Invalid):
        return None
    if isinstance(action, CallTool):
        return {"tool_call_id": call_id, "function_name": action.name, "arguments": action.arguments}
    arguments = action.model_dump(mode="json", exclude=set(_NOT_TOLD))
    return {"tool_call_id": call_id, "function_name": action.kind, "arguments": arguments}


@cache
def tool_definitions(action_set: str, dialect: str = "webarena") -> tuple[dict[str, Any], ...]:
    """In the form that OpenAI's API takes; the playwright set has one call for all that is done to elements."""
    element_kinds = {name for name, kind in ACTION_RECORDS.items() if "element_id" in kind.model_fields}
    others = {name for name, kind in KINDS.items() if kind.dialect not in ("", dialect)}
    left_out = {
        _NO_ACTION,
        *others,
        *_OF_OTHERS,
        *(element_kinds if action_set == _OF_PLAYWRIGHT else (_OF_PLAYWRIGHT,)),
    }
    return tuple(_definition(name, kind) for name, kind in ACTION_RECORDS.items() if name not in left_out)


def offered_definitions(tools: Sequence[Tool]) -> tuple[dict[str, Any], ...]:
    """Of an environment's functions, and of the stop that every agent has."""
    stop = _definition(Stop.model_fields["kind"].default, Stop)
    return (*({"type": "function", "function": tool.model_dump()} for tool in tools), stop)


def _definition(name: str, kind: Any) -> dict[str, Any]:
    schema = kind.model_json_schema()
    kept = {key: value for key, value in schema["properties"].items() if key not in _NOT_TOLD}
    parameters: dict[str, Any] = {"type": "object", "properties": kept}
    if required := [key for key in schema.get("required", ()) if key in kept]:
        parameters["required"] = required
    if "$defs" in schema:
        parameters["$defs"] = schema["$defs"]
    function = {"name": name, "parameters": parameters}
    return {"type": "function", "function": function | ({"description": kind.__doc__} if kind.__doc__ else {})}
