"""Resets while a run goes on: which places are due, by the policies of their instances, and carrying them out."""

from collections.abc import Callable, Mapping, Sequence

from webarena_runner.interfaces.site_events import ResetBegun, SiteEvent, ignore_site_event
from webarena_runner.settings.resetting import ResetPolicy, Resetting
from webarena_runner.sites.instances import Instance
from webarena_runner.sites.resets.carrying_out import affected, carry_out
from webarena_runner.types import SiteReset

_NEVER = ResetPolicy("never")


def policy_of(instance: Instance, resetting: Resetting) -> ResetPolicy:
    """Of an instance in a run."""
    if instance.resetter is None:
        return _NEVER
    policy = resetting.of(instance.reset_when)
    return _NEVER if policy.kind == "before-run" and not resetting.at_start else policy


class Resets:
    """Of the instances of one provider in one run."""

    def __init__(
        self,
        instances: Sequence[Instance],
        resetting: Resetting,
        *,
        on_event: Callable[[SiteEvent], None] = ignore_site_event,
    ) -> None:
        self._instances: Mapping[str, Instance] = {instance.name: instance for instance in instances}
        self._policies = {each.name: policy_of(each, resetting) for each in instances}
        self._resetting = resetting
        self._on_event = on_event

    def is_due(self, instance: str, site: str, tasks: int | None, wrote: bool) -> bool:  # noqa: FBT001 - a rule of `Allocation`
        """Before a task has the site: `tasks` had it since its last reset (None: there was none in this start)."""
        return bool(self.together(instance, site)) and self._policies[instance].is_due(tasks, wrote=wrote)

    def may_reset(self, instance: str, site: str) -> bool:
        """Whether it may be reset in mid-run, since it is down: not where the policy is never."""
        of = self._instances[instance]
        return self._resetting.of(of.reset_when).kind != "never" and site in affected(of, [site])

    def together(self, instance: str, site: str) -> list[str]:
        """What resetting the site puts back; nothing where it cannot be reset."""
        return affected(self._instances[instance], [site])

    async def carry_out(self, instance: str, sites: Sequence[str], why: str) -> SiteReset:
        """What went wrong is in the record."""
        of = self._instances[instance]
        self._on_event(ResetBegun(instance, tuple(affected(of, sites)), why))
        done = await carry_out(of, sites, why)
        self._on_event(done)
        return done
