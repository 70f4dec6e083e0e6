"""A whole run: check everything, run what is to do, report. The command line calls this."""

import asyncio
import logging
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from pydantic import ValidationError

from webarena_runner import registry
from webarena_runner.agents.prompt import load_prompt
from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.export.targets import open_export, require_exporter
from webarena_runner.interfaces.execution import Executor, ExecutorSetup, Recipe
from webarena_runner.log import reading
from webarena_runner.log.lines import LineFormatter, RunLog
from webarena_runner.log.paths import Key, RunPaths
from webarena_runner.log.texts import Texts
from webarena_runner.log.writing import RunFolder, require_no_run, require_writable, writing_below
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.rescoring.past import tasks_of
from webarena_runner.running import order, plan
from webarena_runner.running.again import errored_with
from webarena_runner.running.budgets import Budgets, Used, used_up
from webarena_runner.running.capacity import Machine, WorkerRange, workers_of
from webarena_runner.running.machine import hardware
from webarena_runner.running.preflight import get_evaluators, look_at_sites
from webarena_runner.running.progress import Event, Note, Phase, Started, WatchedSchedule
from webarena_runner.running.schedule import RunSchedule
from webarena_runner.running.sites_up import bring_up
from webarena_runner.running.status import StatusKeeper, ending
from webarena_runner.running.width import Width
from webarena_runner.settings.later import with_given, with_reset
from webarena_runner.settings.loading import Given, load_model_spec
from webarena_runner.settings.records import ModelSpec, RunConfig, RunSettings, SitesSpec
from webarena_runner.sites.providers import gives_fresh, require_sites
from webarena_runner.tasksets.ids import listed_ids
from webarena_runner.tasksets.keys import not_done, require_done
from webarena_runner.tasksets.selection import choose
from webarena_runner.types import EpisodeResult, RunManifest, Task

log = logging.getLogger(__name__)
_TIME_IS_UP = "it took as long as it may (--max-time, limits.max_time_s)"
_WITHOUT = "these tasks are played without what keys of their records ask for: {}"


@dataclass(frozen=True)
class Prepared:
    """A run that is checked as far as that goes without starting anything; `notes` are for its user.

    `look_first`: its sites are looked at before it begins, as `wa-run doctor` does. `reset_at_start` tells whether
    sites with the policy "before-run" are reset: not when a run goes on, unless that is wanted, since what its tasks
    have done so far would be undone.
    """

    config: RunConfig
    tasks: tuple[Task, ...]
    manifest: RunManifest
    folder: Path
    todo: tuple[tuple[Task, int], ...]
    resumed: bool
    notes: tuple[str, ...] = ()
    look_first: bool = False
    reset_at_start: bool = True

    @property
    def out(self) -> Path:
        """Where run folders are. The folder of a resumed run may have another name than it began with."""
        return self.folder.parent

    @property
    def recipe(self) -> Recipe:
        """What is to do, for a worker in this process or another."""
        tasks = tuple({task.task_id: task for task, _ in self.todo}.values())
        environment, folder = self.manifest.environment, self.folder.resolve()
        return Recipe(self.config, tasks, environment, folder, reset_at_start=self.reset_at_start)


@dataclass(frozen=True)
class RunSummary:
    """What became of a run; `stopped` says why it ended early ("" when all was run).

    `exported` has a line for each exporter: where the run now is.
    """

    report: RunReport
    exported: tuple[str, ...]
    wall_s: float
    stopped: str = ""


def prepare(
    config: RunConfig,
    *,
    out: Path,
    run_id: str | None = None,
    overrides: tuple[str, ...] = (),
    explicit: Mapping[str, str] | None = None,
) -> Prepared:
    """Loads and selects the tasks and writes nothing; `explicit` says what gave each setting that a user named.

    Raises:
        UsageError: tasks, sites, prompt or run id are not as they must be, or nothing will use an explicit setting.
    """
    if run_id is not None:
        plan.check_run_id(run_id)
    loaded, tasks = choose(config.tasks, seed=config.settings.seed, runs=out)
    _require_plug_ins(config, loaded.environment)
    _check_executor(config.settings)
    _require_keys(config, tasks)
    plan.require_rules(loaded, config.settings)
    plan.require_action_set(config, loaded.environment)
    _check_tasks(tasks, loaded.environment, config.settings)
    require_sites(config.sites, tasks)
    plan.require_used(explicit or {}, config, tasks, environment=loaded.environment)
    notes = (*loaded.notes, *_check_sites(tasks, loaded.environment, config.sites))
    now = datetime.now(UTC)
    manifest = plan.make_manifest(
        config,
        loaded,
        tasks,
        run_id=run_id or plan.new_run_id(config, now),
        prompt_sha256=_prompt_sha256(config),
        profile_overrides=overrides,
        judge=_judge(config),
        now=now,
    )
    if played_without := _played_without(config, tasks):
        manifest, notes = _saying(manifest, played_without), (*notes, _WITHOUT.format(played_without))
    require_no_run(out / manifest.run_id)
    require_writable(out)
    todo = plan.to_do(tasks, config.settings.trials, ())
    return Prepared(config, tasks, manifest, out / manifest.run_id, todo, resumed=False, notes=notes)


def prepare_resume(
    folder: Path, *, given: Sequence[Given] = (), reset: str | None = None, errors: Sequence[str] | None = None
) -> Prepared:
    """The rest of an earlier run, with the settings and tasks in its folder.

    What is `given`, and when sites are to be `reset`, are for this start only. `errors`: only episodes whose latest
    attempt ended in an error of these classes, of any class when it is empty; None: all that has no score.

    Raises:
        StoreError: no run there, its prompt has changed since, or the task file of a run whose folder has no tasks.
        ConfigError: what is given cannot be, it has used what it may use already, its model has no prices, or it has no
            such errors.
    """
    folder = folder.resolve()
    manifest = reading.read_manifest(folder)
    if manifest.imported:
        raise StoreError(
            f"{folder} was imported from {manifest.imported.source} and was not run by webarena-runner, so there is "
            "nothing to go on with; start a run of your own for the tasks that it lacks"
        )
    try:
        config = RunConfig.model_validate(manifest.config)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)]
        raise StoreError(
            f"{RunPaths(folder).manifest}: this version does not know settings of the run ({'; '.join(faults[:3])}); "
            f"go on with the one that started it: {manifest.versions.get('webarena-runner', 'not recorded')}"
        ) from error
    reading.require_settings_as_written(folder)
    config = with_reset(with_given(config, given), reset)
    cost_usd, tokens = reading.used(folder)
    if spent := used_up(config.settings.limits, Used(cost_usd or 0.0, tokens)):
        raise ConfigError(f"{folder}: {spent}")
    _require_plug_ins(config, manifest.environment)
    _check_executor(config.settings)
    prompt = Texts(RunPaths(folder).texts).path(manifest.prompt_sha256)
    plan.require_same(manifest, "prompt", manifest.prompt_sha256, _prompt_sha256(config), kept=prompt)
    tasks = tasks_of(folder, manifest)
    if lacking := {task_id for task_id, _ in manifest.planned} - {task.task_id for task in tasks}:
        raise StoreError(
            f"{RunPaths(folder).manifest}: plans task {listed_ids(lacking)}, which the tasks of the run lack; put the "
            f"file back that was written, or start a new run"
        )
    todo = plan.to_do(tasks, config.settings.trials, reading.read_finished(folder))
    if errors is not None:
        todo = errored_with(errors, todo, folder)
    return Prepared(config, tasks, manifest, folder, todo, resumed=True, reset_at_start=reset is not None)


async def run(prepared: Prepared, *, on_event: Callable[[Event], None], environ: Mapping[str, str]) -> RunSummary:
    """Runs what is to do; every finished episode is on disk when this ends, however it ends.

    Raises:
        UsageError: found before work starts (model, browser, sites, folder), or the disk is full.
    """
    clock, settings = monotonic(), prepared.config.settings
    exports = [open_export(text, out=prepared.out, environ=environ) for text in settings.exporters]
    # A run that is finished needs neither a model nor sites to have its results written again.
    stopped = await _play(prepared, on_event, environ) if prepared.todo else _note_end(prepared)
    on_event(Phase(prepared.folder.name, "writing the results"))
    with ending(prepared.folder, stopped):
        exported = tuple(each.write(prepared.folder) for each in exports)
    return RunSummary(load_run(prepared.folder), exported, monotonic() - clock, stopped)


def _note_end(prepared: Prepared) -> str:
    """Of a run that was killed when all had been played, where nothing stopped it."""
    if prepared.manifest.finished_at is None:
        finished = reading.read_finished(prepared.folder)
        ended_at = max((result.finished_at for result in finished.values()), default=None)
        RunFolder.reopen(prepared.folder, prepared.tasks).close(finished_at=ended_at)
    return ""


async def _play(prepared: Prepared, watcher: Callable[[Event], None], environ: Mapping[str, str]) -> str:
    """Opens what the episodes need and plays them; why the run stopped early, "" when all is done."""
    settings, keeper = prepared.config.settings, StatusKeeper(prepared.folder)

    def on_event(event: Event) -> None:
        keeper.take(event)
        watcher(event)

    max_time_s = settings.limits.max_time_s
    until = None if max_time_s is None else asyncio.get_running_loop().time() + max_time_s
    tasks, run_id = [task for task, _ in prepared.todo], prepared.folder.name
    await get_evaluators(tasks, settings, lambda text: on_event(Phase(run_id, text)))
    as_new = await bring_up(prepared.config.sites, tasks, run_id=run_id, on_event=on_event, environ=environ)
    workers = workers_of(prepared.config, tasks, await asyncio.to_thread(Machine.here))
    recipe = replace(workers.given_to(prepared.recipe), as_new=as_new)
    setup = ExecutorSetup(recipe, environ, on_event)
    found = await _look_first(prepared, tasks, on_event, environ) if prepared.look_first else ()
    on_event(Phase(prepared.folder.name, f"starting {prepared.manifest.model} and {prepared.manifest.sites} sites"))
    async with registry.load("executors", settings.executor).open(setup) as executor:
        machine = {} if prepared.resumed else await asyncio.to_thread(hardware)
        with _open_store(prepared, executor.versions, machine) as folder:
            # Another process may have gone on with the run since it was prepared; from here on none can.
            finished = reading.read_finished(prepared.folder)
            cost_usd, tokens = reading.used(prepared.folder)
            schedule = _schedule(prepared, finished, Used(cost_usd or 0.0, tokens), workers)
            if settings.limits.max_cost_usd is not None:
                log.info("may cost $%g; $%.4f of it was spent before", settings.limits.max_cost_usd, cost_usd or 0.0)
            passed = sum(result.value == 1 for result in finished.values())
            total = len(finished) + len(schedule.waiting)
            started = Started(total, len(finished), passed=passed, spent_usd=cost_usd, tokens=tokens)
            on_event(replace(started, workers=workers.start, auto=workers.is_auto))
            for note in (*prepared.notes, *found):
                on_event(Note(note))
            _warn_of_missing_judge(prepared, on_event)
            if workers.is_auto:
                log.info("workers: auto, %s at first, at most %s (%s)", workers.start, workers.most, workers.bound_by)
            try:
                async with keeper.kept(lambda: schedule.ended_early):
                    await _play_all(executor, schedule, on_event, until=until)
            finally:
                folder.auto_workers = workers.used(schedule.workers_used)
            if schedule.ended_early:
                log.info("stopped early: %s", schedule.ended_early)
            return schedule.ended_early


def _schedule(
    prepared: Prepared, finished: Mapping[Key, EpisodeResult], used: Used, workers: WorkerRange
) -> RunSchedule:
    settings = prepared.config.settings
    return RunSchedule(
        _queue(prepared, finished),
        retries=settings.limits.retries,
        stop_after_errors=settings.limits.stop_after_errors,
        judged=settings.judge.model is not None,
        replays=settings.outages.replays,
        budgets=Budgets(settings.limits, used),
        writers=[result.task_id for result in finished.values() if result.wrote],
        width=Width(workers.start, workers.most),
    )


def _queue(prepared: Prepared, finished: Container[Key]) -> order.Todo:
    """What is to do, in the order in which it is looked at."""
    todo = [(task, trial) for task, trial in prepared.todo if (task.task_id, trial) not in finished]
    config = prepared.config
    shares_sites = prepared.manifest.environment == "browser" and not gives_fresh(config.sites)
    return order.longest_chain_first(todo) if shares_sites and config.settings.workers != 1 else todo


async def _look_first(
    prepared: Prepared, tasks: Sequence[Task], on_event: Callable[[Event], None], environ: Mapping[str, str]
) -> tuple[str, ...]:
    """Raises ConfigError when the sites are not as the tasks need them."""
    return await look_at_sites(
        prepared.config,
        tasks,
        environment=prepared.manifest.environment,
        on_start=lambda: on_event(Phase(prepared.folder.name, "looking at the sites")),
        environ=environ,
    )


async def _play_all(
    executor: Executor, schedule: RunSchedule, on_event: Callable[[Event], None], *, until: float | None
) -> None:
    """Until all is done, or the schedule has stopped; nothing is begun after `until` on the event loop's clock."""
    loop, limit, watched = asyncio.get_running_loop(), asyncio.timeout(None), WatchedSchedule(schedule, on_event)

    def time_is_up() -> None:
        watched.close(_TIME_IS_UP)
        if not schedule.under_way:
            # It waits for what lets it begin another.
            limit.reschedule(loop.time())

    timer = None if until is None else loop.call_at(until, time_is_up)
    try:
        async with limit:
            async for _ in executor.run(watched):
                pass
    except TimeoutError:
        if not limit.expired():
            raise
    finally:
        if timer:
            timer.cancel()


def _require_plug_ins(config: RunConfig, environment: str) -> None:
    """Tells a wrong name before anything is started or asked."""
    registry.require("environments", environment)
    registry.require("executors", config.settings.executor)
    for text in config.settings.exporters:
        require_exporter(text)


def _check_executor(settings: RunSettings) -> None:
    """Lets the executor refuse settings before anything is started, where it has a way to."""
    check = getattr(registry.load("executors", settings.executor), "check_settings", None)
    if check:
        check(settings)


def _check_tasks(tasks: Sequence[Task], environment: str, settings: RunSettings) -> None:
    """Lets the environment refuse tasks before there is a run folder, where it has a way to."""
    check_tasks = getattr(registry.load("environments", environment), "check_tasks", None)
    if check_tasks:
        check_tasks(tasks, settings)


def _check_sites(tasks: Sequence[Task], environment: str, sites: SitesSpec) -> tuple[str, ...]:
    """What the environment says of tasks on these sites, where it has a way to."""
    check_sites = getattr(registry.load("environments", environment), "check_sites", None)
    return tuple(check_sites(tasks, sites)) if check_sites else ()


def _require_keys(config: RunConfig, tasks: Sequence[Task]) -> None:
    require_done(tasks, ignored=config.tasks.ignore_keys, takes_images=_takes_images(config))


def _played_without(config: RunConfig, tasks: Sequence[Task]) -> str:
    """Keys of the tasks' records whose wish is not granted."""
    return ", ".join(not_done(tasks, takes_images=_takes_images(config)))


def _saying(manifest: RunManifest, played_without: str) -> RunManifest:
    """What the results say of it."""
    caution = "; ".join(filter(None, [manifest.caution, _WITHOUT.format(played_without)]))
    return manifest.model_copy(update={"caution": caution, "scope": f"{manifest.scope} without {played_without}"})


def _takes_images(config: RunConfig) -> bool:
    """Whether the agent looks at the tasks' pictures, and nobody has it go without."""
    if "image" in config.tasks.ignore_keys:
        return False
    agent = registry.load("agents", config.settings.agent)
    has_captioner = config.settings.observation.captioner is not None
    sees = not getattr(agent, "needs_model", True) or (config.model is not None and config.model.images != "none")
    return (sees or has_captioner) and bool(getattr(agent, "takes_images", False))


def _warn_of_missing_judge(prepared: Prepared, on_event: Callable[[Event], None]) -> None:
    needing = sum(task.judge for task, _ in prepared.todo)
    if needing and prepared.config.model and prepared.config.settings.judge.model is None:
        on_event(
            Note(
                f"{needing} of {len(prepared.todo)} episodes may need a judge model to be scored, and none is given: "
                "those that do will end as judge errors; pass --judge NAME (see wa-run models list)"
            )
        )


@contextmanager
def _open_store(prepared: Prepared, versions: Mapping[str, str], machine: dict[str, str]) -> Iterator[RunFolder]:
    """The run folder, with one line per episode going to its run.log while it is open."""
    if prepared.resumed:
        folder = RunFolder.reopen(prepared.folder, prepared.tasks)
    else:
        found = {"versions": prepared.manifest.versions | dict(versions), "hardware": machine}
        manifest = prepared.manifest.model_copy(update=found)
        folder = RunFolder.create(prepared.folder, manifest, prepared.tasks, prompt=_prompt_text(prepared.config))
    with writing_below(folder.path):
        handler = RunLog(RunPaths(folder.path).log, encoding="utf-8")
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)s %(name)s: %(episode)s%(message)s"))
    logger = logging.getLogger("webarena_runner")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield folder
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()
        folder.close()


def _judge(config: RunConfig) -> ModelSpec | None:
    """The judge's model file as it is now."""
    name = config.settings.judge.model
    return None if name is None else load_model_spec(name)


def _prompt_text(config: RunConfig) -> str:
    return load_prompt(config.settings.prompt).path.read_text(encoding="utf-8") if config.model else ""


def _prompt_sha256(config: RunConfig) -> str:
    return load_prompt(config.settings.prompt).sha256 if config.model else ""
