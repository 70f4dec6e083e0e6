"""What a site provider tells of its sites while a run goes on."""

from dataclasses import dataclass

from webarena_runner.types import SiteReset


@dataclass(frozen=True)
class ResetBegun:
    """Sites of an instance are being reset; a `SiteReset` of them follows."""

    instance: str
    sites: tuple[str, ...]
    why: str


SiteEvent = ResetBegun | SiteReset


def ignore_site_event(event: SiteEvent) -> None:
    """For sites that nobody watches."""
