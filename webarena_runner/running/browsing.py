"""The environment of the web benchmarks: leased sites in a Chromium, scored by the task's evaluators."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, Self

from playwright.async_api import StorageState

from webarena_runner.browser.record.recorder import Recording
from webarena_runner.browser.session import BrowserSession
from webarena_runner.errors import BrowserError, LoginError, SiteError
from webarena_runner.evaluators import (
    asks_verified,
    load_evaluators,
    needs_bodies,
    needs_trace,
    require_scorable,
    score,
)
from webarena_runner.interfaces import EpisodeEnd, Evaluator, Exchange, Judge, PageProbe, SiteLease, SiteProvider
from webarena_runner.interfaces.environments import EnvironmentSetup, EpisodeNotes
from webarena_runner.interfaces.watching import Document, LeaseWatch
from webarena_runner.log.har import read_har
from webarena_runner.log.paths import AttemptPaths
from webarena_runner.log.writing import writing_below
from webarena_runner.official.addresses import place_of, spelled_as
from webarena_runner.official.families import VERIFIED
from webarena_runner.official.notation import render
from webarena_runner.official.sites import OFFICIAL_SITES, sites_needed
from webarena_runner.pictures import KeptPictures, PictureSource
from webarena_runner.running.elsewhere import require_sites_of_tasks
from webarena_runner.running.gate import Gate, GatedDesk, SiteGate
from webarena_runner.running.side_by_side import one_after_the_other, side_by_side
from webarena_runner.running.signed_in import SignedIn, is_login_page, taken_away
from webarena_runner.settings.records import PageChecks, RecordSettings, RunSettings, SitesSpec
from webarena_runner.sites.providers import build_provider, gives_fresh
from webarena_runner.sites.shared import SharedSites
from webarena_runner.types import Action, Geolocation, Observation, Score, Task, Viewport
from webarena_runner.verified.evaluator import Job, VerifiedEvaluator

log = logging.getLogger(__name__)

# Longer than what stands in place of a page, the tab line included, and shorter than a page of a site.
MAX_NOTICE_CHARACTERS = 800


class Pages(Protocol):
    """The tabs of one episode, already on its start pages and logged in."""

    @property
    def url(self) -> str: ...

    async def observe(self) -> Observation: ...

    async def step(self, action: Action) -> Observation: ...

    def probe(self, page_checks: PageChecks = "agent_tab") -> PageProbe:
        """What evaluators are given, with `scoring.page_checks` of the run's settings."""
        ...

    async def require_up(self) -> None:
        """Before the first check: raises SiteError when a site went away under the episode."""
        ...

    def visits(self) -> tuple[Sequence[Document], bool]:
        """Main documents since the last call, and whether a page has asked for anything by which people sign out."""
        ...

    async def state_of(self, site: str) -> StorageState:
        """The cookies that the site is sent now."""
        ...

    async def end_recording(self) -> None:
        """To be called before the first check: pages that checks open are in no recording."""
        ...

    def trace(self) -> Sequence[Exchange]:
        """The network log up to now; empty unless the episode was opened with one."""
        ...


class Browser(Protocol):
    """What is needed of a browser."""

    @property
    def version(self) -> str: ...

    @property
    def sandbox(self) -> bool:
        """Whether its pages are kept from the rest of the machine."""
        ...

    @property
    def in_line(self) -> int:
        """How many wait for a turn in it now."""
        ...

    @property
    def starved_s(self) -> float:
        """Seconds in which it, or the runner, was kept from a core."""
        ...

    def episode(
        self,
        *,
        urls: Mapping[str, str],
        storage_state: Mapping[str, Any] | None,
        start_urls: Sequence[str],
        more_urls: Sequence[str],
        traced: bool,
        recording: Recording | None,
        geolocation: Geolocation | None,
        viewport: Viewport | None,
        blocked: MutableMapping[str, int] | None,
        visited: MutableMapping[str, int] | None,
        headers: Mapping[str, Mapping[str, str]],
        watch: LeaseWatch | None,
        apart: Mapping[str, Mapping[str, Any]],
        timings_ms: MutableMapping[str, float] | None,
        on_write: Callable[[str], None],
    ) -> AbstractAsyncContextManager[Pages]: ...


class BrowserEnvironments:
    """Gives each episode its leased sites in tabs of its own."""

    def __init__(
        self,
        settings: RunSettings,
        *,
        sites: SiteProvider,
        browser: Browser,
        evaluators: Mapping[str, Evaluator],
        judge: Judge | None = None,
        verified: VerifiedEvaluator | None = None,
        pictures: PictureSource | None = None,
    ) -> None:
        self._settings = settings
        self._sites = sites
        self._browser = browser
        self._evaluators = evaluators
        self._judge = judge
        self._verified = verified
        self._pictures = pictures or PictureSource()
        self.gate: Gate | None = SiteGate(sites.pool, settings.order) if isinstance(sites, SharedSites) else None

    def follow(self, desk: GatedDesk) -> None:
        """From here on shared sites are handed out elsewhere, for all workers of a run."""
        if isinstance(self._sites, SharedSites):
            self._sites.follow(desk)
            desk.on_renewal = self._sites.forget_sessions
            self.gate = desk

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: EnvironmentSetup) -> AsyncIterator[Self]:
        """Raises UsageError when browser or sites are not there."""
        settings = setup.settings
        evaluators = load_evaluators(settings.scoring)
        session = BrowserSession(
            settings.browser,
            settings.observation,
            settings.settle,
            screenshot_type="png" if setup.lossless_screenshots else "jpeg",
            captioner=setup.captioner,
        )
        provider = build_provider(
            setup.sites,
            setup.environ,
            new_context=session.context,
            outages=settings.outages,
            resetting=setup.resetting,
            on_event=setup.on_event,
        )
        # Sites that are shared may want a browser as they begin.
        entered = side_by_side if gives_fresh(setup.sites) else one_after_the_other
        async with VerifiedEvaluator() as verified, entered(session, provider) as (browser, sites):
            yield cls(
                settings,
                sites=sites,
                browser=browser,
                evaluators=evaluators,
                judge=setup.judge,
                verified=verified,
                pictures=setup.pictures,
            )

    @classmethod
    def check_tasks(cls, tasks: Sequence[Task], settings: RunSettings) -> None:
        """Raises UsageError when an evaluator of a task is not installed, or cannot score its check."""
        require_scorable(tasks, load_evaluators(settings.scoring))

    @classmethod
    def check_sites(cls, tasks: Sequence[Task], sites: SitesSpec) -> tuple[str, ...]:
        """Says which tasks name hosts that are no site of theirs; raises UsageError when one begins there."""
        return require_sites_of_tasks(tasks, sites)

    @property
    def versions(self) -> Mapping[str, str]:
        return {"chromium": self._browser.version, "chromium sandbox": "on" if self._browser.sandbox else "off"}

    @property
    def in_line(self) -> int:
        return self._browser.in_line

    @property
    def starved_s(self) -> float:
        return self._browser.starved_s

    @asynccontextmanager
    async def episode(self, task: Task, *, trial: int, notes: EpisodeNotes) -> AsyncIterator["LeasedSites"]:
        leasing = notes.timed_entry("lease", self._leasing(task, trial))
        needs_log = asks_verified(task, self._evaluators)
        async with leasing as lease, _place_of_log(notes.folder, needed=needs_log) as folder:
            notes.move("lease", "login", 1000 * lease.login_s)
            notes.site_urls.update(lease.urls)
            notes.cookies_apart.extend(lease.apart)
            notes.instance, notes.disturbed = lease.instance, lease.disturbed

            def on_write(site: str) -> None:
                notes.wrote.add(site)
                lease.on_write(site)

            await self._keep_pictures(task, lease, notes.folder)
            recording = _recording(self._record_of(task), folder, lease)
            opening = self._browser.episode(
                urls=lease.urls,
                storage_state=lease.storage_state,
                start_urls=[render(url, lease.urls) for url in task.start_urls],
                more_urls=lease.more_urls,
                traced=needs_trace(task, self._evaluators),
                recording=recording,
                geolocation=task.geolocation,
                viewport=task.viewport,
                blocked=notes.blocked_hosts,
                visited=notes.visited_hosts,
                headers=lease.headers,
                watch=lease.watch,
                apart=lease.apart,
                timings_ms=notes.timings_ms,
                on_write=on_write,
            )
            async with opening as pages:
                lease = replace(lease, urls={site: spelled_as(url, pages.url) for site, url in lease.urls.items()})
                notes.site_urls.update(lease.urls)
                yield LeasedSites(self, task, lease, pages, recording, notes)

    async def _keep_pictures(self, task: Task, lease: SiteLease, folder: Path | None) -> None:
        """For readers of the log: who has to see them says so itself when there are none."""
        if folder is None or not task.images:
            return
        try:
            found = await self._pictures.of_task(task, lease.urls)
        except SiteError as error:
            log.warning("task %s: its pictures are not kept: %s", task.task_id, error)
            return
        with writing_below(folder):
            for index, picture in enumerate(found):
                AttemptPaths(folder).task_picture(index, picture.suffix).write_bytes(picture.data)

    def _leasing(self, task: Task, trial: int) -> AbstractAsyncContextManager[SiteLease]:
        wanted = sites_needed(task)
        if self.gate is None or not isinstance(self._sites, SharedSites):
            return self._sites.lease(wanted, login_sites=task.login_sites, writes=task.writes)
        grant = self.gate.take(task.task_id, trial)
        return self._sites.lease(wanted, login_sites=task.login_sites, writes=task.writes, grant=grant)

    def _record_of(self, task: Task) -> RecordSettings:
        """What is recorded of it: the network log in any case where webarena-verified scores by it."""
        if not asks_verified(task, self._evaluators):
            return self._settings.record
        bodies = self._settings.record.har_bodies or needs_bodies(task, self._evaluators)
        return self._settings.record.model_copy(update={"har": True, "har_bodies": bodies})

    async def score(
        self, task: Task, answer: str, lease: SiteLease, pages: Pages, recording: Recording, folder: Path | None
    ) -> tuple[float, tuple[Score, ...]]:
        """`folder` is that of the attempt, where pictures that it is scored by are kept."""
        _require_kept(lease)
        await pages.require_up()
        await pages.end_recording()
        verdict = None
        if self._verified is not None and asks_verified(task, self._evaluators):
            verdict = await self._verified.verdict(_job(task, answer, lease, recording))
        probe = pages.probe(self._settings.scoring.page_checks)
        end = EpisodeEnd(task, answer, lease, probe, pages.trace(), KeptPictures(folder), verdict, self._pictures)
        return await score(task, end, self._evaluators, self._judge)

    @property
    def keeps_passed(self) -> bool:
        """Whether the trace of an episode that passed stays."""
        return self._settings.record.trace != "failed"


class LeasedSites:
    """One task's sites, in one agent's tabs."""

    def __init__(
        self,
        provider: BrowserEnvironments,
        task: Task,
        lease: SiteLease,
        pages: Pages,
        recording: Recording,
        notes: EpisodeNotes,
    ) -> None:
        self._provider = provider
        self._task = task
        self._lease = lease
        self._pages = pages
        self._recording = recording
        self._notes = notes
        self._signed_in = SignedIn(lease, task.login_sites)

    @property
    def url(self) -> str:
        return self._pages.url

    async def observe(self) -> Observation:
        """Raises LoginError when the task must start logged in and sees a log-in page, SiteError at a rate limit."""
        first = await self._pages.observe()
        _require_unlimited(first, self._lease.urls)
        if self._task.login_sites and is_login_page(first.url, self._lease.login_pages):
            raise LoginError(
                f"task {self._task.task_id} must start logged in to {', '.join(self._task.login_sites)}, "
                f"but sees {first.url}"
            )
        self._pages.visits()
        return first

    async def step(self, action: Action) -> Observation:
        """Raises SiteError when the sites were taken from the episode."""
        _require_kept(self._lease)
        return await self._looked_at(await self._pages.step(action))

    async def _looked_at(self, seen: Observation) -> Observation:
        """Says in it when the session of a site was taken from the agent."""
        visits, may_end_session = self._pages.visits()
        self._notes.login_pages.extend(self._signed_in.login_pages(visits))
        for site, document in self._signed_in.suspects(visits, may_end_session=may_end_session):
            if await self._lease.is_signed_out(site, await self._pages.state_of(site)):
                return seen.model_copy(update={"signed_out": taken_away(site, document)})
        return seen

    async def score(self, answer: str) -> tuple[float, tuple[Score, ...]]:
        value, scores = await self._provider.score(
            self._task, answer, self._lease, self._pages, self._recording, self._notes.folder
        )
        if value == 1 and not self._provider.keeps_passed and self._recording.trace is not None:
            self._recording.trace.unlink(missing_ok=True)
        return value, scores


def _require_kept(lease: SiteLease) -> None:
    if lease.watch.lost:
        raise SiteError(lease.watch.lost)


def _require_unlimited(first: Observation, urls: Mapping[str, str]) -> None:
    """Postmill says with status 200 that it was asked too often; a page of its own is longer than that."""
    if len(first.text) > MAX_NOTICE_CHARACTERS:
        return
    address, text = place_of(first.url), first.text.lower()
    for site, url in urls.items():
        known = OFFICIAL_SITES.get(site)
        said = next((words for words in known.throttled if words in text), "") if known else ""
        if said and place_of(url) == address:
            raise SiteError(
                f"{first.url}: the start page of {site} is no page of the site, but says {said!r}: the site limits how "
                "often it is asked; use fewer --workers, or switch its rate limit off"
            )


@asynccontextmanager
async def _place_of_log(folder: Path | None, *, needed: bool) -> AsyncIterator[Path | None]:
    """Without a run folder a log is kept for as long as the episode takes, where it is scored by it."""
    if folder is not None or not needed:
        yield folder
        return
    with TemporaryDirectory(prefix="wa-run-log-") as place:
        yield Path(place)


def _job(task: Task, answer: str, lease: SiteLease, recording: Recording) -> Job:
    """Raises BrowserError when there is no network log, which is an error there and would be a 0."""
    entries = read_har(recording.har)["log"]["entries"] if recording.har and recording.har.is_file() else []
    if not entries:
        raise BrowserError("the network log, by which webarena-verified scores, was not recorded")
    return Job(task.raw, answer, entries, lease.urls, official=task.task_set == VERIFIED.name)


def _recording(record: RecordSettings, folder: Path | None, lease: SiteLease) -> Recording:
    """Nothing where there is no folder for it."""
    if folder is None:
        return Recording()
    paths = AttemptPaths(folder)
    return Recording(
        har=paths.har if record.har else None,
        trace=paths.trace if record.trace != "none" else None,
        max_body_bytes=1024 * record.max_body_kb if record.har_bodies else 0,
        film_strip=record.film_strip,
        secrets=tuple(password for _, password in lease.credentials.values()),
    )
