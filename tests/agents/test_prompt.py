"""Prompt files of both formats, and the messages made from them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from webarena_runner.actions.id_grammar import extract_action
from webarena_runner.actions.locators import LOCATORS, ON_ELEMENT, ON_PAGE
from webarena_runner.actions.read import read_action
from webarena_runner.agents.prompt import load_prompt
from webarena_runner.errors import ConfigError
from webarena_runner.settings import datafiles
from webarena_runner.settings.records import ActionSettings
from webarena_runner.types import Invalid, Message

# Replies to them are calls, of functions that are others in each environment, or no texts.
WITHOUT_EXAMPLES = ("calls", "calls_tools", "tools")
OURS = """\
intro: Do as told.
template: |-
  SEE {observation}
  AT {url} DO {objective} AFTER {previous_action} {{kept}}
examples:
  - observation: "[3] link 'A'"
    url: http://reddit.com
    objective: open A
    previous_action: None
    reply: So ```click [3]```
"""
OFFICIAL: dict[str, Any] = {
    "intro": "Do as told.",
    "examples": [["SEE [3] link 'A'", "So ```click [3]```"]],
    "template": "SEE {observation}\nAT {url} DO {objective} AFTER {previous_action}",
    "meta_data": {
        "observation": "accessibility_tree",
        "action_type": "id_accessibility_tree",
        "keywords": ["url", "objective", "observation", "previous_action"],
        "prompt_constructor": "CoTPromptConstructor",
        "answer_phrase": "So",
        "action_splitter": "```",
    },
}
PAGE = {"observation": "{x} [1] 'y'", "url": "http://reddit.com/f", "objective": "find {it}", "previous_action": "None"}


def write(path: Path, content: str | dict[str, Any]) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def test_our_format_renders_as_assembled_by_hand(tmp_path: Path) -> None:
    prompt = load_prompt(write(tmp_path / "p.yaml", OURS))
    assert prompt.render(**PAGE) == [
        Message(role="system", content="Do as told."),
        Message(
            role="system",
            name="example_user",
            content="SEE [3] link 'A'\nAT http://reddit.com DO open A AFTER None {kept}",
        ),
        Message(role="system", name="example_assistant", content="So ```click [3]```"),
        Message(role="user", content="SEE {x} [1] 'y'\nAT http://reddit.com/f DO find {it} AFTER None {kept}"),
    ]
    assert prompt.sha256 == hashlib.sha256(OURS.encode()).hexdigest()


def test_the_official_format_renders_as_assembled_by_hand(tmp_path: Path) -> None:
    prompt = load_prompt(write(tmp_path / "p.json", OFFICIAL))
    assert prompt.render(**PAGE) == [
        Message(role="system", content="Do as told."),
        Message(role="system", name="example_user", content="SEE [3] link 'A'"),
        Message(role="system", name="example_assistant", content="So ```click [3]```"),
        Message(role="user", content="SEE {x} [1] 'y'\nAT http://reddit.com/f DO find {it} AFTER None"),
    ]


def test_both_formats_say_which_action_set_they_describe(tmp_path: Path) -> None:
    code = OURS.replace("click [3]", "page.stop()") + "action_set: playwright\n"
    assert load_prompt(write(tmp_path / "p.yaml", OURS)).action_set == "id"
    assert load_prompt(write(tmp_path / "q.yaml", code)).action_set == "playwright"
    meta = OFFICIAL["meta_data"] | {"action_type": "playwright"}
    assert load_prompt(write(tmp_path / "p.json", OFFICIAL | {"meta_data": meta})).action_set == "playwright"


def test_a_forced_prefix_begins_every_reply_once(tmp_path: Path) -> None:
    meta = OFFICIAL["meta_data"] | {"force_prefix": "```", "prompt_constructor": "DirectPromptConstructor"}
    prompt = load_prompt(write(tmp_path / "p.json", OFFICIAL | {"meta_data": meta}))
    assert prompt.with_prefix("click [3]```") == "```click [3]```"
    assert prompt.with_prefix("```click [3]```") == "```click [3]```"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("SEE {observation}", "SEE {page}"), "line 2, column 1: template: unknown placeholder {page}"),
        (("{{kept}}", "{kept"), "line 2, column 1: template: expected '}'"),
        (("DO {objective}", ""), "lacks {objective}"),
        (("intro: Do as told.", "intro: 3"), "line 1, column 1: intro"),
        (("intro:", "intor:"), "unknown key 'intor'"),
        (("    reply: So ```click [3]```\n", ""), "line 6, column 5: key 'examples.0.reply' is missing"),
        (("So ```click [3]```", "So click [3]"), "line 10, column 5: has no action between a pair of ```"),
        (("click [3]", "klick [3]"), "'klick [3]' is not an action: unknown action 'klick'"),
        (("examples:", "examples"), "not YAML"),
    ],
)
def test_a_malformed_prompt_says_where_and_what_was_expected(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    path = write(tmp_path / "p.yaml", OURS.replace(*change))
    with pytest.raises(ConfigError) as caught:
        load_prompt(path)
    assert told in str(caught.value)
    assert path in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"template": "{observation} {objective} {obs}"}, "unknown placeholder {obs}"),
        ({"meta_data": {"prompt_constructor": "ReflexionPromptConstructor", "action_splitter": "`"}}, "'CoTPrompt"),
        ({"meta_data": OFFICIAL["meta_data"] | {"action_type": "html"}}, "meta_data.action_type"),
        ({"examples": [["page", "reply", "image.png"]]}, "examples.0"),
        ({"meta_data": {}}, "key 'meta_data.prompt_constructor' is missing"),
    ],
)
def test_a_malformed_official_prompt_says_what_was_expected(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    path = write(tmp_path / "p.json", OFFICIAL | change)
    with pytest.raises(ConfigError) as caught:
        load_prompt(path)
    assert told in str(caught.value)
    assert path in str(caught.value)


def test_broken_json_is_told_with_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 2, column 1: not JSON"):
        load_prompt(write(tmp_path / "p.json", '{"intro": "x",\n'))


def test_an_unknown_prompt_lists_the_known_ones() -> None:
    with pytest.raises(
        ConfigError, match=r"did you mean 'direct'.*Known: calls, calls_tools, cot, cot_playwright, direct, small"
    ):
        load_prompt("direkt")


def test_a_prompt_in_the_working_directory_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "configs" / "prompts"
    folder.mkdir(parents=True)
    write(folder / "cot.yaml", OURS)
    monkeypatch.chdir(tmp_path)
    assert load_prompt("cot").intro == "Do as told."
    assert load_prompt("direct").path.is_file()


@pytest.mark.parametrize("name", [name for name in datafiles.names("prompts") if name not in WITHOUT_EXAMPLES])
def test_a_shipped_prompt_has_examples_with_legal_actions_on_their_page(name: str) -> None:
    prompt = load_prompt(name)
    assert len(prompt.examples) >= 2
    for shown, reply in prompt.examples:
        action = read_action(extract_action(reply) or "", ActionSettings(action_set=prompt.action_set))
        assert not isinstance(action, Invalid)
        element_id = getattr(action, "element_id", None)
        assert element_id is None or f"[{element_id}] " in shown


@pytest.mark.parametrize("name", ["cot", "direct"])
def test_a_shipped_prompt_names_every_action_of_the_grammar(name: str) -> None:
    verbs = [
        "click",
        "hover",
        "type",
        "press",
        "scroll",
        "goto",
        "new_tab",
        "go_back",
        "go_forward",
        "close_tab",
        "tab_focus",
        "stop",
    ]
    intro = load_prompt(name).intro
    assert [verb for verb in verbs if verb not in intro] == []


def test_the_shipped_playwright_prompt_names_every_call_that_works_by_default() -> None:
    intro = load_prompt("cot_playwright").intro
    left_out = {"get_by_test_id", "select_option"}
    assert {name for name in (*LOCATORS, *ON_ELEMENT, *ON_PAGE) if f"{name}(" not in intro} == left_out
