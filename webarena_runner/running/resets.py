"""Which resets of shared sites a run would do: for its plan, and for the question that is asked before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from webarena_runner import registry
from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.log.paths import RunPaths, runs_in
from webarena_runner.log.reading import read_resets
from webarena_runner.official.sites import in_order, sites_needed
from webarena_runner.running.run import Prepared
from webarena_runner.settings.records import RunConfig
from webarena_runner.settings.resetting import ResetPolicy, Resetting
from webarena_runner.sites.providers import gives_fresh, known_instances
from webarena_runner.sites.resets.carrying_out import affected
from webarena_runner.sites.resets.in_run import policy_of
from webarena_runner.types import SiteReset

_WHEN = {
    "before-run": "before the run",
    "per-task": "before each task that has them",
    "after-write": "before the run, and after each task that may change them",
}


@dataclass(frozen=True)
class PlannedReset:
    """Sites that are reset by one policy in each of these instances; `last_s` is what that took last, where known."""

    instances: tuple[str, ...]
    sites: tuple[str, ...]
    policy: ResetPolicy
    last_s: float | None = None

    def __str__(self) -> str:
        names = f"instance {self.instances[0]}" if len(self.instances) == 1 else f"{len(self.instances)} instances"
        when = _WHEN.get(self.policy.kind) or f"before the run, and after every {self.policy.every} tasks"
        last = "" if self.last_s is None else f" (about {self.last_s:.0f} s last time)"
        return f"{', '.join(self.sites)} of {names} {when}{last}"

    def as_json(self) -> dict[str, object]:
        when = self.policy.kind if self.policy.kind != "every" else f"every:{self.policy.every}"
        return {"instances": self.instances, "sites": self.sites, "when": when, "last_s": self.last_s}


def resets_of(prepared: Prepared, environ: Mapping[str, str]) -> tuple[PlannedReset, ...]:
    """What a run would reset, for the tasks that it has still to do.

    Raises:
        ConfigError: a policy is wanted that no instance can follow, or the provider cannot be built.
    """
    config, runs = prepared.config, prepared.out
    wanted = config.settings.reset
    instances = known_instances(config.sites, environ) or ()
    if wanted not in (None, "never") and all(instance.resetter is None for instance in instances):
        raise ConfigError(f"--reset {wanted}: {_why_not(config)}")
    needed = in_order({site for task, _ in prepared.todo for site in sites_needed(task)})
    groups: dict[tuple[tuple[str, ...], ResetPolicy], list[str]] = {}
    for instance in instances:
        policy = policy_of(instance, Resetting(wanted, at_start=prepared.reset_at_start))
        sites = tuple(affected(instance, needed))
        if sites and policy.kind != "never":
            groups.setdefault((sites, policy), []).append(instance.name)
    executor = registry.load("executors", config.settings.executor)
    if groups and not getattr(executor, "coordinates_sites", False):
        raise ConfigError(
            f"--executor {config.settings.executor}: its workers do not know of each other, so that one would reset "
            "sites under another; pass --reset never, and use `wa-run sites reset` before the run"
        )
    before = _latest_resets(runs) if groups else ()
    return tuple(
        PlannedReset(tuple(names), sites, policy, _last_s(before, names, sites))
        for (sites, policy), names in groups.items()
    )


def is_over(config: RunConfig, environ: Mapping[str, str]) -> bool:
    """Whether some sites would have been reset before the run, if it did not go on with an earlier start."""
    wanted, instances = config.settings.reset, known_instances(config.sites, environ) or ()
    return any(policy_of(each, Resetting(wanted)).kind == "before-run" for each in instances)


def _why_not(config: RunConfig) -> str:
    if gives_fresh(config.sites):
        return f"every episode has fresh sites of provider '{config.sites.provider}'; leave it out"
    return "no instance of the sites says how it is reset; write `reset:` with a method into the sites file"


def _latest_resets(runs: Path) -> Sequence[SiteReset]:
    """Those of the latest run that did any."""
    found = [RunPaths(folder).resets for folder in runs_in(runs)]
    for path in sorted((path for path in found if path.is_file()), key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            return read_resets(path.parent)
        except StoreError:
            continue
    return ()


def _last_s(before: Sequence[SiteReset], names: Sequence[str], sites: Sequence[str]) -> float | None:
    """Of all these sites of an instance: they are reset one after the other where not at once."""
    took: dict[str, float] = {}
    for reset in before:
        if reset.instance in names and not reset.error:
            took |= dict.fromkeys(reset.sites, reset.wall_s)
    return max((took[site] for site in sites if site in took), default=None)
