"""Which of a run's parts all workers share, and the actors that have them."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from webarena_runner import registry
from webarena_runner.errors import ConfigError
from webarena_runner.running.cluster.by_url import is_by_url
from webarena_runner.running.cluster.common import Common
from webarena_runner.running.cluster.connecting import Cluster
from webarena_runner.running.cluster.host import About, Host, Parts
from webarena_runner.running.cluster.messages import Kit, Refusal
from webarena_runner.settings.records import RateLimits, RunConfig
from webarena_runner.sites.providers import gives_fresh

# An engine loads for minutes, and may have to wait for GPUs.
OPEN_LIMIT_S = 1800.0


def parts_of(config: RunConfig, *, environment: str) -> Parts:
    """What is by URL and has no rates each worker asks by itself."""
    model = config.model
    return Parts(
        model=model is not None and (not is_by_url(model) or model.rates != RateLimits()),
        judge=config.settings.judge.model is not None,
        sites=environment == "browser" and not gives_fresh(config.sites),
    )


def gpus_of(config: RunConfig, available: float) -> float:
    """Of the model's engine: what the settings say, else as many as it spreads over, where the cluster has any."""
    wanted = config.settings.ray.engine_gpus
    if config.model is None or is_by_url(config.model):
        return 0
    if wanted is not None:
        if wanted > available:
            raise ConfigError(f"ray.engine_gpus is {wanted:g}, and the cluster has {available:g} GPUs")
        return wanted
    if not getattr(registry.load("models", config.model.backend), "on_gpu", False):
        return 0
    engine = config.model.options.get("engine") or config.model.options.get("serve") or {}
    spread = int(engine.get("tensor_parallel_size", 1)) * int(engine.get("pipeline_parallel_size", 1))
    return min(spread, available)


@asynccontextmanager
async def hosted(cluster: Cluster, kit: Kit, *, run_id: str) -> AsyncIterator[tuple[Common, list[Any]]]:
    """What workers share, and the actors that have it, whose news are to be followed.

    Raises:
        ConfigError: model, judge or sites are not there.
    """
    config = kit.recipe.config
    parts = parts_of(config, environment=kit.recipe.environment)
    gpus = gpus_of(config, sum(node.gpus for node in await cluster.nodes())) if parts.model else 0
    wanted = (
        [(parts, 0.0)] if not gpus else [(Parts(judge=parts.judge, sites=parts.sites), 0.0), (Parts(model=True), gpus)]
    )
    found: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        actors = []
        for each, each_gpus in wanted:
            if each == Parts():
                continue
            each = replace(each, away=cluster.through_client)
            name = f"{run_id}-{'engine' if each_gpus else 'shared'}-{secrets.token_hex(3)}"
            node = None if each_gpus else cluster.here()
            actor = cluster.actor(Host, kit, each, node=node, gpus=each_gpus, name=name)
            stack.push_async_callback(cluster.kill, actor)
            about = await opened(actor, what=f"what the workers share ({name})", limit_s=OPEN_LIMIT_S)
            actors.append(actor)
            found |= _parts_at(actor, each, about)
        yield Common(**found), actors


def _parts_at(actor: Any, parts: Parts, about: About) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if parts.model:
        found |= {"model": actor, "about_model": about.model}
    if parts.judge:
        found |= {"judge": actor, "judge_name": about.judge_name}
    if parts.sites:
        found |= {"sites": actor}
    return found


async def opened(actor: Any, *, what: str, limit_s: float) -> Any:
    """What an actor tells of itself once it is open.

    Raises:
        ConfigError: it refuses, or cannot be had.
        RayActorError: its node was lost.
    """
    try:
        async with asyncio.timeout(limit_s):
            answer = await asyncio.wrap_future(actor.open.remote().future())
    except TimeoutError as error:
        raise ConfigError(
            f"{what} did not open within {limit_s:.0f} s; `ray status` shows what it may wait for"
        ) from error
    if isinstance(answer, Refusal):
        raise ConfigError(f"{what}: {answer.text}")
    return answer
