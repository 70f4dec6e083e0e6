"""Before a run: whether sites and evaluators are as its tasks need them, found before there is a run folder."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from webarena_runner.browser.session import BrowserSession
from webarena_runner.errors import ConfigError
from webarena_runner.evaluators import asks_verified, load_evaluators
from webarena_runner.settings.records import RunConfig, RunSettings
from webarena_runner.sites.probes.examine import examine
from webarena_runner.sites.probes.findings import Finding, Level
from webarena_runner.sites.probes.instances import Named, running_instances
from webarena_runner.sites.probes.wanted import wanted_by
from webarena_runner.types import Task
from webarena_runner.verified.package import install

OURS = "browser"
# A machine on which a model is starting is slow.
LIMIT_S = 20.0


async def look_at_sites(
    config: RunConfig,
    tasks: Sequence[Task],
    *,
    environment: str,
    on_start: Callable[[], None],
    environ: Mapping[str, str],
) -> tuple[str, ...]:
    """Sentences for the user; nothing to look at where sites are fresh for each episode, or workers are elsewhere.

    `on_start` is called before the first site is asked.

    Raises:
        ConfigError: a site that the tasks need is not as it must be.
        BrowserMissing: there is no browser.
    """
    if environment != OURS or config.settings.executor != "local":
        return ()
    known = running_instances(config.sites, environ)
    if known is None:
        return ()
    on_start()
    wanted = wanted_by(tasks)
    needed = [
        replace(each, urls={site: url for site, url in each.urls.items() if wanted.has(site)})
        for each in known.instances
    ]
    settings = config.settings
    async with BrowserSession(settings.browser, settings.observation, settings.settle) as session:
        findings = await examine(
            Named(needed, known.findings), wanted, new_context=session.context, limit_s=LIMIT_S, thorough=False
        )
    if faults := [_told(each) for each in findings if each.level is Level.FAIL]:
        raise ConfigError(
            "the sites are not as the chosen tasks need them; correct that, or go on all the same with --skip-doctor:\n"
            + "\n".join(faults)
        )
    return tuple(_told(each) for each in findings if each.level is Level.WARNING and wanted.has(each.site))


async def get_evaluators(tasks: Sequence[Task], settings: RunSettings, say: Callable[[str], None]) -> None:
    """Installs webarena-verified where it scores one of the tasks and is not there, or not whole; `say` is told so.

    Raises:
        FetchError: it cannot be installed.
    """
    evaluators = load_evaluators(settings.scoring)
    # Checks of another kind are those of environments, which score in a way of their own.
    scored = [task for task in tasks if all(check.kind in evaluators for check in task.checks)]
    if any(asks_verified(task, evaluators) for task in scored):
        await asyncio.to_thread(install, say)


def _told(finding: Finding) -> str:
    where = f"{finding.site} ({finding.instance})" if finding.instance else finding.site
    return f"{where}: {finding.check}: {finding.found} -> {finding.remedy}"
