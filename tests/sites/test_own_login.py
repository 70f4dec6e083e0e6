"""A log-in form of one's own, as a sites file describes it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from tests.support.own_form import ACCOUNT, COOKIE, LOGIN, own_application
from webarena_runner.errors import ConfigError, LoginRefused, SiteError
from webarena_runner.interfaces import NewContext, SiteLease
from webarena_runner.settings.loading import CliOptions, load_sites
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.providers import build_provider

loop = pytest.mark.asyncio(loop_scope="module")
ENVIRON = {"WHO": ACCOUNT[0], "SECRET": ACCOUNT[1], "WRONG": "guessed", "LIMITED": "429", "BROKEN": "500"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url() -> AsyncIterator[str]:
    async with own_application() as served:
        yield served


async def lease(url: str, new_context: NewContext, *, password: str = "SECRET", **login: Any) -> SiteLease:
    options = {
        "urls": {"classifieds": url},
        "login": {"classifieds": LOGIN | login},
        "accounts": {"classifieds": {"username_env": "WHO", "password_env": password}},
    }
    provider = build_provider(SitesSpec(provider="static", options=options), ENVIRON, new_context=new_context)
    async with provider, provider.lease(["classifieds"], login_sites=["classifieds"], writes=False) as granted:
        return granted


@loop
@pytest.mark.browser
@pytest.mark.parametrize(
    "login",
    [
        {},
        {"username_field": "form:has([name=login]) >> input >> nth=0"},
        {"proof_path": "/about", "proof_text": "Sign out"},
        {"one_session": True},
    ],
    ids=["css", "playwright", "text", "one-session"],
)
async def test_a_lease_is_logged_in_through_it(url: str, new_context: NewContext, login: dict[str, Any]) -> None:
    granted = await lease(url, new_context, **login)
    assert granted.storage_state is not None
    assert [cookie["name"] for cookie in granted.storage_state["cookies"]] == [COOKIE]
    assert granted.login_pages == [f"{url}/index?page=login"]


@loop
@pytest.mark.browser
@pytest.mark.parametrize(
    ("login", "told"),
    [
        ({"path": "/index"}, "'#login-u', and there are 0; correct options.login in the sites file"),
        (
            {"password_field": "[type=password]"},
            "'[type=password]', and there are 2; correct",
        ),
        ({"button": "text=Enter"}, "'text=Enter', and there are 0"),
        ({"path": "/login"}, "the page answers 404"),
        ({"proof_path": "/people/somebody"}, "/people/somebody answers 200 after leading to"),
        ({"proof_path": "/about", "proof_text": "Log out"}, "/about answers 200"),
    ],
    ids=["no-form", "two-fields", "no-button", "no-page", "no-proof", "no-text"],
)
async def test_what_does_not_fit_is_told_at_once(
    url: str, new_context: NewContext, login: dict[str, Any], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webarena_runner.sites.login.FORM_LIMIT_S", 0.5)
    with pytest.raises(LoginRefused) as refused:
        await lease(url, new_context, **login)
    assert told in str(refused.value)


@loop
@pytest.mark.browser
async def test_a_wrong_password_is_no_state(url: str, new_context: NewContext) -> None:
    with pytest.raises(LoginRefused, match="the site did not take the account"):
        await lease(url, new_context, password="WRONG")


@loop
@pytest.mark.browser
@pytest.mark.parametrize(("password", "status"), [("LIMITED", 429), ("BROKEN", 500)])
async def test_a_form_that_the_site_cannot_take_now_is_trouble_of_the_site(
    url: str, new_context: NewContext, password: str, status: int
) -> None:
    with pytest.raises(SiteError, match=f"the form was sent, and the answer is {status}: .*'Locked'"):
        await lease(url, new_context, password=password)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"path": "login"}, r"\.path.*follows the site's URL"),
        ({"username_field": " "}, r"\.username_field.*expected a selector"),
        ({"proof_path": ""}, r"\.proof_path.*shows whether"),
        ({"user": "#u"}, r"\.user'"),
        ({"password": "hunter2"}, r"\.password holds a secret"),
    ],
    ids=["path", "selector", "proof", "unknown", "secret"],
)
def test_a_malformed_one_is_told_by_its_key(tmp_path: Path, changed: dict[str, str], told: str) -> None:
    file = tmp_path / "own.yaml"
    options = {"urls": {"reddit": "http://own:80"}, "login": {"reddit": LOGIN | changed}}
    file.write_text(yaml.safe_dump({"provider": "static", "options": options}))
    with pytest.raises(ConfigError, match=rf"login\.reddit{told}"):
        load_sites(CliOptions(sites=str(file)), {})


@loop
@pytest.mark.browser
@pytest.mark.parametrize("missing", ["login", "accounts"])
async def test_a_site_without_form_or_account_says_which(url: str, new_context: NewContext, missing: str) -> None:
    options: dict[str, Any] = {
        "urls": {"map": url},
        "login": {"map": LOGIN},
        "accounts": {"map": {"username_env": "WHO", "password_env": "SECRET"}},
    }
    del options[missing]
    provider = build_provider(SitesSpec(provider="static", options=options), ENVIRON, new_context=new_context)
    with pytest.raises(LoginRefused, match=rf"options\.{missing}\.map"):
        async with provider, provider.lease(["map"], login_sites=["map"], writes=False):
            pass
