"""Every record of the mini set is in the official format, complete, and says how it is done."""

import re
from collections import Counter
from typing import Any

import pytest

from tests.mini.mini_tasks import all_records, is_unachievable
from webarena_mini.catalog import MODULES
from webarena_runner.actions.reference import REFERENCE_ACTIONS
from webarena_runner.official.notation import ALTERNATIVES, START_TABS, URL_HELPERS, WEBARENA_LOCATOR_HELPERS
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS, named_sites
from webarena_runner.tasksets.mini import Mini

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


def test_the_set_is_large_enough_for_each_site() -> None:
    tasks = all_records()
    alone = Counter(task["sites"][0] for task in tasks if len(task["sites"]) == 1)
    assert len(tasks) >= 150
    assert len({task["intent_template_id"] for task in tasks}) >= 45
    assert min(alone[site] for site in OFFICIAL_ACCOUNTS if site != "classifieds") >= 20
    assert min(alone["map"], alone["wikipedia"]) >= 12
    assert sum(len(task["sites"]) > 1 for task in tasks) >= 12
    assert sum(map(is_unachievable, tasks)) >= 12
    assert sum(bool(task["eval"]["program_html"]) for task in tasks) >= 60


def test_the_set_uses_all_that_an_official_task_can_look_at() -> None:
    tasks = all_records()
    targets = [target for task in tasks for target in task["eval"]["program_html"]]
    helpers = {re.split(r"[:(]", text)[1] for target in targets for text in target.values() if str(text)[:5] == "func:"}
    assert helpers == {*URL_HELPERS, *WEBARENA_LOCATOR_HELPERS}
    assert {re.match(r"(func:|document\.|\[\.\.\.document\.|)", target["locator"])[0] for target in targets} == {
        "",
        "func:",
        "document.",
        "[...document.",
    }
    assert {"last", "__SHOPPING__"} <= {target["url"].split("/")[0] for target in targets}
    assert any("prep_actions" in target for target in targets)
    assert {key for target in targets for key in target["required_contents"]} == {"exact_match", "must_include"}
    assert any(ALTERNATIVES in str(target["required_contents"]) for target in targets)
    assert any(ALTERNATIVES in task["eval"]["reference_url"] for task in tasks)
    assert {len(task["start_url"].split(START_TABS)) for task in tasks} >= {1, 2, 3}
    assert {tuple(task["eval"]["eval_types"]) for task in tasks} >= {
        ("string_match",),
        ("url_match",),
        ("program_html",),
        ("string_match", "url_match"),
        ("url_match", "program_html"),
    }
    assert {rule for task in tasks for rule in task["eval"]["reference_answers"] or ()} == {
        "exact_match",
        "must_include",
        "fuzzy_match",
    }


def test_smoke_touches_every_site_and_evaluator() -> None:
    loaded = Mini().load()
    smoke = [task for task in loaded.tasks if task.task_id in loaded.subsets["smoke"]]
    assert len(smoke) == 12
    # Tasks of the advertisements are about what their pictures show.
    assert {site for task in smoke for site in task.sites} == set(MODULES) - {"classifieds"}
    assert {check.kind for task in smoke for check in task.checks} == {"string_match", "url_match", "program_html"}
