"""Our evaluators with the package's beside them, on the very page that an episode ended on."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Any

from pydantic import BaseModel

from tests.peer.served import PackageError, Shared
from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.observe.devtools import find_endpoint
from webarena_runner.browser.session import BrowserSession
from webarena_runner.interfaces import EpisodeEnd, Evaluator, Question
from webarena_runner.types import Score, Verdict


@dataclass(frozen=True)
class Pair:
    """Two scores of one check; None: that side needs a judge."""

    task_id: int
    kind: str
    ours: float | None
    theirs: float | None


@dataclass(frozen=True)
class Texts:
    """Two observations of one end state, the tab line left out."""

    task_id: int
    ours: str
    theirs: str

    @property
    def difference(self) -> list[str]:
        """The lines that only one side has, marked by - (theirs) and + (ours); none where the texts are equal."""
        lines = unified_diff(self.theirs.split("\n"), self.ours.split("\n"), n=0, lineterm="")
        return list(lines)[2:]


@dataclass
class Side:
    """One worker's browser, with what the two sides said of its episodes."""

    session: BrowserSession
    shared: Shared
    pairs: list[Pair] = field(default_factory=list)
    texts: list[Texts] = field(default_factory=list)
    _now: EpisodeEnvironment | None = None
    _seen: int = -1

    @property
    def version(self) -> str:
        return self.session.version

    @asynccontextmanager
    async def episode(
        self,
        *,
        urls: Mapping[str, str],
        storage_state: Mapping[str, Any] | None,
        start_urls: Sequence[str],
        more_urls: Sequence[str],
        traced: bool,
        **own: Any,
    ) -> AsyncIterator[EpisodeEnvironment]:
        async with self.session.episode(
            urls=urls, storage_state=storage_state, start_urls=start_urls, more_urls=more_urls, traced=traced, **own
        ) as environment:
            self._now = environment
            yield environment

    async def theirs(self, kind: str, end: EpisodeEnd) -> float | None:
        """The package's score of one check of the episode; None when it needs a judge."""
        task_id = end.task.task_id
        async with self._attached() as environment:
            if self._seen != task_id:
                self._seen = task_id
                await self._compare_texts(task_id, environment)
            return await self._theirs(task_id, kind, end.answer)

    async def _theirs(self, task_id: int, kind: str, answer: str) -> float | None:
        config_file = self.shared.config_file(task_id)
        try:
            answered = await self.shared.package.ask("score", config_file=config_file, kind=kind, answer=answer)
        except PackageError as error:
            if "openai" in str(error).lower():
                return None
            raise
        return float(answered["score"])

    async def _compare_texts(self, task_id: int, environment: EpisodeEnvironment) -> None:
        theirs = (await self.shared.package.ask("observe"))["text"]
        ours = (await environment.observe()).text
        self.texts.append(Texts(task_id, ours.partition("\n")[2], theirs.partition("\n")[2]))

    @asynccontextmanager
    async def _attached(self) -> AsyncIterator[EpisodeEnvironment]:
        """The package on the page that the agent was on, with the cookies of its episode."""
        assert self._now is not None
        page = self._now.tabs.current.page
        browser = page.context.browser
        assert browser is not None
        found = await find_endpoint(browser)
        endpoint = (found[0] if found else "").replace("ws://", "http://")
        devtools = await page.context.new_cdp_session(page)
        target = (await devtools.send("Target.getTargetInfo"))["targetInfo"]["targetId"]
        state = await page.context.storage_state()
        # The package's further pages share cookies with the agent's, and nothing else.
        assert state["origins"] == []
        await self.shared.package.ask("attach", endpoint=endpoint, target=target, cookies=state["cookies"])
        try:
            yield self._now
        finally:
            await self.shared.package.ask("detach")
            await devtools.detach()


@dataclass
class Paired:
    """One kind of our evaluators, in the place that the harness asks; notes its score beside the package's."""

    ours: Evaluator
    kind: str
    side: Side
    _theirs: tuple[int, float | None] = (-1, None)

    @property
    def Spec(self) -> type[BaseModel]:  # noqa: N802 - as the Protocol has it
        return self.ours.Spec

    def needs_trace(self, spec: BaseModel) -> bool:
        return self.ours.needs_trace(spec)

    async def collect(self, spec: BaseModel, end: EpisodeEnd) -> Mapping[str, Any]:
        self._theirs = end.task.task_id, await self.side.theirs(self.kind, end)
        return await self.ours.collect(spec, end)

    def score(self, spec: BaseModel, evidence: Mapping[str, Any], verdicts: Sequence[Verdict]) -> Score | Question:
        scored = self.ours.score(spec, evidence, verdicts)
        ours = scored.unjudged if isinstance(scored, Question) else scored
        task_id, theirs = self._theirs
        self.side.pairs.append(Pair(task_id, self.kind, ours.value if ours else None, theirs))
        return scored
