"""What webarena-verified's own task records say of a task that its answer's form hangs on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webarena_runner.errors import ConfigError
from webarena_runner.log.files import read_bytes

TYPES = ("RETRIEVE", "MUTATE", "NAVIGATE")


@dataclass(frozen=True)
class Known:
    """`items` is the JSON schema of an item of the data; None: it is not known."""

    task_type: str
    items: Mapping[str, Any] | None = None

    @property
    def is_number(self) -> bool:
        return self.items is not None and self.items.get("type") in ("number", "integer")

    @property
    def is_one_text(self) -> bool:
        """Whether commas are no sign of several items: dates and places have them."""
        return self.items is not None and self.items.get("format") in ("date", "location-name", "full-address")


def known_of(record: Any) -> Known | None:
    """Of a task record in webarena-verified's form; None: it is in another."""
    checks = record.get("eval") if isinstance(record, dict) else None
    for check in checks if isinstance(checks, list) else ():
        if isinstance(check, dict) and check.get("evaluator") == "AgentResponseEvaluator":
            expected, schema = check.get("expected"), check.get("results_schema")
            task_type = str(expected.get("task_type", "")).upper() if isinstance(expected, dict) else ""
            items = schema.get("items") if isinstance(schema, dict) else None
            if task_type in TYPES:
                return Known(task_type, items if isinstance(items, dict) else None)
    return None


def read_dataset(path: Path) -> dict[int, Known]:
    """By task id. Raises ConfigError when it is no task file of webarena-verified."""
    expected = "expected webarena-verified's task file, as `webarena-verified dataset-get --output FILE` writes it"
    try:
        records = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"-o dataset={path}: is no JSON ({error}); {expected}") from error
    if not isinstance(records, list):
        raise ConfigError(f"-o dataset={path}: {expected}")
    found = {
        record["task_id"]: known
        for record in records
        if isinstance(record, dict) and isinstance(record.get("task_id"), int) and (known := known_of(record))
    }
    if not found:
        raise ConfigError(f"-o dataset={path}: has no task with an AgentResponseEvaluator; {expected}")
    return found
