"""The functions of an environment as a call is held against them."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from jsonschema import SchemaError
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import Draft202012Validator, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from webarena_runner.actions.calls import STOP, written
from webarena_runner.types import Action, CallTool, Invalid, Stop, Tool

# What OpenAI's API takes, and the others too.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_NAMES = 20
_MOST_CHARACTERS = 300


class BadTool(Exception):
    """What is wrong with a function as its environment declares it."""


class Offered:
    """Raises BadTool for a function that no call could be held against."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._validators: dict[str, Validator] = {}
        for tool in tools:
            if tool.name in self._validators:
                raise BadTool(f"two functions are called '{tool.name}'")
            self._validators[tool.name] = _validator(tool.model_dump_json())

    def fitted(self, action: Action) -> Action:
        """The action, or Invalid with the reason where it is no call that the environment can be given."""
        if isinstance(action, Stop | Invalid):
            return action
        if not isinstance(action, CallTool):
            return Invalid(raw=action.model_dump_json(), reason=f"'{action.kind}' is no function here; {self._known()}")
        fault = self._fault(action.name, action.arguments)
        return Invalid(raw=written(action), reason=fault) if fault else action

    def _fault(self, name: str, arguments: Mapping[str, Any]) -> str:
        validator = self._validators.get(name)
        if validator is None:
            return f"unknown function '{name:.40}'; {self._known()}"
        try:
            error = cast("ValidationError | None", best_match(validator.iter_errors(arguments)))
        except Unresolvable as lost:
            raise BadTool(f"function '{name}': its schema refers to what is not in it: {lost}") from lost
        if error is None:
            return ""
        where = ".".join(map(str, error.absolute_path))
        return f"'{name}'{f', {where}' if where else ''}: {error.message:.{_MOST_CHARACTERS}}"

    def _known(self) -> str:
        names = [*self._validators, STOP]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        return f"expected one of {', '.join(names[:_MOST_NAMES])}{more}"


# Most episodes of an environment have the same ones, and holding one against the schema of schemas takes milliseconds.
@lru_cache(maxsize=1024)
def _validator(dumped: str) -> Validator:
    """Of a tool as JSON. Raises BadTool."""
    tool = Tool.model_validate_json(dumped)
    if not _NAME.fullmatch(tool.name):
        raise BadTool(f"'{tool.name:.70}' is no name of a function; expected up to 64 letters, digits, - and _")
    if tool.name == STOP:
        raise BadTool(f"'{STOP}' is how every agent ends an episode; name the function otherwise")
    if tool.parameters.get("type") != "object":
        raise BadTool(f"function '{tool.name}': its parameters are no JSON schema with type: object")
    kind = validator_for(tool.parameters, default=Draft202012Validator)
    try:
        kind.check_schema(tool.parameters)
    except SchemaError as error:
        where = ".".join(map(str, error.absolute_path))
        raise BadTool(f"function '{tool.name}': its parameters are no JSON schema: {where}: {error.message}") from None
    # An empty registry: a schema that refers to an address is not fetched.
    return kind(tool.parameters, registry=Registry())
