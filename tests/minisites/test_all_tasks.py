"""Every record of the mini set is in the official format, complete, and says how it is done."""

import re
from typing import Any

import pytest

from tests.minisites.mini_tasks import all_records, is_unachievable
from webarena_runner.agents.oracle import REFERENCE_ACTIONS
from webarena_runner.notation import START_TABS, named_sites
from webarena_runner.siteurls import OFFICIAL_ACCOUNTS

OFFICIAL_KEYS = [
    "sites",
    "task_id",
    "require_login",
    "storage_state",
    "start_url",
    "geolocation",
    "intent_template",
    "instantiation_dict",
    "intent",
    "require_reset",
    "eval",
    "intent_template_id",
]
MAX_STEPS = 30

each_task = pytest.mark.parametrize("task", all_records(), ids=lambda task: str(task["task_id"]))


@each_task
def test_a_record_has_the_official_keys_and_reference_actions(task: dict[str, Any]) -> None:
    assert list(task) == [*OFFICIAL_KEYS, "reference_actions"]
    assert (task["require_login"], task["require_reset"], task["geolocation"]) == (True, False, None)


@each_task
def test_the_intent_is_the_filled_in_template(task: dict[str, Any]) -> None:
    values = task["instantiation_dict"]
    assert set(re.findall(r"{{(\w+)}}", task["intent_template"])) == set(values)
    assert re.sub(r"{{(\w+)}}", lambda name: str(values[name[1]]), task["intent_template"]) == task["intent"]


@each_task
def test_the_declared_evaluators_are_those_that_have_something_to_check(task: dict[str, Any]) -> None:
    has = {
        "string_match": task["eval"]["reference_answers"] is not None,
        "url_match": task["eval"]["reference_url"] != "",
        "program_html": task["eval"]["program_html"] != [],
    }
    assert task["eval"]["eval_types"] == [kind for kind, present in has.items() if present]


@each_task
def test_no_right_answer_needs_a_judge_and_what_cannot_be_done_says_why(task: dict[str, Any]) -> None:
    assert is_unachievable(task) is ("fuzzy_match" in (task["eval"]["reference_answers"] or {}))
    assert bool(task["eval"].get("string_note")) is is_unachievable(task)


@each_task
def test_an_episode_starts_on_the_task_s_sites_and_logged_in_to_some_of_them(task: dict[str, Any]) -> None:
    pages = [named_sites(url) for url in task["start_url"].split(START_TABS)]
    assert all(len(page) == 1 and page <= set(task["sites"]) for page in pages)
    state = re.fullmatch(r"\./\.auth/([\w.]+)_state\.json", task["storage_state"] or "")
    logged_in = set(state[1].split(".")) if state else set()
    with_accounts = set(task["sites"]) & set(OFFICIAL_ACCOUNTS)
    # As in the official tasks, a second site may be used logged out.
    assert logged_in <= with_accounts
    assert bool(logged_in) is bool(with_accounts)


@each_task
def test_reference_actions_are_readable_and_end_with_a_stop(task: dict[str, Any]) -> None:
    actions = REFERENCE_ACTIONS.validate_python(task["reference_actions"])
    assert 2 <= len(actions) < MAX_STEPS
    assert [action.do for action in actions].index("stop") == len(actions) - 1


def test_a_template_has_one_number_and_a_number_one_template() -> None:
    pairs = {(task["intent_template_id"], task["intent_template"]) for task in all_records()}
    assert len({number for number, _ in pairs}) == len(pairs) == len({template for _, template in pairs})


def test_the_file_is_in_the_order_of_the_ids() -> None:
    ids = [task["task_id"] for task in all_records()]
    assert ids == sorted(set(ids))
