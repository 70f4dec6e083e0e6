"""What many episodes share, opened: the model, the judge, and the environments that they take place in."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from webarena_runner import registry
from webarena_runner.errors import ConfigError
from webarena_runner.evaluators.judge import ModelJudge, identity_of
from webarena_runner.interfaces import Judge, ModelBackend, SiteEvent, ignore_site_event
from webarena_runner.interfaces.environments import EnvironmentProvider, EnvironmentSetup
from webarena_runner.models.shared.limits import Limited, Spend
from webarena_runner.pictures import PictureSource
from webarena_runner.running.captions import ModelCaptioner
from webarena_runner.settings.loading import load_model_spec
from webarena_runner.settings.records import ModelSpec, RateLimits, RunSettings, SitesSpec
from webarena_runner.settings.resetting import NO_RESETS, Resetting

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_environments(
    settings: RunSettings,
    sites: SitesSpec,
    environ: Mapping[str, str],
    *,
    name: str = "browser",
    lossless_screenshots: bool = False,
    spend: Spend | None = None,
    verdicts: Path | None = None,
    resetting: Resetting = NO_RESETS,
    on_event: Callable[[SiteEvent], None] = ignore_site_event,
    judge: Judge | None = None,
    captioner: ModelCaptioner | None = None,
    pictures: PictureSource | None = None,
) -> AsyncIterator[EnvironmentProvider]:
    """Where episodes take place and are scored, without anyone who acts; `spend` is what the judge's requests go to.

    `verdicts` is the run's own folder for what the judge says. `resetting` and `on_event` are as in
    `EnvironmentSetup`. `judge` and `captioner` are open already, in place of those of the settings; `pictures` is the
    agent's source of them.

    Raises:
        UsageError: judge, browser or sites are not there.
    """
    async with AsyncExitStack() as stack:
        judge = judge or await open_judge(settings, environ, stack, spend or Spend(), verdicts)
        captioner = captioner or await open_captioner(settings, environ, stack, spend or Spend())
        setup = EnvironmentSetup(
            settings,
            sites,
            environ,
            judge,
            lossless_screenshots=lossless_screenshots,
            resetting=resetting,
            on_event=on_event,
            captioner=captioner,
            pictures=pictures or PictureSource(),
        )
        yield await stack.enter_async_context(registry.load("environments", name).open(setup))


async def open_model(
    spec: ModelSpec,
    environ: Mapping[str, str],
    stack: AsyncExitStack,
    *,
    spend: Spend | None = None,
    probe: bool = False,
    workers: int = 1,
) -> ModelBackend:
    """A model that is there, within its rates and the run's `spend`, closed by the stack.

    One that is started here is made for `workers` episodes at a time. With `probe` it has answered a request for one
    token, where a server is asked.

    Raises:
        UsageError: it is not there, or refuses that request.
    """
    backend_class = registry.load("models", spec.backend)
    if hasattr(backend_class, "for_workers"):
        spec = backend_class.for_workers(spec, workers)
    backend: ModelBackend = backend_class(spec, environ=environ)
    stack.push_async_callback(backend.aclose)
    await backend.check()
    if probe and hasattr(backend, "probe"):
        await backend.probe()
    spend = spend or Spend()
    if spec.prices is None and spec.rates == RateLimits() and spend.limit_usd is None:
        return backend
    return Limited(backend, prices=spec.prices, rates=spec.rates, spend=spend)


async def open_captioner(
    settings: RunSettings, environ: Mapping[str, str], stack: AsyncExitStack, spend: Spend
) -> ModelCaptioner | None:
    """Who describes the pictures of pages, closed by the stack.

    Raises:
        UsageError: it is not there, or does not see.
    """
    if settings.observation.captioner is None:
        return None
    spec = load_model_spec(settings.observation.captioner)
    if spec.images == "none":
        raise ConfigError(
            f"observation.captioner: model '{spec.name}' does not see; expected a model file with images: screenshot"
        )
    return ModelCaptioner(await open_model(spec, environ, stack, spend=spend))


async def open_judge(
    settings: RunSettings, environ: Mapping[str, str], stack: AsyncExitStack, spend: Spend, verdicts: Path | None
) -> ModelJudge | None:
    """The judge of these settings, closed by the stack; `verdicts` is where the run keeps its own.

    Raises:
        UsageError: it is not there.
    """
    if settings.judge.model is None:
        return None
    spec = load_model_spec(settings.judge.model)
    if spec.prices is None and spend.limit_usd is not None:
        log.warning("judge '%s' has no prices in its model file: it does not count towards --max-cost", spec.name)
    backend = await open_model(spec, environ, stack, spend=spend)
    cache = settings.judge.cache
    kept_in = Path(cache) if isinstance(cache, str) else verdicts if cache else None
    return ModelJudge(
        backend,
        spec.model or spec.name,
        kept_in,
        identity=identity_of(spec, getattr(backend, "facts", {})),
        max_tokens=spec.sampling.max_tokens,
        scoring=settings.scoring,
    )
