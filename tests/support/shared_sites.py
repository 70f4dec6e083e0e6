"""Shared sites of one instance, for tests that need no more."""

from collections.abc import Mapping, Sequence

from webarena_runner.interfaces import NewContext
from webarena_runner.official.sites import OFFICIAL_ACCOUNTS
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.shared import SharedSites


def shared_sites(
    urls: Mapping[str, str],
    *,
    new_context: NewContext,
    credentials: Mapping[str, tuple[str, str]] = OFFICIAL_ACCOUNTS,
    more_urls: Sequence[str] = (),
    headers: Mapping[str, Mapping[str, str]] | None = None,
    login_limit_s: float = 60,
) -> SharedSites:
    instance = Instance("1", urls, more_urls, headers or {}, credentials)
    return SharedSites([instance], label="static", new_context=new_context, login_limit_s=login_limit_s)
