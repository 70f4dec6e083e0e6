"""Before a run: the sites that its tasks need are brought up, where their provider does that."""

from collections.abc import Callable, Iterable, Mapping

from webarena_runner.official.sites import sites_needed
from webarena_runner.running.progress import Event, Note, Phase
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.providers import prepare_sites
from webarena_runner.types import Task


class _Told:
    """What becomes of each container, as events: each kind of state once."""

    def __init__(self, run_id: str, on_event: Callable[[Event], None]) -> None:
        self._run_id = run_id
        self._on_event = on_event
        self._states: dict[str, str] = {}

    def say(self, name: str, state: str) -> None:
        kind = state.partition(":")[0]
        if self._states.get(name) != kind:
            self._states[name] = kind
            self._on_event(Phase(self._run_id, f"sites: {name}: {state}"))

    def warn(self, text: str) -> None:
        self._on_event(Note(text))


async def bring_up(
    sites: SitesSpec,
    tasks: Iterable[Task],
    *,
    run_id: str,
    on_event: Callable[[Event], None],
    environ: Mapping[str, str],
) -> tuple[tuple[str, str], ...]:
    """Until the sites of all these tasks answer: those that are as new, each by its instance and name.

    Raises:
        UsageError: they cannot be brought up; it says what to do.
        SiteError: some did not come up.
    """
    needed = sorted({site for task in tasks for site in sites_needed(task)})
    return tuple(await prepare_sites(sites, environ, sites=needed, watch=_Told(run_id, on_event)))
