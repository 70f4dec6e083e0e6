"""What a start would be refused for, found without starting or asking anything: for a plan that says so first."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webarena_runner import registry
from webarena_runner.browser.find import find_browser
from webarena_runner.errors import UsageError
from webarena_runner.export.targets import open_export
from webarena_runner.interfaces import AgentSetup, ModelBackend
from webarena_runner.log.writing import require_writable
from webarena_runner.running.resets import PlannedReset, resets_of
from webarena_runner.running.run import Prepared
from webarena_runner.settings.loading import load_model_spec
from webarena_runner.settings.records import ModelSpec, RunConfig
from webarena_runner.sites.providers import build_provider, no_browser
from webarena_runner.types import Task

OURS = "browser"


@dataclass(frozen=True)
class Rehearsal:
    """Why a run would not start, what it would say at its start, and which shared sites it would reset."""

    faults: tuple[str, ...]
    notes: tuple[str, ...] = ()
    resets: tuple[PlannedReset, ...] = ()


@dataclass
class _Faults:
    """Each once, in the order in which they were found."""

    found: dict[str, None] = field(default_factory=dict)

    @contextmanager
    def told(self) -> Iterator[None]:
        try:
            yield
        except UsageError as error:
            self.found[str(error)] = None


async def rehearse(
    config: RunConfig,
    tasks: tuple[Task, ...],
    *,
    environment: str,
    out: Path,
    environ: Mapping[str, str],
    prepared: Callable[[], Prepared],
) -> Rehearsal:
    """What would keep a run from starting; `prepared` is what it would begin with.

    Servers, engines, sites and the browser are not started or asked: only whether they could be. Another executor than
    the local one may have model, browser and sites where it plays, so that these are not looked for here.
    """
    faults, here = _Faults(), config.settings.executor == "local"
    notes: tuple[str, ...] = ()
    resets: tuple[PlannedReset, ...] = ()
    with faults.told():
        run = prepared()
        notes = tuple(run.notes)
        resets = resets_of(run, environ)
    with faults.told():
        require_writable(out)
    for text in config.settings.exporters:
        with faults.told():
            open_export(text, out=out, environ=environ)
    async with AsyncExitStack() as stack:
        model = None
        if here and config.model:
            with faults.told():
                model = _open(config.model, environ, stack)
        if model or not config.model:
            with faults.told():
                _check_agent(config, model, tasks)
        if here and config.settings.judge.model:
            with faults.told():
                _open(load_model_spec(config.settings.judge.model), environ, stack)
    if here and environment == OURS:
        with faults.told():
            browser = config.settings.browser
            find_browser(browser.executable, headless=browser.headless)
        with faults.told():
            build_provider(config.sites, environ, new_context=no_browser)
    return Rehearsal(tuple(faults.found), notes, resets)


def _open(spec: ModelSpec, environ: Mapping[str, str], stack: AsyncExitStack) -> ModelBackend:
    """The backend, which has asked and loaded nothing yet. Raises UsageError when it cannot run here."""
    kind: Any = registry.load("models", spec.backend)
    backend: ModelBackend = kind(spec, environ=environ)
    stack.push_async_callback(backend.aclose)
    if lacking := kind.availability(spec, environ):
        subject = f"model '{spec.name}': "
        raise UsageError(subject + str(lacking).removeprefix(subject))
    return backend


def _check_agent(config: RunConfig, model: ModelBackend | None, tasks: tuple[Task, ...]) -> None:
    images = config.model.images if config.model else "none"
    registry.load("agents", config.settings.agent).build(AgentSetup(model, config.settings, images)).check_tasks(tasks)
