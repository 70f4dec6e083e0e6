"""Before a run: whether the sites are as its tasks need them, found before there is a run folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from webarena_runner.browser.session import BrowserSession
from webarena_runner.errors import ConfigError
from webarena_runner.settings.records import RunConfig
from webarena_runner.sites.probes.examine import examine
from webarena_runner.sites.probes.findings import Finding, Level
from webarena_runner.sites.probes.instances import Named, running_instances
from webarena_runner.sites.probes.wanted import wanted_by
from webarena_runner.types import Task

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


def _told(finding: Finding) -> str:
    where = f"{finding.site} ({finding.instance})" if finding.instance else finding.site
    return f"{where}: {finding.check}: {finding.found} -> {finding.remedy}"
