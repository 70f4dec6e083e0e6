"""An instance: one copy of the sites, with all that is its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from webarena_runner.official.sites import LOGIN_FORMS, LoginForm
from webarena_runner.settings.resetting import DEFAULT


class Resetter(Protocol):
    """Puts sites of one instance back to their first state."""

    @property
    def whole(self) -> bool:
        """Whether it can only reset all sites of the instance at once."""
        ...

    @property
    def sites(self) -> frozenset[str]:
        """Those that it can reset."""
        ...

    @property
    def limit_s(self) -> float:
        """Seconds until they must answer again."""
        ...

    async def reset(self, sites: Sequence[str]) -> None:
        """Raises SiteError. Sites that have just been started may need a while longer until they answer."""
        ...


@dataclass(frozen=True)
class Instance:
    """One copy of the sites, by official name; `name` is unique among the instances of a run.

    `more_urls` are further addresses that its pages ask. `headers` are extra request headers by site, `credentials`
    user name and password; either may hold secrets. `logins` are the log-in forms by site. `reset_when` is the policy
    of its `resetter` where nobody wants another one.
    """

    name: str
    urls: Mapping[str, str]
    more_urls: Sequence[str] = ()
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    credentials: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    logins: Mapping[str, LoginForm] = field(default_factory=lambda: LOGIN_FORMS)
    resetter: Resetter | None = None
    reset_when: str = DEFAULT
