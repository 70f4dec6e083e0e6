"""Plays single attempts of a run and leaves each in the run folder: what a worker of any executor does."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from webarena_runner import registry
from webarena_runner.errors import LimitExceeded
from webarena_runner.interfaces import AgentSetup, Judge, ModelBackend, SiteEvent, ignore_site_event, refusals_of
from webarena_runner.interfaces.environments import EpisodeNotes
from webarena_runner.interfaces.execution import Attempt, EpisodeStarted, Recipe, StepTaken
from webarena_runner.log.dropping import drop_pictures
from webarena_runner.log.lines import lines_of
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.writing import EpisodeFolders, add_reset
from webarena_runner.models.shared.limits import Spend
from webarena_runner.pictures import PictureSource
from webarena_runner.running.browsing import BrowserEnvironments
from webarena_runner.running.episode import Episode, Harness, failed, run_episode
from webarena_runner.running.gate import GatedDesk, SiteGate
from webarena_runner.running.load import Counts
from webarena_runner.running.resources import open_captioner, open_environments, open_model
from webarena_runner.settings.records import Images
from webarena_runner.settings.resetting import Resetting
from webarena_runner.types import EpisodeResult, SiteReset, Step, Task, TaskId

log = logging.getLogger(__name__)
# What an episode may take to leave its environment when its time is over; each part of that has a limit of its own.
LEAVE_LIMIT_S = 60.0


def ignore_event(event: EpisodeStarted | StepTaken) -> None:
    """For workers that nobody watches."""


def ignore_step(step: Step) -> None:
    """For episodes that nobody follows."""


class Player:
    """May play several attempts at once, of different (task, trial) pairs."""

    def __init__(
        self,
        harness: Harness,
        tasks: Mapping[TaskId, Task],
        folders: EpisodeFolders,
        *,
        model_facts: Mapping[str, str],
        model: ModelBackend | None = None,
        leave_limit_s: float = LEAVE_LIMIT_S,
    ) -> None:
        self._harness = harness
        self._model = model
        self._tasks = tasks
        self._folders = folders
        self._model_facts = model_facts
        self._gate: SiteGate | None = getattr(harness.environments, "gate", None)
        self._screenshots = harness.settings.browser.screenshots
        self._leave_limit_s = leave_limit_s
        self._abandoned: set[asyncio.Task[EpisodeResult]] = set()

    @property
    def versions(self) -> Mapping[str, str]:
        return {**self._harness.environments.versions, **self._model_facts}

    def counts(self) -> Counts:
        """For `--workers auto`: how what its episodes share stands now."""
        shared = self._harness.environments
        in_line, starved_s = getattr(shared, "in_line", 0), getattr(shared, "starved_s", 0.0)
        return Counts(in_line, starved_s, refusals_of(self._model))

    def look(self) -> Callable[[Attempt], bool] | None:
        """For one look through a queue from its head: whether an attempt may start, which is to be played then.

        None: all may.
        """
        if self._gate is None:
            return None
        may_start = self._gate.look()
        return lambda attempt: may_start(self._task(attempt), attempt.trial)

    def changed(self) -> asyncio.Future[None] | None:
        """Done when attempts that could not start may now; None: that changes only as attempts end."""
        return self._gate.changed() if self._gate else None

    def stuck(self, waiting: Iterable[Attempt]) -> str:
        """Why none of these will ever start as things are; "" when one may yet."""
        return self._gate.stuck(map(self._task, waiting)) if self._gate else ""

    def _task(self, attempt: Attempt) -> Task:
        task = self._tasks[attempt.task_id]
        return task.model_copy(update={"writes": True}) if attempt.writes else task

    async def play(
        self,
        attempt: Attempt,
        *,
        worker: int = 0,
        on_event: Callable[[EpisodeStarted | StepTaken], None] = ignore_event,
        on_step: Callable[[Step], None] = ignore_step,
    ) -> EpisodeResult:
        """The result, which is in the run folder then; an episode that goes wrong is a result without a score.

        `on_step` is given each step once it is in the folder.

        When it is cancelled, what goes wrong on the way out is no result, and a score that was there before is kept.

        Raises:
            UsageError: the run folder cannot be written, or the task cannot be run as configured.
        """
        task, limit_s = self._task(attempt), self._harness.settings.limits.episode_timeout_s

        def tell(step: Step) -> None:
            on_step(step)
            on_event(StepTaken(worker, task.task_id, step.index, step.action_text))

        steps = self._folders.begin(task.task_id, attempt.trial)
        on_event(EpisodeStarted(worker, task.task_id, attempt.trial, steps.attempt))
        episode = Episode(
            task,
            attempt.trial,
            steps,
            tell,
            notes=EpisodeNotes(folder=steps.folder),
            shares_pictures=self._screenshots == "changed",
        )
        try:
            with lines_of(task.task_id, attempt.trial):
                result = await self._within(limit_s, episode)
        except TimeoutError:
            error = LimitExceeded(f"the episode took longer than {limit_s:g} s (limits.episode_timeout_s)")
            result = episode.scored or failed(episode, error)
        except asyncio.CancelledError:
            if episode.scored:
                await self._put(episode.scored)
            raise
        finally:
            if self._gate is not None:
                await self._gate.forget(task.task_id, attempt.trial)
        if result.value is None and _cancelled():
            raise asyncio.CancelledError
        await self._put(result)
        return result

    async def _put(self, result: EpisodeResult) -> None:
        """Off the event loop, since a disk takes its time; cancelled, the result is there all the same when it ends."""
        writing = asyncio.ensure_future(asyncio.to_thread(self._keep, result))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing
            raise

    def _keep(self, result: EpisodeResult) -> None:
        if self._screenshots == "failed" and result.value == 1:
            drop_pictures(RunPaths(self._folders.path).episode(result.task_id, result.trial))
        self._folders.put(result)

    async def _within(self, limit_s: float, episode: Episode) -> EpisodeResult:
        """Raises TimeoutError when the episode has not ended by then, also when it does not let itself be ended."""
        playing = asyncio.create_task(run_episode(self._harness, episode))
        try:
            ended, _ = await asyncio.wait([playing], timeout=limit_s)
        except asyncio.CancelledError:
            await self._end(playing, episode)
            raise
        if not ended:
            await self._end(playing, episode)
            raise TimeoutError
        return playing.result()

    async def _end(self, playing: asyncio.Task[EpisodeResult], episode: Episode) -> None:
        playing.cancel()
        _, left = await asyncio.wait([playing], timeout=self._leave_limit_s)
        if left:
            log.warning(
                "task %s: does not end within %g s; it is left alone", episode.task.task_id, self._leave_limit_s
            )
            self._abandoned.add(playing)
            playing.add_done_callback(self._abandoned.discard)
        elif not playing.cancelled() and (error := playing.exception()):
            raise error


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _note_and_tell(folder: Path, on_event: Callable[[SiteEvent], None], event: SiteEvent) -> None:
    if isinstance(event, SiteReset):
        add_reset(folder, event)
    on_event(event)


@dataclass(frozen=True)
class InCommon:
    """What players of one run on several machines share; what is None each opens for itself."""

    model: ModelBackend | None = None
    judge: Judge | None = None
    desk: GatedDesk | None = None


@asynccontextmanager
async def open_player(
    recipe: Recipe,
    environ: Mapping[str, str],
    on_event: Callable[[SiteEvent], None] = ignore_site_event,
    in_common: InCommon = InCommon(),  # noqa: B008 - a frozen value
) -> AsyncIterator[Player]:
    """Opens a model, an agent and environments of its own; keys and passwords are taken from `environ`.

    `on_event` is told of the sites, whose resets are in the run folder then. `in_common` has what others share.

    Raises:
        UsageError: model, browser, sites or judge are not there, or the tasks are not for this agent.
    """
    spec, settings = recipe.config.model, recipe.config.settings
    images: Images = spec.images if spec else "none"
    # What the run may cost is the schedule's to say: an episode that has begun is finished.
    spend = Spend()
    async with AsyncExitStack() as stack:
        model = in_common.model
        if spec and model is None:
            model = await open_model(spec, environ, stack, spend=spend, probe=True, workers=recipe.workers)
        captioner = await open_captioner(settings, environ, stack, spend)
        pictures = PictureSource()
        agent = registry.load("agents", settings.agent).build(
            AgentSetup(model, settings, images, recipe.config.tasks.ignore_keys, captioner, pictures)
        )
        agent.check_tasks(recipe.tasks)
        if hasattr(agent, "__aenter__"):
            await stack.enter_async_context(agent)
        opening = open_environments(
            settings,
            recipe.config.sites,
            environ,
            name=recipe.environment,
            lossless_screenshots=images == "screenshot",
            spend=spend,
            verdicts=RunPaths(recipe.folder).verdicts,
            resetting=Resetting(settings.reset, at_start=recipe.reset_at_start, as_new=recipe.as_new),
            on_event=partial(_note_and_tell, recipe.folder, on_event),
            judge=in_common.judge,
            captioner=captioner,
            pictures=pictures,
        )
        environments = await stack.enter_async_context(opening)
        if in_common.desk is not None and isinstance(environments, BrowserEnvironments):
            environments.follow(in_common.desk)
        tasks = {task.task_id: task for task in recipe.tasks}
        facts: Mapping[str, str] = getattr(model, "facts", {})
        folders = EpisodeFolders(recipe.folder)
        yield Player(Harness(settings, agent, environments), tasks, folders, model_facts=facts, model=model)
