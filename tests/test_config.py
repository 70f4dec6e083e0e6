"""Settings from files, options, `-o` and the environment, and what is said about wrong ones."""

from pathlib import Path

import pytest

from webarena_runner.errors import ConfigError
from webarena_runner.official.sites import OFFICIAL_SITES
from webarena_runner.settings import records
from webarena_runner.settings.later import with_given
from webarena_runner.settings.loading import (
    CliOptions,
    Given,
    load_model_spec,
    load_run_config,
)
from webarena_runner.settings.old_forms import nested_config
from webarena_runner.settings.records import Prices, RunConfig, SitesSpec
from webarena_runner.settings.site_files import load_sites_file
from webarena_runner.settings.yaml import parse_value, read_yaml
from webarena_runner.sites.url_options import UrlOptions, credentials
from webarena_runner.types import Record

MODEL = """\
backend: openai_chat
model: tiny-8b
sampling:
  temperature: 0.6
options:
  base_url: http://127.0.0.1:9/v1
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with one model file, `mine`."""
    monkeypatch.chdir(tmp_path)
    write("models/mine.yaml", MODEL)
    return tmp_path


def write(name: str, text: str) -> Path:
    path = Path("configs") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path.resolve()


def load(*assignments: str, environ: dict[str, str] | None = None, **options: object) -> RunConfig:
    given = {"model": "mine", **options, "assignments": assignments}
    return load_run_config(CliOptions(**given), environ or {})[0]  # type: ignore[arg-type]


def options(**given: object) -> tuple[Given, ...]:
    """`limits__max_steps=5` stands for `--max-steps 5`."""
    keys = [name.replace("__", ".") for name in given]
    return tuple(Given(key, value, f"--{key}") for key, value in zip(keys, given.values(), strict=True))


def fault(*assignments: str, environ: dict[str, str] | None = None, **options: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(*assignments, environ=environ, **options)
    return str(caught.value)


def test_the_default_profile_holds_the_official_settings() -> None:
    settings = load(model="oracle").settings
    assert settings.profile == "webarena"
    assert (settings.limits.max_steps, settings.limits.parse_failures, settings.limits.repeated_actions) == (30, 3, 3)
    assert (settings.observation.max_tokens, settings.observation.viewport_only) == (1920, True)
    assert (settings.browser.viewport_width, settings.browser.viewport_height) == (1280, 720)
    assert (settings.sampling.temperature, settings.sampling.top_p, settings.sampling.max_tokens) == (1.0, 0.9, 384)


def test_later_sources_win() -> None:
    write(
        "profiles/own.yaml",
        "agent: prompted\nprompt: cot\nlimits: {max_steps: 5}\nsampling: {max_tokens: 9, temperature: 0}\n",
    )
    config = load("sampling.top_p=0.5", profile="own", given=options(limits__max_steps=9))
    assert config.settings.limits.max_steps == 9
    assert config.settings.sampling.model_dump(include={"temperature", "top_p", "max_tokens"}) == {
        "temperature": 0.6,
        "top_p": 0.5,
        "max_tokens": 9,
    }


def test_what_differs_from_the_profile_is_listed() -> None:
    given = options(limits__max_steps=5, agent="prompted", workers=3)
    _, overrides = load_run_config(CliOptions(model="mine", given=given), {})
    assert overrides == ("limits.max_steps=5", "sampling.temperature=0.6")


def test_a_value_equal_to_the_profiles_is_no_override() -> None:
    assert load_run_config(CliOptions(model="oracle", given=options(limits__max_steps=30)), {})[1] == ()


def test_o_reaches_into_the_model_file() -> None:
    config = load("model.options.base_url=http://127.0.0.1:8/v1", "model.model=other", "model.sampling.temperature=0")
    assert config.model is not None
    assert config.model.options == {"base_url": "http://127.0.0.1:8/v1"}
    assert config.model.model == "other"
    assert config.settings.sampling.temperature == 0 == config.model.sampling.temperature


def test_o_wins_over_the_model_files_sampling_wherever_the_two_are_merged() -> None:
    config = load("sampling.temperature=0.1")
    assert config.model is not None
    assert config.model.sampling.temperature == config.settings.sampling.temperature == 0.1


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("limit.max_step=10", "did you mean limits.max_steps"),
        ("max_steps=10", "did you mean limits.max_steps"),
        ("model.modle=x", "model.model"),
        ("nothing_like_it=1", "valid keys: agent, prompt"),
        ("limits.max_steps=ten", "limits.max_steps: expected a valid integer"),
        ("limits.max_steps=0", "limits.max_steps: expected greater than 0, got 0"),
        ("observation.mode=pixels", "expected 'accessibility_tree', 'html' or 'som', got 'pixels'"),
        ("limits", "expected key=value"),
        ("=3", "expected key=value"),
        ("profile=other", "is set with --profile"),
        ("task_set=mini", "is set with --task-set"),
        ("sites.options.urls.shoping=http://x", "unknown site; expected one of reddit, shopping,"),
        ("sites.options.url=x", "unknown key 'sites.options.url'; did you mean sites.options.urls"),
        ("sites.options.urls.map=http://me:pw@host", "holds a secret"),
        ("sites.options.accounts.map.password=pw", "holds a secret"),
        ("sites.provider=embedded", "is set with --sites"),
        (
            "site_urls.shopping=http://x",
            "this key is now sites.options.urls.shopping; write -o sites.options.urls.shopping=",
        ),
        ("more_urls=[x]", "this key is now sites.options.more_urls"),
        ("site_accounts.map.username_env=X", "this key is now sites.options.accounts.map.username_env"),
        ("model.options.api_key=sk-1", "holds a secret"),
        ("model.options.base_url=http://me:pw@host/v1", "holds a secret"),
    ],
)
def test_a_wrong_assignment_names_the_key_and_what_was_expected(assignment: str, told: str) -> None:
    message = fault(assignment)
    assert message.startswith(f"-o {assignment.partition('=')[0]}")
    assert told in message


def test_an_unknown_model_names_the_nearest() -> None:
    assert fault(model="minee").startswith("unknown model 'minee': did you mean 'mine'?")


def test_a_run_without_a_model_needs_the_oracle() -> None:
    assert "--model is missing" in fault(model=None)
    assert load(model=None, given=options(agent="oracle")).model is None
    assert load(model="oracle").settings.agent == "oracle"


def test_a_model_key_without_a_model_is_an_error() -> None:
    assert "this run has no model" in fault("model.model=x", model="oracle")


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        (
            "backend: openai_chat\nsampling:\n  temperature: hot\n",
            ", line 3, column 3: ",
            "temperature: expected a valid",
        ),
        ("backend: openai_chat\nmodle: x\n", ", line 2, column 1: ", "unknown key"),
        ("backend: [openai_chat\nmodel: x\n", ", line 2, column 6: ", "not YAML"),
        ("model: x\nmodel: y\n", ", line 2, column 1: ", "given twice (first in line 1)"),
        ("- model\n", ", line 1, column 1: ", "expected a mapping"),
        ("model: x\n", ": key ", "backend' is missing"),
        ("a: &a [*a]\n", ", line 1: ", "in itself"),
        ("backend: openai_chat\noptions:\n  api_key: sk-1\n", "", "holds a secret"),
    ],
)
def test_a_wrong_model_file_is_told_by_place_and_key(text: str, place: str, told: str) -> None:
    path = write("models/wrong.yaml", text)
    for message in (fault(model="wrong"), fault(model=str(path))):
        assert f"{path}{place}" in message
        assert told in message
        assert len(message.splitlines()) == 1
    with pytest.raises(ConfigError, match=told.split("'")[0].replace("(", r"\(").replace(")", r"\)")):
        load_model_spec("wrong")


def test_a_file_that_is_not_text_is_an_error() -> None:
    write("models/wrong.yaml", "").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read as UTF-8" in fault(model="wrong")


def test_a_profile_cannot_choose_the_model() -> None:
    write("profiles/own.yaml", "limits:\n  max_steps: 5\nmodel:\n  backend: x\n")
    assert "line 3, column 1: a profile cannot set 'model'" in fault(profile="own")


def test_a_profile_of_ones_own() -> None:
    write("profiles/own.yaml", "agent: prompted\nprompt: cot\nlimits:\n  max_steps: 5\n")
    config, overrides = load_run_config(CliOptions(model="oracle", profile="own"), {})
    assert (config.settings.profile, config.settings.limits.max_steps, overrides) == ("own", 5, ())


def test_the_embedded_set_uses_the_embedded_sites() -> None:
    config = load(served_by="embedded", environ={"SHOPPING": "http://localhost:7770"})
    assert config.sites == SitesSpec(provider="embedded")
    assert load(served_by="embedded", sites="static").sites == SitesSpec(provider="static")


def test_sites_come_from_the_environment() -> None:
    environ = {
        "SHOPPING": "http://old:1",
        "WA_SHOPPING": "localhost:7770/",
        "REDDIT": "todo",
        "HOMEPAGE": "PASS",
        "MAP": "",
    }
    assert load(environ=environ).sites.options["urls"] == {"shopping": "http://localhost:7770"}


def test_a_sites_file_wins_over_the_environment_and_is_completed_by_it() -> None:
    write("sites/lab.yaml", "options:\n  urls:\n    shopping: lab:7770/\n")
    environ = {"SHOPPING": "http://old:1", "REDDIT": "http://localhost:9999"}
    config = load("sites.options.urls.map=osm:3000", sites="lab", environ=environ)
    assert config.sites.provider == "static"
    assert config.sites.options["urls"] == {
        "shopping": "http://lab:7770",
        "reddit": "http://localhost:9999",
        "map": "http://osm:3000",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "options:\n  urls:\n    shop: http://x\n",
            "line 3, column 5: options.urls.shop: unknown site",
        ),
        (
            "options:\n  urls:\n    shopping: a b\n",
            "line 3, column 5: options.urls.shopping: expected the URL",
        ),
        ("options: {urls: {shopping: 'http://me:pw@x'}}\n", "options.urls.shopping holds a secret"),
        ("options: {urls: {shopping: 'http://me@x'}}\n", "without a user name"),
        (
            "options:\n  accounts: {gitlab: {username_env: A}}\n",
            "line 2, column 14: key 'options.accounts.gitlab.pass",
        ),
        ("options:\n  url: {}\n", "line 2, column 3: unknown key 'options.url'; did you mean options.urls"),
        ("provider: embedded\noptions: {urls: {}}\n", "line 2, column 11: unknown key 'options.urls'"),
        ("provider: sttic\n", "unknown site provider plug-in 'sttic'; did you mean 'static'?"),
        ("uls: {}\n", "line 1, column 1: unknown key 'uls'"),
        # As earlier versions wrote them.
        ("urls:\n  shop: http://x\n", "line 2, column 3: options.urls.shop: unknown site; expected one of"),
        ("urls:\n  shopping: a b\n", "line 2, column 3: options.urls.shopping: expected the URL of a site"),
        ("urls: {shopping: 'http://me:pw@x'}\n", "urls.shopping holds a secret"),
        ("urls: {}\noptions: {}\n", "line 1, column 1: unknown key 'urls'"),
    ],
)
def test_a_wrong_sites_file_is_told_by_place(text: str, told: str) -> None:
    path = write("sites/lab.yaml", text)
    with pytest.raises(ConfigError) as caught:
        load_sites_file("lab")
    assert told in str(caught.value)
    assert str(path) in str(caught.value) or "plug-in" in told
    assert ":pw@" not in str(caught.value)


def test_further_addresses_are_read_like_site_urls() -> None:
    write("sites/lab.yaml", "options:\n  urls: {map: 'http://h:3000'}\n  more_urls: ['h:5000/', '']\n")
    assert load(sites="lab").sites.options["more_urls"] == ["http://h:5000"]
    assert load('sites.options.more_urls=["http://h:5001/"]').sites.options["more_urls"] == ["http://h:5001"]
    assert "-o sites.options.more_urls: sites.options.more_urls.0: expected the URL" in fault(
        'sites.options.more_urls=["not a url"]'
    )


def test_a_sites_file_of_an_earlier_version_is_read_as_todays() -> None:
    accounts = "gitlab: {username_env: LAB_USER, password_env: LAB_PASSWORD}"
    old = "provider: static\nurls: {map: 'h:3000', reddit: todo}\nmore_urls: []\naccounts: {" + accounts + "}\n"
    new = "provider: static\noptions: {urls: {map: 'h:3000', reddit: todo}, accounts: {" + accounts + "}}\n"
    write("sites/old.yaml", old)
    write("sites/new.yaml", new)
    assert load(sites="old") == load(sites="new")
    assert load(sites="old").sites.options["urls"] == {"map": "http://h:3000"}


def test_a_sites_file_may_be_all_defaults() -> None:
    write("sites/lab.yaml", "description: the lab\n")
    assert load(sites="lab", environ={"MAP": "http://m"}).sites.options == {"urls": {"map": "http://m"}}


def test_the_published_sites_file_leads_where_the_official_sites_begin() -> None:
    urls = load_sites_file("official-ports").options["urls"]
    assert set(urls) == set(OFFICIAL_SITES) - {"classifieds"}
    for site, url in urls.items():
        assert url.split(":", 2)[2].partition("/")[1:] == OFFICIAL_SITES[site].landing_path.partition("/")[1:], site


def test_an_unknown_sites_file_lists_the_known_ones() -> None:
    assert "official-ports" in fault(sites="offical-ports")


def test_accounts_are_read_from_the_variables_that_the_sites_file_names() -> None:
    account = "{username_env: LAB_USER, password_env: LAB_PASSWORD}"
    write("sites/lab.yaml", "options: {accounts: {gitlab: " + account + "}}\n")
    config = load(sites="lab", environ={"LAB_USER": "me", "LAB_PASSWORD": "pw"})
    accounts = UrlOptions.model_validate(config.sites.options).accounts
    found = credentials(accounts, {"LAB_USER": "me", "LAB_PASSWORD": "pw"})
    assert found["gitlab"] == ("me", "pw")
    assert found["shopping_admin"] == ("admin", "admin1234")
    assert "pw" not in str(config)
    with pytest.raises(ConfigError, match="LAB_PASSWORD is not set"):
        credentials(accounts, {"LAB_USER": "me"})


def test_the_stored_settings_round_trip_and_hold_no_secret() -> None:
    config = load("model.options.api_key_env=OPENAI_API_KEY", environ={"OPENAI_API_KEY": "sk-1", "MAP": "http://m"})
    stored = config.model_dump(mode="json")
    assert "sk-1" not in str(stored)
    assert RunConfig.model_validate(stored) == config


def test_a_limit_in_money_needs_prices() -> None:
    with pytest.raises(
        ConfigError, match=r"--max-cost: model 'mine' has no prices.*set prices\.input and prices\.output"
    ):
        load(given=options(limits__max_cost_usd=5.0))
    config = load("model.prices.input=3", "model.prices.output=15", given=options(limits__max_cost_usd=5.0))
    assert config.settings.limits.max_cost_usd == 5
    assert config.model is not None
    assert config.model.prices == Prices(input=3, output=15)
    with pytest.raises(ConfigError, match="max_cost_usd: expected greater than 0"):
        load("limits.max_cost_usd=0")


def test_a_limit_in_money_for_each_episode_needs_a_model_with_prices() -> None:
    limit = options(limits__max_cost_per_episode_usd=0.5)
    with pytest.raises(ConfigError, match="--max-cost-per-episode: model 'mine' has no prices"):
        load(given=limit)
    config = load("model.prices.input=3", "model.prices.output=15", given=limit)
    assert config.settings.limits.max_cost_per_episode_usd == 0.5


def test_prices_and_rates_come_from_the_model_file() -> None:
    write(
        "models/mine.yaml", MODEL + "prices: {input: 3, output: 15, cached_input: 0.3}\nrates: {max_concurrency: 4}\n"
    )
    model = load(given=options(limits__max_cost_usd=5.0)).model
    assert model is not None
    assert model.prices == Prices(input=3, output=15, cached_input=0.3)
    assert model.rates.max_concurrency == 4


COST = Given("limits.max_cost_usd", 20.0, "--max-cost")


def test_the_limit_of_a_run_can_be_another_when_it_goes_on() -> None:
    config = load("model.prices.input=3", "model.prices.output=15", given=options(limits__max_cost_usd=5.0))
    assert with_given(config, [COST]).settings.limits.max_cost_usd == 20
    longer = with_given(config, [Given("limits.max_time_s", "1h30m", "--max-time")]).settings.limits
    assert (longer.max_cost_usd, longer.max_time_s) == (5, 5400)
    with pytest.raises(ConfigError, match="--max-cost: limits.max_cost_usd: expected greater than 0"):
        with_given(config, [Given("limits.max_cost_usd", 0.0, "--max-cost")])
    with pytest.raises(ConfigError, match="has no prices"):
        with_given(load(), [COST])


def test_who_plays_a_run_can_be_another_when_it_goes_on() -> None:
    address = Given("ray.address", "auto", "--ray-address")
    ray, workers = Given("executor", "ray", "--executor"), Given("workers", "8", "--workers")
    found = with_given(load(), [address, ray, workers]).settings
    assert (found.executor, found.ray.address, found.workers) == ("ray", "auto", 8)
    with pytest.raises(ConfigError, match="--ray-address: counts only where executor is ray, and this run has local"):
        with_given(load(), [address])
    with pytest.raises(ConfigError, match=r"^--workers: expected a number of episodes at a time"):
        with_given(load(), [Given("workers", "many", "--workers")])


@pytest.mark.parametrize(
    ("given", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), ("1h 30m", 5400), ("1m30s", 90)]
)
def test_a_time_is_seconds_or_has_units(given: str, seconds: float) -> None:
    assert load(given=options(limits__max_time_s=given)).settings.limits.max_time_s == seconds
    assert load(f"limits.max_time_s={given}").settings.limits.max_time_s == seconds


@pytest.mark.parametrize("given", ["", "0", "0m", "-1", "soon", "1d", "30m2h", "1.2.3m"])
def test_what_is_no_time_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="limits.max_time_s: expected (a time such as 90s|greater than 0)"):
        load(given=options(limits__max_time_s=given))


@pytest.mark.parametrize("given", [".inf", "inf", "-inf", ".nan", "nan", "1e999"])
@pytest.mark.parametrize("name", ["limits.episode_timeout_s", "settle.limit_s"])
def test_a_number_that_a_manifest_cannot_keep_is_refused(name: str, given: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name}: expected a (finite|valid) number"):
        load(f"{name}={given}")


def test_a_number_that_a_manifest_cannot_keep_is_refused_in_files(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("backend: openai_chat\noptions:\n  extra_body: {penalty: .inf}\n")
    with pytest.raises(ConfigError, match=r"m\.yaml, line 3, column 25: not YAML: \.inf is no number"):
        load_model_spec(str(path))


def test_the_settings_of_a_manifest_of_an_earlier_version_are_read_as_todays() -> None:
    flat = {
        **{"model": {"name": "m", "backend": "replay"}, "agent": "prompted", "prompt": "cot", "profile": "webarena"},
        **{"task_set": "webarena", "tasks": "site:map", "sites": "static", "site_urls": {"map": "http://m"}},
        **{"site_accounts": {}, "more_urls": ["http://h:5000"], "workers": 2, "limits": {"max_steps": 5}},
    }
    config = RunConfig.model_validate(nested_config(flat, allow_modified=True))
    assert (config.settings.workers, config.settings.limits.max_steps, config.settings.agent) == (2, 5, "prompted")
    assert (config.tasks.task_set, config.tasks.expression, config.tasks.allow_modified) == (
        "webarena",
        "site:map",
        True,
    )
    assert config.sites.options == {"urls": {"map": "http://m"}, "more_urls": ["http://h:5000"]}
    stored = config.model_dump(mode="json")
    assert nested_config(stored) == stored


RECORDS = [
    value
    for value in vars(records).values()
    if isinstance(value, type) and issubclass(value, Record) and value not in (Record, records.Described)
]


@pytest.mark.parametrize("record", RECORDS)
def test_every_field_of_the_settings_is_described(record: type[Record]) -> None:
    """In the reference and in `profiles show`, where the first line stands alone."""
    undescribed = [name for name, info in record.model_fields.items() if not info.description]
    assert undescribed == []
    for name, info in record.model_fields.items():
        first, _, rest = (info.description or "").partition("\n")
        assert not first.endswith("."), name
        assert not rest or rest.startswith("\n"), name
    assert record.__doc__


@pytest.mark.parametrize("text", ["2024-13-45", "1" * 5000, "[", "a: b: c"])
def test_a_value_that_is_no_yaml_is_a_text(text: str) -> None:
    assert parse_value(text) == text


def test_a_file_with_a_day_that_there_is_not_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("released: 2024-13-45\n")
    with pytest.raises(ConfigError, match=r"a\.yaml: not YAML: month must be in 1\.\.12"):
        read_yaml(path)
