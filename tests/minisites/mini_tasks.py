"""The records of the mini set, for the tests that check their answers against the seed data."""

from typing import Any

from webarena_runner.tasksets.mini import Mini


def records(*sites: str) -> list[dict[str, Any]]:
    """The official-format records of the tasks on exactly these sites."""
    return [task.raw for task in Mini().load().tasks if set(task.sites) == set(sites)]
