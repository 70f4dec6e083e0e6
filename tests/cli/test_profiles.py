"""`wa-run profiles` and `--action-set`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from webarena_runner.cli.app import run_tasks
from webarena_runner.cli.baseline import baseline
from webarena_runner.cli.observe import observe
from webarena_runner.cli.options import keys_set_by
from webarena_runner.settings import datafiles
from webarena_runner.settings.draft import fields, valid_keys
from webarena_runner.settings.loading import CliOptions, Given, load_run_config
from webarena_runner.settings.profiles import FROM_ELSEWHERE, load_profile
from webarena_runner.settings.records import RunConfig, RunSettings

SETTINGS = [key for key in valid_keys(RunSettings) if key.split(".")[0] not in FROM_ELSEWHERE]
SWITCHES = {
    "actions.lenient_syntax": ("false", "true"),
    "actions.loose_addresses": ("false", "true"),
    "actions.show_errors": ("false", "true"),
    "actions.playwright_quirks": ("true", "false"),
    "limits.type_equality": ("element", "element_and_text"),
    "limits.stop_at_repeated_scrolls": ("true", "false"),
    "browser.follow_new_tabs": ("false", "true"),
}


def test_show_prints_the_first_line_that_describes_a_setting(invoke: Invoke) -> None:
    shown = " ".join(invoke("profiles", "show").out.split())
    described = {key: (fields(RunSettings)[key].description or "").splitlines()[0] for key in SETTINGS}
    assert [text for text in described.values() if not 0 < len(text) <= 110] == []
    assert described["limits.max_steps"] in shown
    assert described["scoring.numbers_by_value"] in shown


def test_show_prints_every_setting_of_the_default_profile(invoke: Invoke) -> None:
    shown = invoke("profiles", "show")
    assert shown.code == 0
    rows = {line.split()[0]: line for line in shown.out.splitlines() if line.strip()}
    assert set(SETTINGS) <= set(rows)
    assert rows["limits.max_steps"].split()[1:2] == ["30"]
    assert "webarena.yaml" in shown.out
    assert shown.out == invoke("profiles", "show", "webarena").out


@pytest.mark.parametrize(("key", "values"), SWITCHES.items())
def test_show_prints_the_official_value_beside_another_one(invoke: Invoke, key: str, values: tuple[str, str]) -> None:
    official, corrected = values
    (row,) = [line for line in invoke("profiles", "show", "strict").out.splitlines() if line.startswith(f"{key} ")]
    assert row.split()[1:3] == [corrected, official]


def test_list_names_every_profile_and_counts_what_differs(invoke: Invoke, workdir: Path) -> None:
    own = workdir / "configs" / "profiles" / "own.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(
        "# Shorter episodes.\nlimits:\n  max_steps: 5\nscoring:\n  rules: webarena\n"
        "sampling:\n  temperature: 1.0\n  top_p: 0.9\n  max_tokens: 384\n"
    )
    lines = {line.split()[0]: line for line in invoke("profiles", "list").out.splitlines()}
    assert set(datafiles.names("profiles")) <= set(lines)
    assert lines["webarena"].split()[1] == "-"
    assert lines["own"].split()[1:] == ["1", "Shorter", "episodes."]
    own_record = next(each for each in json.loads(invoke("profiles", "list", "--json").out) if each["profile"] == "own")
    assert own_record["not_as_official"] == ["limits.max_steps"]
    told = json.loads(invoke("profiles", "show", "own", "--json").out)["settings"]["limits.max_steps"]
    assert told == {"value": 5, "official": 30}


def test_a_malformed_profile_is_told_by_line(invoke: Invoke, workdir: Path) -> None:
    own = workdir / "own.yaml"
    own.write_text("actions:\n  lenient_sintax: true\n")
    done = invoke("profiles", "show", str(own))
    assert done.code == 2
    assert "line 2, column 3" in done.err
    assert "did you mean actions.lenient_syntax" in done.err


def test_an_unknown_profile_lists_the_known_ones(invoke: Invoke) -> None:
    done = invoke("profiles", "show", "webarna")
    assert done.code == 2
    assert "did you mean 'webarena'?" in done.err


def test_the_switches_of_a_run_are_in_its_settings_and_among_its_overrides() -> None:
    options = CliOptions(
        model="replay", assignments=("actions.show_errors=true", "limits.type_equality=element_and_text")
    )
    config, overrides = load_run_config(options, {})
    assert config.settings.actions.show_errors
    assert overrides == ("actions.show_errors=True", "limits.type_equality=element_and_text")
    assert load_run_config(CliOptions(model="oracle", profile="strict"), {})[1] == ()


def test_the_playwright_set_brings_its_prompt_unless_another_is_named() -> None:
    def chosen(**options: str) -> tuple[str, str]:
        given = tuple(Given(name.replace("__", "."), value, name) for name, value in options.items())
        config, _ = load_run_config(CliOptions(model="replay", given=given), {})
        return config.settings.actions.action_set, config.settings.prompt

    assert chosen() == ("id", "cot")
    assert chosen(actions__action_set="playwright") == ("playwright", "cot_playwright")
    assert chosen(actions__action_set="playwright", prompt="mine") == ("playwright", "mine")


def test_a_wrong_action_set_is_told_by_option(invoke: Invoke) -> None:
    done = invoke("--model", "oracle", "--tasks", "smoke", "--action-set", "som", "--dry-run")
    assert done.code == 2
    assert "--action-set: actions.action_set: expected 'id', 'playwright' or 'calls', got 'som'" in done.err


def test_only_strict_corrects_the_loop() -> None:
    official = load_profile("webarena").settings
    assert load_profile("libwebarena").settings.actions == official.actions == type(official.actions)()
    assert load_profile("libwebarena").settings.limits == official.limits == type(official.limits)()


@pytest.mark.parametrize(
    ("assignments", "seeds"),
    [((), (4, 4)), (("sampling.seed=7",), (4, 7)), (("sampling.seed=null",), (4, None))],
    ids=["both", "its own", "none"],
)
def test_the_seed_of_a_run_is_sent_to_its_model(assignments: tuple[str, ...], seeds: tuple[int, int | None]) -> None:
    options = CliOptions(model="replay", given=(Given("seed", 4, "--seed"),), assignments=assignments)
    config, _ = load_run_config(options, {})
    assert (config.settings.seed, config.settings.sampling.seed) == seeds
    assert load_run_config(CliOptions(model="replay"), {})[0].settings.sampling.seed is None


def test_settle_is_an_option_and_an_override_of_the_profile(invoke: Invoke) -> None:
    def with_settle(mode: str) -> tuple[RunConfig, tuple[str, ...]]:
        given = (Given("settle.mode", mode, "--settle"),)
        return load_run_config(CliOptions(model="oracle", given=given), {})

    by_option = with_settle("official")
    assert by_option[1] == ("settle.mode=official",)
    assert by_option == load_run_config(CliOptions(model="oracle", assignments=("settle.mode=official",)), {})
    assert with_settle("quiet")[1] == ()
    done = invoke("--model", "oracle", "--tasks", "smoke", "--settle", "never", "--dry-run")
    assert done.code == 2
    assert "--settle: settle.mode: expected 'quiet' or 'official', got 'never'" in done.err


@pytest.mark.parametrize(("command", "count"), [(run_tasks, 23), (baseline, 7), (observe, 4)])
def test_an_option_that_sets_a_setting_names_one_that_there_is(command: Callable[..., None], count: int) -> None:
    keys = keys_set_by(command)
    # --record fills a group.
    assert {key for key in keys.values() if key != "record"} <= set(SETTINGS)
    assert "record" in RunSettings.model_fields
    assert len(keys) == count


def test_options_reach_the_settings_that_they_name(invoke: Invoke, workdir: Path) -> None:
    (workdir / "mine.yaml").write_text("backend: openai_chat\noptions: {base_url: http://models.invalid/v1}\n")
    done = invoke(
        *("--model", "./mine.yaml", "--tasks", "mini", "--dry-run", "--workers", "3", "--trials", "2"),
        *("--max-steps", "7", "--judge", "./mine.yaml", "--seed", "4", "--settle", "official"),
    )
    assert done.code == 0, done
    assert done.out.startswith("would start; ")
    shown = {line.split("  ")[0]: " ".join(line.split()) for line in done.out.splitlines()}
    assert shown["workers"] == "workers 3"
    assert shown["at most"] == "at most 352 episodes, 2464 steps"
    assert shown["judge"] == "judge ./mine.yaml"
    assert "limits.max_steps=7, settle.mode=official" in shown["profile"]
