"""One reset of one instance: timed, tried twice, and not done before the sites answer."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_fixed

from webarena_runner.errors import SiteError
from webarena_runner.sites.instances import Instance, Resetter
from webarena_runner.sites.probes.examine import own_form
from webarena_runner.sites.probes.findings import failure_of
from webarena_runner.sites.probes.quick import probe_site
from webarena_runner.sites.resets.requests import within
from webarena_runner.types import SiteReset

log = logging.getLogger(__name__)
TRIES = 2
TRY_AGAIN_AFTER_S = 2.0
CHECK_EVERY_S = 2.0
CHECK_LIMIT_S = 60.0
LOOK_LIMIT_S = 10.0


class _NotYet(SiteError):
    """The sites do not all answer as they should."""


async def carry_out(instance: Instance, sites: Sequence[str], why: str) -> SiteReset:
    """Resets these sites, or all of the instance where its way of resetting knows no less.

    What went wrong is in the record, whose `error` is "" when the sites are as new and answer.
    """
    resetter, chosen = instance.resetter, affected(instance, sites)
    if resetter is None or not chosen:
        raise ValueError(f"instance {instance.name} has no way to reset {', '.join(sites)}")
    log.info("resetting %s of instance %s: %s", ", ".join(chosen), instance.name, why)
    started_at, clock, tries, error = datetime.now(UTC), monotonic(), 0, ""

    def note(state: RetryCallState) -> None:
        log.warning("instance %s: %s; trying again", instance.name, state.outcome and state.outcome.exception())

    trying = AsyncRetrying(
        stop=stop_after_attempt(TRIES),
        wait=wait_fixed(TRY_AGAIN_AFTER_S),
        retry=retry_if_exception_type(SiteError),
        before_sleep=note,
        reraise=True,
    )
    try:
        async for attempt in trying:
            with attempt:
                tries = attempt.retry_state.attempt_number
                await _reset(instance, resetter, chosen)
    except SiteError as failed:
        error = str(failed)
    done = SiteReset(
        instance=instance.name,
        sites=tuple(chosen),
        why=why,
        started_at=started_at,
        wall_s=monotonic() - clock,
        tries=tries,
        error=error,
    )
    log.info("%s", told(done))
    return done


def affected(instance: Instance, sites: Sequence[str]) -> list[str]:
    """Those of the instance that resetting these sites puts back: none, these as far as it can be done, or all."""
    resetter = instance.resetter
    if resetter is None or not resetter.sites.intersection(sites):
        return []
    return [site for site in instance.urls if site in resetter.sites and (resetter.whole or site in sites)]


def told(reset: SiteReset) -> str:
    """What came of it, in a sentence."""
    what = f"{', '.join(reset.sites)} of instance {reset.instance}"
    if reset.error:
        return f"{what} could not be reset in {reset.tries} tries and {reset.wall_s:.0f} s: {reset.error}"
    return f"{what} reset in {reset.wall_s:.1f} s" + (f", in {reset.tries} tries" if reset.tries > 1 else "")


async def _reset(instance: Instance, resetter: Resetter, sites: Sequence[str]) -> None:
    """Raises SiteError when it fails, or the sites do not answer within its limit."""
    begin = monotonic()
    await resetter.reset(sites)
    left_s = max(resetter.limit_s - (monotonic() - begin), CHECK_LIMIT_S)
    problems: list[str] = []
    try:
        async with within(left_s, "after the reset the sites did not answer"):
            await _until_healthy(instance, sites, problems)
    except SiteError as error:
        raise SiteError(f"{error}: {'; '.join(problems)}") from error


async def _until_healthy(instance: Instance, sites: Sequence[str], problems: list[str]) -> None:
    async def check() -> None:
        looks = [
            probe_site(
                site,
                instance.urls[site],
                limit_s=LOOK_LIMIT_S,
                headers=instance.headers.get(site),
                form=own_form(instance, site),
            )
            for site in sites
        ]
        problems[:] = filter(None, map(failure_of, await asyncio.gather(*looks)))
        if problems:
            raise _NotYet

    await AsyncRetrying(wait=wait_fixed(CHECK_EVERY_S), retry=retry_if_exception_type(_NotYet))(check)
