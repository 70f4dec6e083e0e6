"""When a run of many episodes ends before all is done, and what is on disk then."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.run.conftest import MakeManifest
from tests.run.playing import play_all
from webarena_runner.errors import (
    BrowserError,
    JudgeError,
    JudgeUnusable,
    LimitSpent,
    ModelError,
    ModelExhausted,
    SiteError,
)
from webarena_runner.interfaces.environments import EpisodeNotes
from webarena_runner.log.lines import LineFormatter
from webarena_runner.log.reading import cost_usd, read_results, read_steps
from webarena_runner.log.writing import RunFolder
from webarena_runner.running.episode import Harness
from webarena_runner.settings.records import LimitSettings, RunSettings
from webarena_runner.types import Action, Completion, Decision, Observation, Score, Scroll, Step, Stop, Task

HANGS = None


class Page:
    """Breaks at the second action."""

    url = "http://127.0.0.1/"

    def __init__(self, score: Exception | None = None) -> None:
        self._acted = 0
        self._score = score

    async def observe(self) -> Observation:
        return Observation(url=self.url, tabs=("Home",), text="[1] link 'Home'")

    async def step(self, action: Action) -> Observation:
        self._acted += 1
        if self._acted > 1:
            raise BrowserError("the page crashed")
        return await self.observe()

    async def score(self, answer: str) -> tuple[float, tuple[Score, ...]]:
        if self._score:
            raise self._score
        return 1.0, ()


class Pages:
    """Environments without a browser; `leaving` is what happens when one is left, `score` what when it is scored."""

    versions: Mapping[str, str] = {}

    def __init__(self, leaving: Callable[[], Awaitable[None]] | None = None, *, score: Exception | None = None) -> None:
        self.closed = 0
        self._score = score
        self._leaving = leaving

    @asynccontextmanager
    async def episode(self, task: Task, *, trial: int, notes: EpisodeNotes) -> AsyncIterator[Page]:
        try:
            yield Page(self._score)
        finally:
            self.closed += 1
            if self._leaving:
                await self._leaving()


class Asking:
    """An agent whose model replies or fails as told for each task, or hangs."""

    def __init__(self, replies: Mapping[int, Completion | Exception | Stop | None]) -> None:
        self.replies = replies
        self.asked: list[int] = []

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        self.asked.append(task.task_id)
        reply = self.replies[task.task_id]
        if isinstance(reply, Stop):
            return Decision(action=reply)
        if isinstance(reply, Completion):
            return Decision(action=Scroll(direction="down"), completion=reply)
        if reply is HANGS:
            await asyncio.Event().wait()
        raise reply or AssertionError

    def check_tasks(self, tasks: Sequence[Task]) -> None: ...


def a_task(task_id: int) -> Task:
    given: dict[str, Any] = {
        "sites": (),
        "start_urls": (),
        "login_sites": (),
        "template_id": 1,
        "checks": (),
        "raw": {},
    }
    return Task(task_set="mini", task_id=task_id, intent="", **given)


Play = Callable[..., Any]


@pytest.fixture
def play(tmp_path: Path, make_manifest: MakeManifest) -> Play:
    async def call(agent: Asking, pages: Pages, *, workers: int, leave_limit_s: float = 60, **limits: float) -> str:
        settings = RunSettings(profile="", workers=workers, limits=LimitSettings(**limits))
        tasks = [a_task(task_id) for task_id in range(4)]
        tasks = [task for task in tasks if task.task_id in agent.replies]
        with closing(RunFolder.create(tmp_path / "r1", make_manifest(), [])) as folder:
            harness = Harness(settings, agent, pages)
            _, stopped = await play_all(harness, folder.path, tasks, leave_limit_s=leave_limit_s)
        return stopped

    return call


async def test_a_used_up_model_stops_the_run_at_once_and_cancels_what_is_running(play: Play, tmp_path: Path) -> None:
    agent, pages = Asking({0: HANGS, 1: ModelExhausted("no credit left")}), Pages()
    stopped = await play(agent, pages, workers=2)
    assert stopped == "no credit left"
    assert agent.asked == [0, 1]
    assert pages.closed == 2
    ((key, result),) = read_results(tmp_path / "r1").items()
    assert key == (1, 0)
    assert result.value is None
    assert result.failure is not None
    assert (result.failure.error_class, result.failure.stops_run, result.failure.may_retry) == ("model", True, True)


async def test_errors_in_a_row_stop_the_run(play: Play, tmp_path: Path) -> None:
    agent = Asking(dict.fromkeys(range(4), ModelError("connection failed")))
    stopped = await play(agent, Pages(), workers=1, stop_after_errors=3)
    assert "3 episodes in a row ended in an error, the last one (model): connection failed" in stopped
    assert agent.asked == [0, 1, 2]
    assert [result.failure.stops_run for result in read_results(tmp_path / "r1").values() if result.failure] == [
        False,
        False,
        False,
    ]


async def test_answers_that_lack_a_judge_in_a_run_without_one_do_not_stop_it(play: Play) -> None:
    faults = {0: JudgeUnusable("no judge"), 1: JudgeUnusable("no judge"), 2: ModelError("away"), 3: ModelError("away")}
    agent = Asking(faults)
    stopped = await play(agent, Pages(), workers=1, stop_after_errors=2, retries=0)
    assert "2 episodes in a row ended in an error, the last one (model): away" in stopped
    assert agent.asked == [0, 1, 2, 3]


async def test_what_is_logged_in_an_episode_says_which_it_was(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    class Talking(Asking):
        def act(self, task: Task, *given: Any, **named: Any) -> Any:
            logging.getLogger("agent").warning("asked")
            return super().act(task, *given, **named)

    caplog.handler.setFormatter(LineFormatter("%(episode)s%(message)s"))
    await play(Talking(dict.fromkeys(range(4), ModelError("away"))), Pages(), workers=2, retries=0)
    told = [line for line in caplog.text.splitlines() if line.endswith("asked")]
    assert sorted(told) == [f"task {task_id} trial 0: asked" for task_id in range(4)]


async def test_a_reply_whose_action_broke_the_browser_is_counted(play: Play, tmp_path: Path) -> None:
    reply = Completion(text="", prompt_tokens=30, completion_tokens=5, cached_tokens=20, cost_usd=0.25)
    await play(Asking(dict.fromkeys(range(4), reply)), Pages(), workers=1, stop_after_errors=1)
    (result,) = read_results(tmp_path / "r1").values()
    assert (result.value, result.steps) == (None, 1)
    assert (result.prompt_tokens, result.completion_tokens, result.cached_tokens) == (60, 10, 40)
    assert result.cost_usd == 0.5


async def test_what_judging_has_cost_is_in_the_episodes_cost_when_it_fails(play: Play, tmp_path: Path) -> None:
    error = JudgeError("its reply was cut")
    error.cost_usd = 0.5
    await play(Asking({0: Stop(answer="")}), Pages(score=error), workers=1, retries=0, stop_after_errors=1)
    (result,) = read_results(tmp_path / "r1").values()
    assert (result.value, result.cost_usd) == (None, 0.5)
    assert cost_usd(tmp_path / "r1") == 0.5


async def refuse() -> None:
    raise SiteError("the lease could not be given back")


async def hang() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(("leaving", "limit_s"), [(refuse, 60), (hang, 0.2)], ids=["an error", "the time limit"])
async def test_what_happens_after_the_score_takes_it_away_no_more(
    leaving: Callable[[], Awaitable[None]], limit_s: float, play: Play, tmp_path: Path
) -> None:
    await play(Asking({0: Stop(answer="")}), Pages(leaving), workers=1, episode_timeout_s=limit_s)
    ((_, result),) = read_results(tmp_path / "r1").items()
    assert (result.value, result.attempt, result.failure) == (1.0, 1, None)


async def test_an_episode_that_cannot_be_ended_is_left_alone_and_the_run_goes_on(play: Play, tmp_path: Path) -> None:
    released = asyncio.Event()

    async def hold_on() -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()

    agent = Asking({0: HANGS, 1: ModelError("away")})
    limits = {"episode_timeout_s": 0.2, "leave_limit_s": 0.2, "retries": 0}
    await play(agent, Pages(hold_on), workers=1, **limits)
    released.set()
    failures = [result.failure for result in read_results(tmp_path / "r1").values()]
    assert [failure and failure.error_class for failure in failures] == ["timeout", "timeout"]
    assert agent.asked == [0, 1]


@pytest.mark.parametrize(
    ("reply", "leaving", "kept"),
    [(HANGS, refuse, []), (Stop(answer=""), hang, [1.0])],
    ids=["an error of the clean-up is none of the episode", "a score that was there stays"],
)
async def test_a_cancelled_run(
    reply: Stop | None, leaving: Callable[[], Awaitable[None]], kept: list[float], play: Play, tmp_path: Path
) -> None:
    agent = Asking({0: reply, 1: HANGS})
    running = asyncio.create_task(play(agent, Pages(leaving), workers=1))
    await asyncio.wait([running], timeout=0.2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [result.value for result in read_results(tmp_path / "r1").values()] == kept
    assert agent.asked == [0], "no episode is begun any more"


async def test_a_reply_that_is_no_answer_is_a_step_with_the_cause_and_a_model_error(play: Play, tmp_path: Path) -> None:
    spent = Completion(text="", prompt_tokens=30, completion_tokens=384, finish_reason="length")
    error = LimitSpent("no answer within the reply limit", completion=spent)
    await play(Asking(dict.fromkeys(range(4), error)), Pages(), workers=1, stop_after_errors=1)
    (result,) = read_results(tmp_path / "r1").values()
    assert result.failure is not None
    assert (result.failure.error_class, result.failure.cause) == ("model", "reply limit")
    assert (result.steps, result.completion_tokens, result.cut_replies) == (1, 384, 1)
    (step,) = read_steps(tmp_path / "r1" / "episodes" / "0.0")
    assert step.decision.note.startswith("no answer within the reply limit; the reply was cut at its limit")
    assert step.decision.completion == spent
