"""What `wa-run sites reset` does."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from webarena_runner.cli.console import echo, echo_json, stderr
from webarena_runner.errors import ConfigError, UsageError
from webarena_runner.official.sites import in_order
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.providers import instances_of_provider
from webarena_runner.sites.resets.carrying_out import affected, carry_out, told
from webarena_runner.types import SiteReset

ASKED_FOR = "wa-run sites reset"


@dataclass(frozen=True)
class Chosen:
    """Sites to reset of one instance: all that this puts back."""

    instance: Instance
    sites: tuple[str, ...]

    def __str__(self) -> str:
        return f"{', '.join(self.sites)} of instance {self.instance.name}"


def choose(
    spec: SitesSpec, environ: Mapping[str, str], *, sites: Sequence[str], instance: str | None
) -> tuple[Chosen, ...]:
    """Of the instances, or the one that is named, these sites, or all that can be reset.

    Raises:
        ConfigError: the provider cannot be built.
        UsageError: there is no such instance or site, or no way to reset it.
    """
    instances = instances_of_provider(spec, environ)
    if instance is not None:
        names = [each.name for each in instances]
        if instance not in names:
            raise UsageError(f"--instance {instance}: expected one of {', '.join(names)}")
        instances = [each for each in instances if each.name == instance]
    served = {site for each in instances for site in each.urls}
    if unknown := [site for site in sites if site not in served]:
        there = ", ".join(in_order(served)) or "none"
        raise UsageError(f"no instance has the site {', '.join(unknown)}; expected some of {there}")
    chosen = [Chosen(each, tuple(affected(each, sites or list(each.urls)))) for each in instances]
    found = tuple(each for each in chosen if each.sites)
    if lacking := [site for site in sites if not any(site in each.sites for each in found)] or ([] if found else [""]):
        what = ", ".join(filter(None, lacking)) or "the sites"
        raise ConfigError(
            f"nothing says how {what} can be reset; write a `reset:` with its method into the sites file, beside the "
            "URLs (docs: Resetting sites)"
        )
    return found


async def reset_all(chosen: Sequence[Chosen], console: Console, *, as_json: bool) -> list[SiteReset]:
    """All instances side by side; each is told as it is done, unless all are told as JSON afterwards."""
    columns = SpinnerColumn(), TextColumn("resetting {task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:

        async def reset(each: Chosen) -> SiteReset:
            shown = progress.add_task(str(each), total=None)
            if not console.is_terminal:
                console.print(f"resetting {each}", markup=False)
            done = await carry_out(each.instance, each.sites, ASKED_FOR)
            progress.remove_task(shown)
            if not as_json:
                echo(told(done))
            return done

        async with asyncio.TaskGroup() as group:
            jobs = [group.create_task(reset(each)) for each in chosen]
    return [job.result() for job in jobs]


def reset_and_tell(chosen: Sequence[Chosen], *, as_json: bool = False) -> int:
    """The exit code: 1 when one could not be reset."""
    done = asyncio.run(reset_all(chosen, stderr(), as_json=as_json))
    if as_json:
        echo_json([reset.model_dump(mode="json") | {"ok": not reset.error} for reset in done])
    return int(any(reset.error for reset in done))
