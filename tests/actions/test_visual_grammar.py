"""VisualWebArena's id actions against recorded behaviour of its parser, and of how it words the last action."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from webarena_runner.actions.describe import describe_action
from webarena_runner.actions.id_grammar import official_crash, parse_action
from webarena_runner.actions.lenient_grammar import parse_lenient
from webarena_runner.types import Action, Clear, Invalid, Node, Observation, Type

RECORDED: list[tuple[str, dict[str, Any]]] = json.loads(
    gzip.decompress((Path(__file__).parent / "visualwebarena.json.gz").read_bytes())
)
KINDS = {"key_press": "press", "goto_url": "goto", "page_focus": "tab_focus", "page_close": "close_tab"}
# The package keeps no value apart from none at all.
EMPTY = {"page_number": 0, "answer": "", "url": "", "text": "", "element_id": ""}


def as_recorded(action: Action) -> dict[str, Any]:
    if isinstance(action, Invalid):
        return {"error": "ActionParsingError"}
    values = action.model_dump()
    if isinstance(action, Type):
        values["text"] += "\n" * values.pop("press_enter")
    return {key: value for key, value in values.items() if EMPTY.get(key) != value}


def expected(record: dict[str, Any]) -> dict[str, Any]:
    if "error" in record:
        return record
    kind = record["kind"].lower()
    return {"kind": KINDS.get(kind, kind)} | {key: record[key] for key in record if key not in ("kind", "described")}


def test_every_recorded_text_gives_the_official_action() -> None:
    actions = {text: parse_action(text, "visualwebarena") for text, _ in RECORDED}
    # Whether the package raises at once or later is a matter of chance: see the next test.
    lost = {text for text, action in actions.items() if official_crash(text, action, "visualwebarena")}
    assert len(lost) < 10
    found = {text: as_recorded(action) for text, action in actions.items()}
    wrong = {
        text: (found[text], expected(record))
        for text, record in RECORDED
        if text not in lost and found[text] != expected(record)
    }
    assert not wrong
    assert len(found) > 1000


def test_the_last_action_is_worded_as_officially_with_marks() -> None:
    checked = 0
    for text, record in RECORDED:
        action = parse_action(text, "visualwebarena")
        if record.get("error") == "ActionParsingError":
            continue
        if "error" in record or isinstance(record["described"], dict):
            assert "key table" in official_crash(text, action, "visualwebarena"), text
            continue
        seen = {"5": Node(line="", box=None), str(record.get("element_id")): Node(line="[A] [x]", box=None)}
        observation = Observation(url="", tabs=(), text="", nodes=seen)
        told = describe_action(action, observation, dialect="visualwebarena", marked=True)
        assert told == record["described"], text
        assert not official_crash(text, action, "visualwebarena")
        checked += 1
    assert checked > 200


@pytest.mark.parametrize("parse", [parse_action, parse_lenient])
def test_only_this_dialect_empties_elements(parse: Any) -> None:
    assert parse("clear [7]", "visualwebarena") == Clear(element_id="7")
    refused = parse("clear [7]")
    assert isinstance(refused, Invalid)
    assert "clear," not in refused.reason
