"""An instance: one copy of the sites, with all that is its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Resetter(Protocol):
    """Puts sites of one instance back to their first state."""

    @property
    def whole(self) -> bool:
        """Whether it can only reset all sites of the instance at once."""
        ...

    async def reset(self, sites: Sequence[str]) -> None:
        """Returns when they answer again. Raises SiteError."""
        ...


@dataclass(frozen=True)
class Instance:
    """One copy of the sites, by official name; `name` is unique among the instances of a run.

    `more_urls` are further addresses that its pages ask. `headers` are extra request headers by site, `credentials`
    user name and password; either may hold secrets.
    """

    name: str
    urls: Mapping[str, str]
    more_urls: Sequence[str] = ()
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    credentials: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    resetter: Resetter | None = None
