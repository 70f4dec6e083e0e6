"""The agent's response in webarena-verified's form, from an answer that was not given in it: a heuristic."""

import json
import re
from collections.abc import Mapping
from typing import Any

from webarena_runner.export.verified.known import Known
from webarena_runner.official.notation import UNACHIEVABLE
from webarena_runner.types import Ending, EpisodeResult, Task

_FENCED = re.compile(r"```(?:json)?\s*\n?(.*?)\n?```", re.DOTALL)
# Whole numbers with a leading zero are no numbers but names: order 000000178.
_NUMBER = re.compile(
    r"(?P<sign>[-+]?)[$€£]?\s?(?P<digits>(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|0|[1-9][0-9]*)(?:\.[0-9]+)?)"
)
_BULLET = re.compile(r"^\s*(?:[-*•]|[0-9]{1,3}[.)])\s+")
# What follows a comma within one item: a year, a state with or without its code, a street's number after a name.
_ONE_ITEM = re.compile(r"(?:[12][0-9]{3}|[A-Z]{2}(?: [0-9]{5}(?:-[0-9]{4})?)?|[0-9]{5}|USA|United States)\.?")
_ENDINGS = {
    Ending.STEP_LIMIT: "the episode ended at its step limit",
    Ending.REPEATED_ACTION: "the episode ended because the agent repeated an action",
    Ending.PARSE_FAILURES: "the episode ended because the agent's replies had no readable action",
    Ending.COST_LIMIT: "the episode ended at what it may cost",
    Ending.OFFSITE: "the episode ended because the agent left the sites of its task",
    Ending.OVER: "the episode ended by itself",
    Ending.ERROR: "the episode ended in an error of the infrastructure",
}


def agent_response(result: EpisodeResult, task: Task | None, known: Known | None) -> dict[str, Any]:
    """A response of its own stays as it is; `known` None: what the task is goes by its checks."""
    own = own_response(result.answer)
    if own is not None:
        return dict(own)
    task_type = known.task_type if known else _type_by_checks(task)
    if result.ending != Ending.ANSWERED:
        why = _ENDINGS.get(Ending(result.ending), "") if result.ending in set(Ending) else str(result.ending)
        return _response(task_type, "UNKNOWN_ERROR", None, why)
    if result.answer.strip().rstrip(".").upper() == UNACHIEVABLE:
        return _response(task_type, "NOT_FOUND_ERROR", None, f"the agent answered {UNACHIEVABLE}")
    data = retrieved_data(result.answer, known) if task_type == "RETRIEVE" else None
    return _response(task_type, "SUCCESS", data, None)


def own_response(answer: str) -> Mapping[str, Any] | None:
    """The response of an agent that keeps to the protocol: the answer, or its first fenced block, is JSON."""
    fenced = _FENCED.search(answer)
    try:
        value = json.loads(fenced[1] if fenced else answer)
    except (ValueError, RecursionError):
        return None
    has_type = isinstance(value, dict) and ("task_type" in value or "performed_operation" in value)
    return value if has_type and "status" in value else None


def retrieved_data(answer: str, known: Known | None = None) -> list[Any]:
    """The items of an answer: a JSON list as it is, else by lines, semicolons and commas."""
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        return [_item(part, known) for part in _parts(answer.strip(), known)]
    return value if isinstance(value, list) else [value]


def _response(task_type: str, status: str, data: list[Any] | None, details: str | None) -> dict[str, Any]:
    return {"task_type": task_type, "status": status, "retrieved_data": data, "error_details": details}


def _type_by_checks(task: Task | None) -> str:
    if task is None:
        return "RETRIEVE"
    if task.writes:
        return "MUTATE"
    kinds = {check.kind for check in task.checks}
    return "NAVIGATE" if kinds == {"url_match"} else "RETRIEVE"


def _parts(text: str, known: Known | None) -> list[str]:
    if not text:
        return []
    for separator in ("\n", ";"):
        if separator in text:
            return [part for part in (_BULLET.sub("", line).strip() for line in text.split(separator)) if part]
    parts = [part.strip() for part in text.split(", ")]
    one_item = (known is not None and known.is_one_text) or any(_ONE_ITEM.fullmatch(part) for part in parts[1:])
    if len(parts) < 2 or one_item:
        return [text]
    return [part.removeprefix("and ") for part in parts]


def _item(text: str, known: Known | None) -> Any:
    """A number as a number, without the commas between thousands, which are taken for decimal ones there."""
    whole = _NUMBER.fullmatch(text)
    if whole:
        return _number(whole)
    found = list(_NUMBER.finditer(text)) if known is not None and known.is_number else []
    return _number(found[0]) if len(found) == 1 else text


def _number(found: re.Match[str]) -> int | float:
    digits = found["sign"].removeprefix("+") + found["digits"].replace(",", "")
    return float(digits) if "." in digits else int(digits)
