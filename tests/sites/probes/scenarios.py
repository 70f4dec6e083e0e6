"""Twenty ways in which a site can be wrong, by proxies in front of embedded sites, and what the probe says of each."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from tests.support.fault_proxy import Fault, FaultProxy, in_front_of
from webarena_runner.interfaces import NewContext
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.probes.examine import examine
from webarena_runner.sites.probes.findings import Finding
from webarena_runner.sites.probes.instances import Named, running_instances
from webarena_runner.sites.probes.wanted import Wanted

# Of a test machine that is busy, and of servers that never answer.
LIMIT_S, SHORT_LIMIT_S = 20.0, 2.0
AT_ONCE = 4
FOREIGN = "http://metis.example.edu:8023"
DEAD = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Scenario:
    """`symptom` is for readers; `remedy` is in the remedy that must be named."""

    symptom: str
    site: str
    check: str
    remedy: str
    fault: Fault = ""
    elsewhere: str = ""
    prepare: Callable[["Setting"], "Setting"] = lambda setting: setting
    limit_s: float = LIMIT_S


@dataclass(frozen=True)
class Setting:
    """What is probed; `others` are URLs of all embedded sites."""

    named: Named
    wanted: Wanted
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def instance(self) -> Instance:
        return self.named.instances[0]

    def at(self, site: str, url: str) -> "Setting":
        return replace(self, named=Named([replace(self.instance, urls={site: url})]))


def _wrong_password(setting: Setting) -> Setting:
    account = {"reddit": (OFFICIAL_ACCOUNTS["reddit"][0], "wrong")}
    return replace(setting, named=Named([replace(setting.instance, credentials=account)]))


def _unset_variable(setting: Setting) -> Setting:
    account = {"username_env": "LAB_USER", "password_env": "LAB_PASSWORD"}
    options = {"urls": dict(setting.instance.urls), "accounts": {"reddit": account}}
    named = running_instances(SitesSpec(provider="static", options=options), {"LAB_USER": "lab"})
    assert named is not None
    return replace(setting, named=named)


SCENARIOS: Mapping[str, Scenario] = {
    "redirect to a dead host": Scenario(
        "pages lead to another port, where nothing listens",
        "shopping",
        "base URL",
        "setup:store-config:set --base-url=",
        "leads elsewhere",
        DEAD,
    ),
    "redirect to a living host": Scenario(
        "pages lead to another port, where something listens",
        "gitlab",
        "base URL",
        "gitlab-ctl reconfigure",
        "leads elsewhere",
        "another site",
    ),
    "redirect to a foreign host": Scenario(
        "pages lead to the host on which the image was made",
        "shopping_admin",
        "base URL",
        "docker exec shopping_admin",
        "leads elsewhere",
        FOREIGN,
    ),
    "redirect loop": Scenario("a page redirects to itself", "shopping", "page", "makes such loops", "loop"),
    "500": Scenario("500 for every page", "gitlab", "page", "restart or recreate its container", "500"),
    "502 every other second": Scenario(
        "502 now and then", "gitlab", "", "restart or recreate its container", "502 every other second"
    ),
    "slow": Scenario("answers take half a minute", "shopping", "page", "overloaded", "slow", limit_s=SHORT_LIMIT_S),
    "drip": Scenario("a byte a second", "reddit", "page", "restart its container", "drip", limit_s=SHORT_LIMIT_S),
    "dead port": Scenario(
        "nothing listens on the port", "map", "page", "start it, or correct host and port", "refused"
    ),
    "half-open": Scenario(
        "the port takes connections, and answers nothing",
        "wikipedia",
        "page",
        "hung",
        "half-open",
        limit_s=SHORT_LIMIT_S,
    ),
    "wrong application": Scenario(
        "another site's port",
        "shopping",
        "application",
        "this address is that of gitlab",
        prepare=lambda setting: setting.at("shopping", setting.others["gitlab"]),
    ),
    "stale cookie": Scenario(
        "the server forgets whom it has logged in", "shopping", "log-in", "what keeps its sessions", "forgets sessions"
    ),
    "wrong password": Scenario(
        "the account has another password", "reddit", "log-in", "accounts.reddit", prepare=_wrong_password
    ),
    "unset variable": Scenario(
        "a variable that holds an account is not set",
        "reddit",
        "variables",
        "export LAB_PASSWORD",
        prepare=_unset_variable,
    ),
    "no search": Scenario("the search page is not there", "wikipedia", "search", "ZIM file", "no search"),
    "empty search": Scenario("the search finds nothing", "shopping", "search", "indexer:reindex", "empty search"),
    "clock skew": Scenario("the site's machine has another date", "wikipedia", "clock", "set the clock", "wrong clock"),
    "rate limit as 200": Scenario(
        "a text in place of a page, with status 200", "reddit", "rate limit", "rate limit off", "says that it limits"
    ),
    "rate limit as 429": Scenario("status 429", "reddit", "rate limit", "rate limit off", "429"),
    "refused port": Scenario(
        "a port that browsers refuse",
        "homepage",
        "page",
        "publish it on another port than 6000",
        prepare=lambda setting: setting.at("homepage", "http://127.0.0.1:6000"),
    ),
    "wrong start path": Scenario(
        "pages that tasks begin at are not there",
        "wikipedia",
        "start pages",
        "restore the site's data",
        prepare=lambda setting: replace(
            setting, wanted=replace(setting.wanted, start_urls={"__WIKIPEDIA__": [1], "__WIKIPEDIA__-2": [7, 8]})
        ),
    ),
}


async def play_all(urls: Mapping[str, str], new_context: NewContext) -> Mapping[str, Sequence[Finding]]:
    """What is found in each scenario, and under "" with no fault at all; `urls` are those of embedded sites."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def play(scenario: Scenario) -> Sequence[Finding]:
        async with turn:
            return await _play(scenario, urls, new_context)

    with ExitStack() as stack:
        proxied = {site: _behind(stack.enter_context(in_front_of(url)), url) for site, url in urls.items()}
        fine = await examine(Named([_instance(proxied)]), Wanted(), new_context=new_context, limit_s=LIMIT_S)
    async with asyncio.TaskGroup() as group:
        jobs = {name: group.create_task(play(scenario)) for name, scenario in SCENARIOS.items()}
    return {"": fine, **{name: job.result() for name, job in jobs.items()}}


async def _play(scenario: Scenario, urls: Mapping[str, str], new_context: NewContext) -> Sequence[Finding]:
    with in_front_of(urls[scenario.site]) as proxy:
        proxy.elsewhere = urls["reddit"] if scenario.elsewhere == "another site" else scenario.elsewhere
        proxy.fail(scenario.fault)
        url = _behind(proxy, urls[scenario.site])
        setting = Setting(Named([_instance({scenario.site: url})]), Wanted(frozenset({scenario.site})), urls)
        setting = scenario.prepare(setting)
        return await examine(setting.named, setting.wanted, new_context=new_context, limit_s=scenario.limit_s)


def _instance(urls: Mapping[str, str]) -> Instance:
    return Instance("1", urls, credentials=OFFICIAL_ACCOUNTS)


def _behind(proxy: FaultProxy, url: str) -> str:
    """The address of a site behind the proxy."""
    return proxy.url + re.sub(r"^https?://[^/]*", "", url)
