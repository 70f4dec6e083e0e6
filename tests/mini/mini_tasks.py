"""The records of the mini set, for the tests that check their answers against the seed data."""

from functools import cache
from typing import Any

from webarena_runner.tasksets.mini import Mini


@cache
def all_records() -> tuple[dict[str, Any], ...]:
    """The official-format records, in file order."""
    return tuple(task.raw for task in Mini().load().tasks)


def records(*sites: str) -> list[dict[str, Any]]:
    """Those of the tasks on exactly these sites."""
    return [record for record in all_records() if set(record["sites"]) == set(sites)]


def of_template(template_id: int) -> list[dict[str, Any]]:
    return [record for record in all_records() if record["intent_template_id"] == template_id]


def answer(task: dict[str, Any]) -> Any:
    """What the one rule of the string evaluator compares with."""
    (value,) = task["eval"]["reference_answers"].values()
    return value


def is_unachievable(task: dict[str, Any]) -> bool:
    return (task["eval"]["reference_answers"] or {}).get("fuzzy_match") == "N/A"
