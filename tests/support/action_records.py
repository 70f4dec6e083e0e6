"""What was recorded of the official action parser, and our actions in its words."""

import json
from pathlib import Path
from typing import Any

from webarena_runner.types import Action, Invalid, Type

# What the recorded files call our actions.
OFFICIAL_VERBS = {
    "press": "key_press",
    "goto": "goto_url",
    "tab_focus": "page_focus",
    "close_tab": "page_close",
}


def official(action: Action) -> dict[str, Any]:
    """An action in the words of the recorded files."""
    if isinstance(action, Invalid):
        return {"error": "ActionParsingError"}
    record = {"verb": OFFICIAL_VERBS.get(action.kind, action.kind)} | action.model_dump(exclude={"kind"})
    if isinstance(action, Type):
        record["text"] += "\n" * record.pop("press_enter")
    return record


def recorded(shared: Path, kind: str) -> list[dict[str, Any]]:
    lines = (shared / "goldens" / "actions.jsonl").read_text(encoding="utf-8").splitlines()
    return [record for record in map(json.loads, lines) if record["kind"] == kind]
