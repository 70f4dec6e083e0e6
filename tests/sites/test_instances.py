"""Several copies of the sites in one sites file: what it may say, and what becomes of it."""

from pathlib import Path
from typing import Any

import pytest

from webarena_runner.errors import ConfigError
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.settings.loading import CliOptions, load_sites
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.providers import known_urls, served_sites
from webarena_runner.sites.url_options import UrlOptions, instances_of

TWO: list[dict[str, Any]] = [
    {"urls": {"shopping": "http://one:7770", "map": "http://maps:3000"}},
    {"name": "spare", "urls": {"shopping": "http://two:7770", "reddit": "http://two:9999", "map": "http://maps:3000"}},
]


def read(environ: dict[str, str] | None = None, **options: Any) -> tuple[Instance, ...]:
    return instances_of(UrlOptions.model_validate(options), environ or {})


def loaded(tmp_path: Path, text: str, environ: dict[str, str], *assigned: str) -> dict[str, Any]:
    path = tmp_path / "lab.yaml"
    path.write_text(text)
    return dict(load_sites(CliOptions(sites=str(path), assignments=assigned), environ).options)


def test_instances_are_numbered_unless_named() -> None:
    assert [(each.name, sorted(each.urls)) for each in read(instances=TWO)] == [
        ("1", ["map", "shopping"]),
        ("spare", ["map", "reddit", "shopping"]),
    ]


def test_urls_are_one_instance() -> None:
    (only,) = read(urls={"shopping": "shop:7770", "map": "todo", "gitlab": "PASS", "reddit": ""})
    assert (only.name, only.urls) == ("1", {"shopping": "http://shop:7770"})


def test_accounts_and_headers_of_an_instance_win_over_those_of_all() -> None:
    environ = {"U": "emma", "P": "secret", "U2": "root", "P2": "other", "KEY": "abc"}
    named = {"username_env": "U", "password_env": "P"}
    header = "X-M2-Customer-Auto-Login"
    first, second = read(
        environ,
        accounts={"shopping": named},
        headers={"shopping": {header: "{username}:{password}"}, "map": {"X-Key": "${KEY}"}},
        more_urls=["http://tiles:8080"],
        instances=[
            TWO[0],
            TWO[1]
            | {
                "accounts": {"shopping": {"username_env": "U2", "password_env": "P2"}},
                "headers": {"map": {"X-Key": "none"}},
                "more_urls": ["http://routes:5000"],
            },
        ],
    )
    assert first.headers == {"shopping": {header: "emma:secret"}, "map": {"X-Key": "abc"}}
    assert second.headers == {"shopping": {header: "root:other"}, "map": {"X-Key": "none"}}
    assert (first.credentials["shopping"], second.credentials["shopping"]) == (("emma", "secret"), ("root", "other"))
    assert first.credentials["gitlab"] == OFFICIAL_ACCOUNTS["gitlab"]
    assert (first.more_urls, second.more_urls) == (
        ("http://tiles:8080",),
        ("http://tiles:8080", "http://routes:5000"),
    )
    assert "secret" not in repr(first)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            "urls: {map: http://m}, instances: [{urls: {map: http://n}}]",
            "either urls.*or instances, and both are given",
        ),
        ("instances: [{name: a}, {name: a}]", "instances: expected a name of its own for each, and two are 'a'"),
        ("instances: [{name: '2'}, {}]", "two are '2'"),
        ("instances: [{name: a b}]", "expected up to 32 letters"),
        (
            "instances: [{urls: {reddit: 'http://localhost:9999'}}, {urls: {reddit: 'http://127.0.0.1:9999/'}}]",
            "instances 1 and 2 both have http://127.0.0.1:9999 .reddit.: two tasks would write to it at once",
        ),
        ("instances: [{urls: {homepage: 'http://h'}}, {urls: {homepage: 'http://h'}}]", "both have http://h"),
        ("instances: [{url: {map: http://m}}]", "unknown key 'options.instances.0.url'; did you mean"),
        ("instances: [{urls: {map: http://a b}}]", "options.instances.0.urls.map: expected the URL of a site"),
        ("headers: {map: {'a b': x}}", "expected the name of a header"),
        ('headers: {map: {X-Key: "a\\nb"}}', "expected the value of a header, on one line"),
        ("headers: {map: {X-Login: '{user}'}}", r"\{user\} names nothing; expected \{username\}, \{password\}"),
        ("headers: {map: {X-Api-Key: abc}}", "holds a secret"),
    ],
)
def test_what_is_wrong_in_a_sites_file_is_told_with_its_place(tmp_path: Path, options: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        loaded(tmp_path, f"options: {{{options}}}", {})
    assert "lab.yaml" in str(raised.value)


def test_a_secret_header_may_name_a_variable(tmp_path: Path) -> None:
    text = "options: {urls: {map: 'http://m'}, headers: {map: {Authorization: 'Bearer ${MAP_KEY}'}}}"
    options = loaded(tmp_path, text, {})
    with pytest.raises(ConfigError, match="headers.map.Authorization: environment variable MAP_KEY is not set"):
        instances_of(UrlOptions.model_validate(options), {})
    (only,) = instances_of(UrlOptions.model_validate(options), {"MAP_KEY": "abc"})
    assert only.headers == {"map": {"Authorization": "Bearer abc"}}


def test_a_header_with_the_account_of_a_site_that_has_none_is_an_error() -> None:
    with pytest.raises(ConfigError, match="headers.map.X-Login: map has no account to take its username from"):
        read(urls={"map": "http://m"}, headers={"map": {"X-Login": "{username}"}})


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("{}", {"urls": {"map": "http://env"}}),
        ("urls: {reddit: 'http://r'}", {"urls": {"reddit": "http://r", "map": "http://env"}}),
        (
            "instances: [{name: only, urls: {reddit: 'http://r'}}]",
            {"instances": [{"name": "only", "urls": {"reddit": "http://r", "map": "http://env"}}]},
        ),
        ("instances: [{urls: {map: 'http://m'}}]", {"instances": [{"urls": {"map": "http://m"}}]}),
        (
            "instances: [{urls: {reddit: 'http://r'}}, {urls: {reddit: 'http://s'}}]",
            {"instances": [{"urls": {"reddit": "http://r"}}, {"urls": {"reddit": "http://s"}}]},
        ),
    ],
)
def test_variables_fill_in_what_one_copy_of_the_sites_leaves_out(
    tmp_path: Path, written: str, found: dict[str, Any]
) -> None:
    text = f"options: {{{written}}}" if written != "{}" else "options: {}"
    assert loaded(tmp_path, text, {"WA_MAP": "http://env", "MAP": "http://other"}) == found


def test_instances_on_the_command_line_are_not_mixed_with_variables(tmp_path: Path) -> None:
    given = 'sites.options.instances=[{"urls": {"map": "http://a"}}, {"urls": {"map": "http://b"}}]'
    options = loaded(tmp_path, "options: {}", {"REDDIT": "http://env"}, given)
    assert options == {"instances": [{"urls": {"map": "http://a"}}, {"urls": {"map": "http://b"}}]}


def test_a_provider_serves_what_any_instance_has_and_knows_what_all_have() -> None:
    spec = SitesSpec(provider="static", options={"instances": TWO, "more_urls": ["http://tiles"]})
    assert served_sites(spec) == {"shopping", "map", "reddit"}
    assert known_urls(spec, ["shopping", "map"]) == ["http://maps:3000", "http://tiles"]


def test_headers_for_a_site_with_encryption_are_refused_at_once() -> None:
    headers = {"shopping": {"X-Key": "{username}"}}
    with pytest.raises(ConfigError, match=r"sites.options.headers.shopping: https://shop is served by https.* http://"):
        read(urls={"shopping": "https://shop"}, headers=headers)
