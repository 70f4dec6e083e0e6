"""Where episodes take place and how they are scored: browser, sites, evaluators and judge, shared by many episodes."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from platformdirs import user_cache_path

from webarena_runner import registry
from webarena_runner.browser.observe.capture import ScreenshotType
from webarena_runner.browser.session import BrowserSession
from webarena_runner.evaluators import load_evaluators
from webarena_runner.evaluators.judge import ModelJudge
from webarena_runner.interfaces import Agent, Evaluator, Judge, ModelBackend, SiteProvider
from webarena_runner.models.shared.limits import Limited, Spend
from webarena_runner.running.episode import Harness
from webarena_runner.settings.loading import load_model_spec
from webarena_runner.settings.records import ModelSpec, RateLimits, RunSettings, SitesSpec
from webarena_runner.sites.providers import build_provider

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Venue:
    """All started, and without anyone who acts."""

    sites: SiteProvider
    browser: BrowserSession
    evaluators: Mapping[str, Evaluator]
    judge: Judge | None

    def harness(self, settings: RunSettings, agent: Agent) -> Harness:
        return Harness(settings, agent, self.sites, self.browser, self.evaluators, self.judge)


@asynccontextmanager
async def open_venue(
    settings: RunSettings,
    where: SitesSpec,
    environ: Mapping[str, str],
    *,
    screenshot_type: ScreenshotType,
    spend: Spend | None = None,
) -> AsyncIterator[Venue]:
    """`spend` is what the judge's requests go to.

    Raises:
        UsageError: judge, browser or sites are not there.
    """
    async with AsyncExitStack() as stack:
        judge = await _judge(settings.judge.model, environ, stack, spend or Spend())
        session = await stack.enter_async_context(
            BrowserSession(settings.browser, settings.observation, settings.settle, screenshot_type=screenshot_type)
        )
        sites = build_provider(where, environ, new_context=session.context)
        await stack.enter_async_context(sites)
        yield Venue(sites, session, load_evaluators(settings.scoring), judge)


async def open_model(
    spec: ModelSpec, environ: Mapping[str, str], stack: AsyncExitStack, *, spend: Spend | None = None
) -> ModelBackend:
    """A model that is there, within its rates and the run's `spend`, closed by the stack.

    Raises:
        UsageError: it is not there.
    """
    backend: ModelBackend = registry.load("models", spec.backend)(spec, environ=environ)
    stack.push_async_callback(backend.aclose)
    await backend.check()
    spend = spend or Spend()
    if spec.prices is None and spec.rates == RateLimits() and spend.limit_usd is None:
        return backend
    return Limited(backend, prices=spec.prices, rates=spec.rates, spend=spend)


async def _judge(
    name: str | None, environ: Mapping[str, str], stack: AsyncExitStack, spend: Spend
) -> ModelJudge | None:
    if name is None:
        return None
    spec = load_model_spec(name)
    if spec.prices is None and spend.limit_usd is not None:
        log.warning("judge '%s' has no prices in its model file: it does not count towards --max-cost", spec.name)
    backend = await open_model(spec, environ, stack, spend=spend)
    return ModelJudge(backend, spec.model or spec.name, user_cache_path("webarena-runner") / "judge")
