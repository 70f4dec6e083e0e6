"""The host of what all workers of a run have in common: its judge, its shared sites, and a model that is not by URL."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from webarena_runner.errors import EpisodeError
from webarena_runner.evaluators.judge import ModelJudge
from webarena_runner.interfaces import (
    JudgeReply,
    ModelBackend,
    RequestTag,
    Wish,
    form_fault,
    generate_in_form,
    tools_fault,
)
from webarena_runner.log.paths import RunPaths
from webarena_runner.models.shared.limits import Spend
from webarena_runner.running.cluster.common import AboutModel
from webarena_runner.running.cluster.kit import unpacked
from webarena_runner.running.cluster.living import Living
from webarena_runner.running.cluster.messages import Kit, OfSites
from webarena_runner.running.cluster.shared_sites import HostedSites, open_sites
from webarena_runner.running.resources import open_judge, open_model
from webarena_runner.types import Completion, Message, Sampling

T = TypeVar("T")


@dataclass(frozen=True)
class Parts:
    """Which of them a host has; rates hold for all workers, since all their requests go through it.

    `away`: it may be on a machine without the run folder, and keeps verdicts only as long as it lives.
    """

    model: bool = False
    judge: bool = False
    sites: bool = False
    away: bool = False


@dataclass(frozen=True)
class About:
    """What their users have to know."""

    model: AboutModel | None = None
    judge_name: str = ""


class Host(Living[About]):
    """An actor, one for a run, and one more where an engine needs GPUs."""

    def __init__(self, kit: Kit, parts: Parts) -> None:
        super().__init__(kit)
        self._parts = parts
        self._model: ModelBackend | None = None
        self._judge: ModelJudge | None = None
        self._sites: HostedSites | None = None

    @asynccontextmanager
    async def opened(self, folder: Path) -> AsyncIterator[About]:
        recipe = self.kit.recipe
        workers = recipe.workers
        config = unpacked(self.kit, folder, workers=workers).config
        about, parts = None, self._parts
        async with AsyncExitStack() as stack:
            if parts.model and config.model:
                self._model = await open_model(config.model, os.environ, stack, probe=True, workers=workers)
                about = _about(self._model)
            if parts.judge:
                verdicts = RunPaths(folder if parts.away else recipe.folder).verdicts
                self._judge = await open_judge(config.settings, os.environ, stack, Spend(), verdicts)
            if parts.sites:
                self._sites = await stack.enter_async_context(
                    open_sites(recipe, os.environ, on_event=lambda event: self.outbox.put(OfSites(event)))
                )
            yield About(about, self._judge.name if self._judge else "")

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, tag: RequestTag, form: Wish | None
    ) -> Completion | EpisodeError:
        """Errors of the model are given, not raised: Ray would make another class of each."""
        model = _there(self._model)
        return await _or_error(generate_in_form(model, messages, sampling, tag=tag, form=form))

    async def count_tokens(self, text: str) -> int:
        return await _there(self._model).count_tokens(text)

    async def truncate(self, text: str, max_tokens: int) -> str:
        return await _there(self._model).truncate(text, max_tokens)

    async def judge(
        self, kind: str, intent: str, reference: str, answer: str, pictures: Sequence[bytes]
    ) -> JudgeReply | EpisodeError:
        judge = _there(self._judge)
        return await _or_error(judge.ask(kind, intent=intent, reference=reference, answer=answer, pictures=pictures))

    async def sites(self, method: str, *arguments: Any) -> Any:
        """What `HostedSites` answers."""
        asked: Callable[..., Any] = getattr(_there(self._sites), method)
        return await _or_error(asked(*arguments))


async def _or_error(asked: Awaitable[T]) -> T | EpisodeError:
    try:
        return await asked
    except EpisodeError as error:
        return error


def _there(part: T | None) -> T:
    if part is None:
        raise RuntimeError("asked for what this host does not have")
    return part


def _about(model: ModelBackend) -> AboutModel:
    return AboutModel(
        model.context_window,
        model.estimates_tokens,
        model.observation_unit,
        form_fault(model),
        tools_fault(model),
        dict(getattr(model, "facts", {})),
    )
