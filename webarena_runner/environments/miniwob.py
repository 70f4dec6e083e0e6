"""The environment `miniwob`: the pages of the package in our Chromium, which score themselves."""

import functools
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from os import PathLike
from pathlib import Path
from threading import Thread
from typing import Any, Self

from webarena_runner.browser.environment import EpisodeEnvironment
from webarena_runner.browser.session import BrowserSession
from webarena_runner.environments.miniwob_package import package_folder, package_version
from webarena_runner.errors import BrowserError, SiteError
from webarena_runner.interfaces.environments import EnvironmentSetup, EpisodeNotes
from webarena_runner.types import (
    Action,
    CloseTab,
    GoBack,
    GoForward,
    Goto,
    NewTab,
    Observation,
    Score,
    TabFocus,
    Task,
)

EVALUATOR = "miniwob"
# The pages end an episode after 10 s, which is for programs that click; a model takes longer. They show a clock and the
# last reward beside the task, and a cover until they begin.
BEGIN = """async () => {
    core.EPISODE_MAX_TIME = 2147483647;
    Math.seedrandom(%d);
    if (core.setDataMode) core.setDataMode('train');
    core.startEpisodeReal();
    clearInterval(core.CD_TIMER);
    for (const id of ['reward-display', 'click-canvas']) {
        const shown = document.getElementById(id);
        if (shown) shown.style.display = 'none';
    }
    for (let waited = 0; !WOB_TASK_READY && waited < 10000; waited += 20) await new Promise(on => setTimeout(on, 20));
    const asked = WOB_TASK_READY ? core.getUtterance() : null;
    return asked && asked.utterance !== undefined ? asked.utterance : asked;
}"""
# Null: this is no page of the package.
STATE = """() => typeof WOB_DONE_GLOBAL === 'undefined' ? null : {
    done: WOB_DONE_GLOBAL, raw_reward: WOB_RAW_REWARD_GLOBAL, timed_reward: WOB_REWARD_GLOBAL,
    reason: WOB_REWARD_REASON == null ? '' : String(WOB_REWARD_REASON)}"""
LEFT = {"done": True, "raw_reward": 0.0, "timed_reward": 0.0, "reason": "the agent has left the page of the task"}
LEAVING = (Goto, NewTab, TabFocus, CloseTab, GoBack, GoForward)


class MiniWobEpisode:
    """One page. It ends by itself as soon as the task is done or has failed."""

    def __init__(self, pages: EpisodeEnvironment) -> None:
        self._pages = pages
        self.is_over = False

    @property
    def url(self) -> str:
        return self._pages.url

    async def observe(self) -> Observation:
        return await self._pages.observe()

    async def step(self, action: Action) -> Observation:
        if isinstance(action, LEAVING):
            refused = {"action_error": f"the task is on this page alone, so there is no {action.kind}"}
            return (await self.observe()).model_copy(update=refused)
        seen = await self._pages.step(action)
        self.is_over = bool((await self._state())["done"])
        return seen

    async def score(self, answer: str) -> tuple[float, tuple[Score, ...]]:
        """What the page gives, without its discount for time; nothing for a task that is not done, or did wrong."""
        state = await self._state()
        value = min(1.0, max(0.0, float(state["raw_reward"]))) if state["done"] else 0.0
        told = f": {state['reason']}" if state["reason"] else ""
        explanation = f"the page gave {state['raw_reward']:g}{told}" if state["done"] else "the task was not finished"
        return value, (Score(evaluator=EVALUATOR, value=value, explanation=explanation, evidence=state),)

    async def _state(self) -> dict[str, Any]:
        state: dict[str, Any] | None = await self._pages.probe().evaluate(STATE)
        return LEFT if state is None else state


class MiniWob:
    """One Chromium and one server of the package's files on 127.0.0.1, for all episodes of a worker."""

    def __init__(self, session: BrowserSession, address: str, seed: int) -> None:
        self._session = session
        self._address = address
        self._seed = seed

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: EnvironmentSetup) -> AsyncIterator[Self]:
        """Raises UsageError when package or browser are not there."""
        settings = setup.settings
        session = BrowserSession(
            settings.browser,
            settings.observation,
            settings.settle,
            screenshot_type="png" if setup.lossless_screenshots else "jpeg",
        )
        with _served(package_folder() / "html") as address:
            async with session:
                yield cls(session, address, settings.seed)

    @property
    def versions(self) -> Mapping[str, str]:
        return {"miniwob": package_version(), "chromium": self._session.version}

    @property
    def in_line(self) -> int:
        return self._session.in_line

    @property
    def starved_s(self) -> float:
        return self._session.starved_s

    @asynccontextmanager
    async def episode(self, task: Task, *, trial: int, notes: EpisodeNotes) -> AsyncIterator[MiniWobEpisode]:
        """Each trial has a seed of its own, that of the run and one more for each."""
        opening = self._session.episode(
            urls={},
            start_urls=[f"{self._address}/{task.raw['page']}"],
            more_urls=[self._address],
            viewport=task.viewport,
            blocked=notes.blocked_hosts,
            visited=notes.visited_hosts,
            timings_ms=notes.timings_ms,
        )
        async with opening as pages:
            with notes.timed("begin"):
                asked = await pages.probe().evaluate(BEGIN % (self._seed + trial))
            if asked is None:
                raise SiteError(f"task {task.task_id}: its page did not get ready within 10 s")
            if not isinstance(asked, str):
                raise BrowserError(f"task {task.task_id}: its page asks for {asked!r:.200}, which is no text")
            notes.intent = asked
            yield MiniWobEpisode(pages)


class _Quiet(SimpleHTTPRequestHandler):
    def guess_type(self, path: str | PathLike[str]) -> str:
        """With the encoding of the package's files, which a browser finds out by itself only where it opens them."""
        kind = super().guess_type(path)
        return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind.endswith("javascript") else kind

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing of requests."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The address of a server of the folder's files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, name="miniwob-files", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
