"""All that `wa-run doctor` looks at, side by side: this machine, the browser, the model, the judge, and the sites."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from webarena_runner import registry
from webarena_runner.browser.session import BrowserSession
from webarena_runner.cli.checks import browser_checks, finding, installed, this_machine
from webarena_runner.cli.models.check import ask_model
from webarena_runner.errors import BrowserMissing, ConfigError, EpisodeError, RunnerError, TaskFileError
from webarena_runner.interfaces import NewContext
from webarena_runner.running.resources import open_model
from webarena_runner.settings.loading import CliOptions, load_sites
from webarena_runner.settings.records import (
    BrowserSettings,
    ModelSpec,
    ObservationSettings,
    SettleSettings,
    SitesSpec,
    TaskChoice,
)
from webarena_runner.sites.probes.examine import examine, glance
from webarena_runner.sites.probes.findings import Finding, Level, Place, as_warning
from webarena_runner.sites.probes.instances import Named, named_instances, states_beside
from webarena_runner.sites.probes.page import how_to_give
from webarena_runner.sites.probes.wanted import ALL, wanted_by
from webarena_runner.sites.providers import known_instances, missing_sites, no_browser, served_sites
from webarena_runner.tasksets.selection import choose
from webarena_runner.types import Sampling, Task

# A model that has just been started reads its weights at the first question.
MODEL_LIMIT_S = 60.0


@dataclass(frozen=True)
class Asked:
    """What a run would be given; `tasks` None: none are chosen, and all sites that there are count.

    `limit_s` is for each check of a site.
    """

    out: Path
    sites: CliOptions
    tasks: TaskChoice | None = None
    model: tuple[ModelSpec, Sampling] | None = None
    judge: ModelSpec | None = None
    limit_s: float = 10.0


async def all_findings(asked: Asked, environ: Mapping[str, str]) -> Sequence[Finding]:
    """Raises UsageError for tasks that cannot be chosen."""
    chosen, told = _chosen(asked.tasks)
    checks: list[Coroutine[None, None, Sequence[Finding]]] = [
        asyncio.to_thread(this_machine, asked.out),
        *([asyncio.to_thread(installed, environ)] if asked.tasks is None and asked.model is None else []),
        *([_model("model", *asked.model, environ)] if asked.model else []),
        *([_judge(asked.judge, environ)] if asked.judge else []),
        _browser_and_sites(asked, chosen, environ),
    ]
    async with asyncio.TaskGroup() as group:
        jobs = [group.create_task(check) for check in checks]
    return [*told, *(each for job in jobs for each in job.result())]


def _chosen(choice: TaskChoice | None) -> tuple[Sequence[Task] | None, Sequence[Finding]]:
    if choice is None:
        return None, []
    try:
        loaded, tasks = choose(choice, seed=0)
    except TaskFileError as error:
        return None, [finding("tasks", Level.FAIL, str(error), f"wa-run tasks fetch {choice.task_set}")]
    told = f"{loaded.name}: {len(tasks)} of {len(loaded.tasks)} chosen, sha256 {loaded.sha256[:12]}"
    return tasks, [finding("tasks", Level.OK, f"{told}, the official file" if loaded.official else told)]


async def _model(check: str, spec: ModelSpec, sampling: Sampling, environ: Mapping[str, str]) -> Sequence[Finding]:
    """Has it answer one prompt, unless that would load it into this process first."""
    kind = registry.load("models", spec.backend)
    remedy = f"wa-run models check {spec.name} shows more; start its server, or correct its file and its key"
    if lacking := kind.availability(spec, environ):
        return [finding(check, Level.FAIL, str(lacking), "install what it lacks, or choose another with --model")]
    if not hasattr(kind, "probe"):
        return [
            finding(check, Level.OK, f"{spec.name} can run here; wa-run models check {spec.name} loads and asks it")
        ]
    try:
        async with asyncio.timeout(MODEL_LIMIT_S):
            answer = await ask_model(spec, sampling, environ)
    except TimeoutError:
        return [finding(check, Level.FAIL, f"{spec.name} did not answer within {MODEL_LIMIT_S:g} s", remedy)]
    except RunnerError as error:
        return [finding(check, Level.FAIL, str(error), remedy)]
    said = f"{spec.name} answers {answer.completion.text.strip()[:40]!r} in {answer.completion.latency_s:.1f} s"
    return [finding(check, Level.OK, said)]


async def _judge(spec: ModelSpec, environ: Mapping[str, str]) -> Sequence[Finding]:
    remedy = f"wa-run models check {spec.name} shows more; or choose another with --judge"
    try:
        async with asyncio.timeout(MODEL_LIMIT_S), AsyncExitStack() as stack:
            await open_model(spec, environ, stack, probe=hasattr(registry.load("models", spec.backend), "probe"))
    except TimeoutError:
        return [finding("judge", Level.FAIL, f"{spec.name} did not answer within {MODEL_LIMIT_S:g} s", remedy)]
    except RunnerError as error:
        return [finding("judge", Level.FAIL, str(error), remedy)]
    return [finding("judge", Level.OK, f"{spec.name} answers")]


async def _browser_and_sites(
    asked: Asked, tasks: Sequence[Task] | None, environ: Mapping[str, str]
) -> Sequence[Finding]:
    session = BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings())
    try:
        async with session, asyncio.TaskGroup() as group:
            browser = group.create_task(browser_checks(session))
            sites = group.create_task(site_checks(asked, tasks, environ, session.context))
    except BrowserMissing as error:
        missing = finding("browser", Level.FAIL, str(error), "wa-run browser install")
        return [missing, *await site_checks(asked, tasks, environ, None)]
    return [*browser.result(), *sites.result()]


async def site_checks(
    asked: Asked, tasks: Sequence[Task] | None, environ: Mapping[str, str], new_context: NewContext | None
) -> Sequence[Finding]:
    """Of the sites that there are, in the browser; without one only what goes without."""
    try:
        spec = load_sites(asked.sites, environ)
        lacking = [_no_url(site, count, len(tasks or ())) for site, count in missing_sites(spec, tasks or ()).items()]
        if not served_sites(spec):
            return lacking or [finding("sites", Level.OK, "no URLs set: only the embedded sites (docs/webarena.md)")]
        async with named_instances(spec, environ, new_context=new_context or no_browser) as named:
            if new_context is None:
                glances = await glance(named, new_context=None, limit_s=asked.limit_s)
                return [*lacking, *(each for _, found in glances for each in found)]
            lacking += _unbuilt(spec, environ, named)
            wanted = ALL if tasks is None else wanted_by(tasks)
            states = await states_beside(spec, environ, named)
            lacking += [each if wanted.has(each.site) else as_warning(each) for each in states]
            return [*lacking, *await examine(named, wanted, new_context=new_context, limit_s=asked.limit_s)]
    except ConfigError as error:
        return [finding("sites", Level.FAIL, str(error), "correct the sites file or the variable")]
    except EpisodeError as error:
        return [finding("sites", Level.FAIL, str(error), "see what the provider of the sites says")]


async def glances(
    spec: SitesSpec, environ: Mapping[str, str], *, limit_s: float
) -> Sequence[tuple[Place, Sequence[Finding]]]:
    """The cheap probe of all sites, in the browser where there is one; empty when there are no sites."""
    if not served_sites(spec):
        return []
    async with AsyncExitStack() as stack:
        new_context: NewContext | None = None
        with suppress(BrowserMissing):
            session = BrowserSession(BrowserSettings(), ObservationSettings(), SettleSettings())
            new_context = (await stack.enter_async_context(session)).context
        named = await stack.enter_async_context(named_instances(spec, environ, new_context=new_context or no_browser))
        states = {(each.site, each.instance): each for each in await states_beside(spec, environ, named)}
        seen = await glance(named, new_context=new_context, limit_s=limit_s)
        own = {place: states.get((place.site, place.instance)) for place, _ in seen}
        return [(place, [*filter(None, [own[place]]), *found]) for place, found in seen]


def _unbuilt(spec: SitesSpec, environ: Mapping[str, str], named: Named) -> Sequence[Finding]:
    """What keeps a run from its sites although nothing is said of them yet, such as the variable of a reset."""
    if any(each.level is Level.FAIL for each in named.findings):
        return []
    try:
        known_instances(spec, environ)
    except ConfigError as error:
        return [finding("sites", Level.FAIL, str(error), "correct the sites file or the variable")]
    return []


def _no_url(site: str, count: int, tasks: int) -> Finding:
    return Finding(
        "URL", site, "", Level.FAIL, f"has no URL, and {count} of {tasks} tasks need it", how_to_give(Place(site, ""))
    )
