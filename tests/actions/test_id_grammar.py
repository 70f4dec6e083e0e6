"""The action grammar against recorded behaviour of the official parser."""

from pathlib import Path

import pytest

from tests.support.action_records import official, recorded
from webarena_runner.actions.id_grammar import extract_action, official_crash, parse_action
from webarena_runner.types import Action, Invalid, Type


def test_every_recorded_action_text_gives_the_official_action(shared: Path) -> None:
    records = [record for record in recorded(shared, "parse") if record.get("error") not in ("IndexError", "KeyError")]
    wrong = []
    for record in records:
        expected = record.get("action") or {"error": record["error"]}
        found = official(parse_action(record["input"]))
        if found != expected:
            wrong.append((record["input"], expected, found))
    assert not wrong
    assert len(records) > 1000


def test_where_the_official_parser_crashes_ours_goes_on_and_says_so(shared: Path) -> None:
    crashes = [record for record in recorded(shared, "parse") if record.get("error") in ("IndexError", "KeyError")]
    for record in crashes:
        action = parse_action(record["input"])
        assert isinstance(action, Invalid if record["error"] == "IndexError" else Type), record
        assert official_crash(record["input"], action)
    assert len(crashes) == 17


def test_no_recorded_action_that_official_accepts_is_called_a_crash(shared: Path) -> None:
    accepted = [record["input"] for record in recorded(shared, "parse") if "action" in record]
    assert [text for text in accepted if official_crash(text, parse_action(text))] == []


def test_every_recorded_reply_gives_the_official_action_text(shared: Path) -> None:
    records = recorded(shared, "extract")
    assert [(extract_action(record["input"]), record["input"]) for record in records] == [
        (record.get("extracted"), record["input"]) for record in records
    ]


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("type [5] [日本 “quoted”] [0]", Type(element_id="5", text="日本 “quoted”", press_enter=False)),
        ("type [5] [😀]", Type(element_id="5", text="😀", press_enter=True)),
    ],
)
def test_characters_outside_the_official_key_table_are_typed(text: str, action: Action) -> None:
    assert parse_action(text) == action
    assert "key table" in official_crash(text, action)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("jump [3]", "unknown action 'jump'"),
        ("Click [3]", "unknown action 'Click'"),
        ("click [id=3]", "click [id]"),
        ("tab_focus [" + "9" * 5000 + "]", "tab_focus [number]"),
    ],
)
def test_an_invalid_action_says_why(text: str, reason: str) -> None:
    action = parse_action(text)
    assert isinstance(action, Invalid)
    assert reason in action.reason
    assert action.raw == text


def test_another_splitter() -> None:
    assert extract_action("so <do>click [3]<do> then", "<do>") == "click [3]"
