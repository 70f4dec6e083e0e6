"""Calls of an environment's functions: how they are written and read as text, and what is told of the functions."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from webarena_runner.actions.tools import arguments_of, only_call, read_verb
from webarena_runner.log.wellformed import nesting
from webarena_runner.settings.records import ActionSettings
from webarena_runner.types import Action, CallTool, Invalid, Tool, ToolCall

STOP = "stop"
FORM = 'name({"parameter": value})'
# `move({...})`, `move {...}` and `move`.
_NAMED = re.compile(r"([A-Za-z_][\w.-]*)\s*(?:\((.*)\)|(\{.*\}))?", re.DOTALL)
_LANGUAGE = re.compile(r"\A(?:json|tool_call)\s*\n")
_ARGUMENTS = ("arguments", "parameters")
_MOST_LEVELS = 50
_OBJECT = f"a JSON object of at most {_MOST_LEVELS} levels and ordinary numbers"


def written(action: CallTool) -> str:
    return f"{action.name}({json.dumps(action.arguments, ensure_ascii=False) if action.arguments else ''})"


def listed(tools: Sequence[Tool]) -> str:
    """The functions for a prompt, each with the JSON schema of its parameters in one line."""
    return "\n".join(map(_listed, tools))


def _listed(tool: Tool) -> str:
    form = f"{tool.name}({json.dumps(tool.parameters, ensure_ascii=False)})"
    return f"{form} - {tool.description}" if tool.description else form


def parse_call(text: str, settings: ActionSettings, urls: Mapping[str, str]) -> Action:
    """The call that a text is; Invalid where it is none. Whether there is such a function the episode says."""
    found = _found(_LANGUAGE.sub("", text.strip()).strip())
    if isinstance(found, str):
        return Invalid(raw=text, reason=found)
    return read_call(found, settings, urls)


def read_only(calls: Sequence[ToolCall], settings: ActionSettings, urls: Mapping[str, str]) -> Action:
    """The action of a reply that calls one function; Invalid, with the reason, of any other reply."""
    call = only_call(calls)
    return call if isinstance(call, Invalid) else read_call(call, settings, urls)


def read_call(call: ToolCall, settings: ActionSettings, urls: Mapping[str, str]) -> Action:
    """The action of a call in whichever form; Invalid where its arguments are no JSON object."""
    if call.name == STOP:
        return read_verb(call, settings, urls, verbs=(STOP,))
    arguments = arguments_of(call)
    if arguments is None or not _is_plain(arguments):
        return Invalid(raw=str(call), reason=f"the arguments of '{call.name:.40}' are not {_OBJECT}")
    return CallTool(name=call.name, arguments=arguments)


def _found(text: str) -> ToolCall | str:
    """Why there is none, where there is none."""
    if not text:
        return "the action is empty"
    if text.startswith("{"):
        return _from_object(text)
    named = _NAMED.fullmatch(text)
    if named is None:
        return f"'{text:.40}' is no call of a function; expected {FORM}"
    return ToolCall(name=named[1], arguments=(named[2] or named[3] or "").strip())


def _from_object(text: str) -> ToolCall | str:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return f"'{text:.40}' is no JSON; expected {FORM}"
    name = given.get("name")
    if not isinstance(name, str):
        return f'the JSON object names no function; expected {FORM}, or {{"name": ..., "arguments": ...}}'
    arguments: Any = next((given[key] for key in _ARGUMENTS if key in given), {})
    return ToolCall(name=name, arguments=json.dumps(arguments))


def _is_plain(arguments: dict[str, Any]) -> bool:
    """Whether every reader of JSON takes them: they are not deep, and whole numbers have 64 bits."""
    if nesting(arguments) > _MOST_LEVELS:
        return False
    try:
        orjson.dumps(arguments)
    except TypeError:
        return False
    return True
