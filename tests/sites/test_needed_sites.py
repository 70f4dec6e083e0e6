"""Which sites the chosen tasks need, how their URLs are written, and what is said of those that are not there."""

import pytest

from webarena_runner.errors import ConfigError
from webarena_runner.official.sites import normalise_url, sites_needed
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.providers import require_sites
from webarena_runner.sites.static import StaticSites
from webarena_runner.types import Check, Task


def task(task_id: int, *sites: str, login: tuple[str, ...] = (), start: str = "", check: str = "") -> Task:
    return Task(
        task_set="webarena",
        task_id=task_id,
        intent="",
        sites=sites,
        start_urls=(f"__{sites[0].upper()}__", start),
        login_sites=login,
        template_id=0,
        checks=(Check(kind="url_match", spec={"reference_url": check}),) if check else (),
        raw={"intent": "Say __WIKIPEDIA__"},
    )


def at(**urls: str) -> SitesSpec:
    return SitesSpec(provider="static", options={"urls": urls})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("http://localhost:7770", "http://localhost:7770"),
        ("localhost:7770", "http://localhost:7770"),
        (" https://shop.example/base// ", "https://shop.example/base"),
        ("http://[::1]:7780/admin/", "http://[::1]:7780/admin"),
        ("", ""),
        ("ToDo", ""),
        ("PASS", ""),
    ],
)
def test_a_site_url_is_normalised(written: str, read: str) -> None:
    assert normalise_url(written) == read


@pytest.mark.parametrize("written", ["http://", "ftp://x", "http://x:99999", "http://a b", "http://[::1"])
def test_what_is_no_url_is_an_error_that_names_the_variable(written: str) -> None:
    with pytest.raises(ConfigError, match="environment variable WA_MAP: expected the URL of a site"):
        StaticSites.options_from({"WA_MAP": written}, {})


def test_a_task_needs_the_sites_it_lists_logs_in_to_or_names() -> None:
    needing = task(
        1, "reddit", login=("gitlab",), start="__MAP__/x __last_url__", check="__SHOPPING_ADMIN__/y __page__"
    )
    assert sites_needed(needing) == ("reddit", "gitlab", "shopping_admin", "map")


def test_missing_urls_are_listed_with_how_to_set_them() -> None:
    chosen = [task(1, "shopping_admin"), task(2, "shopping_admin", "map"), task(3, "reddit")]
    with pytest.raises(ConfigError) as caught:
        require_sites(at(reddit="http://localhost:9999"), chosen)
    message = str(caught.value)
    assert "shopping_admin: 2 of 3 tasks; export SHOPPING_ADMIN=http://HOST:PORT/admin" in message
    assert "map: 1 of 3 tasks; export MAP=" in message
    assert "reddit:" not in message
    assert "configs/sites" in message
    assert "WA_" in message


def test_no_url_is_missing() -> None:
    require_sites(at(map="http://localhost:3000"), [task(1, "map")])


def test_sites_that_are_not_embedded_are_told_by_what_there_is() -> None:
    chosen = [task(1, "intranet", "reddit"), task(2, "reddit")]
    with pytest.raises(ConfigError) as caught:
        require_sites(SitesSpec(provider="embedded"), chosen)
    message = str(caught.value)
    assert "intranet: 1 of 2 tasks" in message
    assert "reddit: " not in message
    assert "'embedded' serves classifieds, gitlab, homepage, map" in message


def test_wrong_options_of_a_stored_run_are_told() -> None:
    with pytest.raises(ConfigError, match="options of sites provider 'static': unknown key 'url'; did you mean urls"):
        require_sites(SitesSpec(provider="static", options={"url": "http://x"}), [])


def test_a_task_whose_sites_no_copy_has_together_is_refused() -> None:
    copies = [{"urls": {"reddit": "http://r1"}}, {"urls": {"gitlab": "http://g2", "reddit": "http://r2"}}]
    spec = SitesSpec(provider="static", options={"instances": copies})
    require_sites(spec, [task(1, "reddit"), task(2, "reddit", login=("gitlab",))])
    apart = SitesSpec(provider="static", options={"instances": [copies[0], {"urls": {"gitlab": "http://g2"}}]})
    with pytest.raises(
        ConfigError, match="1 of 2 tasks need sites that no instance has together:\n  reddit and gitlab"
    ):
        require_sites(apart, [task(1, "reddit"), task(2, "reddit", login=("gitlab",))])
