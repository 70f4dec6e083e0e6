"""What all workers of a run have in common, as each of them sees it: a model, a judge and sites that are elsewhere."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from webarena_runner.interfaces import JudgeReply, ObservationUnit, RequestTag, Wish
from webarena_runner.running.cluster.calling import answer_to
from webarena_runner.running.cluster.desk import RemoteDesk
from webarena_runner.running.player import InCommon
from webarena_runner.types import Completion, Message, Sampling


@dataclass(frozen=True)
class AboutModel:
    """What is asked of a model without a request."""

    context_window: int | None
    estimates_tokens: bool
    observation_unit: ObservationUnit
    form_fault: str
    tools_fault: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Common:
    """Handles of the actors that have the run's model, judge and sites; None: each worker opens its own, or none."""

    model: Any = None
    about_model: AboutModel | None = None
    judge: Any = None
    judge_name: str = ""
    sites: Any = None


@asynccontextmanager
async def in_common(common: Common) -> AsyncIterator[InCommon]:
    model = RemoteModel(common.model, common.about_model) if common.model and common.about_model else None
    judge = RemoteJudge(common.judge, common.judge_name) if common.judge else None
    if common.sites is None:
        yield InCommon(model, judge)
        return
    async with RemoteDesk(common.sites) as desk:
        yield InCommon(model, judge, desk)


class RemoteModel:
    """A backend whose model is in an actor, for all workers of the run."""

    def __init__(self, actor: Any, about: AboutModel) -> None:
        self._actor = actor
        self._about = about

    @property
    def context_window(self) -> int | None:
        return self._about.context_window

    @property
    def estimates_tokens(self) -> bool:
        return self._about.estimates_tokens

    @property
    def observation_unit(self) -> ObservationUnit:
        return self._about.observation_unit

    @property
    def facts(self) -> Mapping[str, str]:
        return self._about.facts

    def form_fault(self) -> str:
        return self._about.form_fault

    def tools_fault(self) -> str:
        return self._about.tools_fault

    async def check(self) -> None:
        """The actor was asked before it was handed out."""

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: Wish | None = None
    ) -> Completion:
        """Raises ModelError, as the model's own backend does, and EngineGone."""
        found: Completion = await answer_to(self._actor.generate.remote(tuple(messages), sampling, tag, form))
        return found

    async def count_tokens(self, text: str) -> int:
        return int(await answer_to(self._actor.count_tokens.remote(text)))

    async def truncate(self, text: str, max_tokens: int) -> str:
        return str(await answer_to(self._actor.truncate.remote(text, max_tokens)))

    async def aclose(self) -> None:
        """The driver ends the actor."""


class RemoteJudge:
    """The run's judge, which asks each question once, whichever worker has it."""

    def __init__(self, actor: Any, name: str) -> None:
        self._actor = actor
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    async def ask(
        self, kind: str, *, intent: str, reference: str, answer: str, pictures: Sequence[bytes] = ()
    ) -> JudgeReply:
        """Raises JudgeError and ModelExhausted, as the judge itself does, and EngineGone."""
        found: JudgeReply = await answer_to(self._actor.judge.remote(kind, intent, reference, answer, pictures))
        return found
