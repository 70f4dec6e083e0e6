"""The seam between an episode and what it is played in: web sites in a browser, or a world of another kind."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from webarena_runner.interfaces import Captioner, Judge
from webarena_runner.interfaces.site_events import SiteEvent, ignore_site_event
from webarena_runner.pictures import PictureSource
from webarena_runner.settings.records import RunSettings, SitesSpec
from webarena_runner.settings.resetting import NO_RESETS, Resetting
from webarena_runner.types import Action, Observation, Score, Task, Tool

T = TypeVar("T")


class Environment(Protocol):
    """What one episode is played in, already at its start: web pages, or whatever its provider makes."""

    @property
    def url(self) -> str:
        """Where the agent is: the URL of its current tab."""
        ...

    async def observe(self) -> Observation:
        """The start; raises BrowserError when the page cannot be read within the step's limit."""
        ...

    async def step(self, action: Action) -> Observation:
        """Executes, settles, observes; a failed action is named in `action_error`, not raised."""
        ...

    async def score(self, answer: str) -> tuple[float, tuple[Score, ...]]:
        """The episode's value in [0, 1] and what it comes from; called once, after the last step.

        Raises:
            EpisodeError: site, browser or judge failed, so there is no score.
        """
        ...


@dataclass
class EpisodeNotes:
    """What the result keeps of an episode's setting up and end, also of one that fails there.

    `site_urls`: of the leased sites by official name, which the agent is given; empty where there are none.
    `blocked_hosts`: those that its pages, or the agent, asked for outside these sites, with how often;
    `visited_hosts`: those that they reached there. `cookies_apart`: sites on one host name whose cookies were kept
    apart, since they would have signed each other out. `login_pages`: those that it came to see after its start, of
    sites that it was logged in to.
    `instance` is the copy of the sites that it had, where episodes share copies. `wrote` are sites that it was seen to
    change, `disturbed` those that another episode was seen to change meanwhile, which was to read them only.
    `folder` is that of the attempt, for recordings; None: nothing is kept of the episode.
    `intent` is what is to be done, where that is known only when the episode has begun ("": what the task says).
    `tools` are the functions that its agent may call, of an environment that has some (`OffersTools`).
    """

    folder: Path | None = None
    site_urls: dict[str, str] = field(default_factory=dict)
    blocked_hosts: dict[str, int] = field(default_factory=dict)
    visited_hosts: dict[str, int] = field(default_factory=dict)
    login_pages: list[str] = field(default_factory=list)
    cookies_apart: list[str] = field(default_factory=list)
    instance: str = ""
    intent: str = ""
    tools: tuple[Tool, ...] = ()
    wrote: set[str] = field(default_factory=set)
    disturbed: set[str] = field(default_factory=set)
    timings_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Adds to the time of a part, also when that fails."""
        clock = monotonic()
        try:
            yield
        finally:
            self.timings_ms[part] = self.timings_ms.get(part, 0.0) + 1000 * (monotonic() - clock)

    def move(self, part: str, to: str, spent_ms: float) -> None:
        """What was taken for time of one part is that of another."""
        self.timings_ms[part] -= spent_ms
        self.timings_ms[to] = self.timings_ms.get(to, 0.0) + spent_ms

    @asynccontextmanager
    async def timed_entry(self, part: str, entered: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
        """What it gives, with the time that entering it takes as a part."""
        async with AsyncExitStack() as stack:
            with self.timed(part):
                value = await stack.enter_async_context(entered)
            yield value


@dataclass(frozen=True)
class EnvironmentSetup:
    """What an environment provider is opened with.

    `judge` None: the run has none. Screenshots are lossless for models that see and for programs, not for the log.
    `resetting` is what the run does about resets of shared sites, `on_event` is for whoever watches.
    `captioner` None: the pictures of pages are not described. `pictures` is the agent's source of
    those of tasks too.
    """

    settings: RunSettings
    sites: SitesSpec
    environ: Mapping[str, str]
    judge: Judge | None = None
    lossless_screenshots: bool = False
    resetting: Resetting = NO_RESETS
    on_event: Callable[[SiteEvent], None] = ignore_site_event
    captioner: Captioner | None = None
    pictures: PictureSource = field(default_factory=PictureSource)


class EnvironmentProvider(Protocol):
    """Makes environments; one object serves all concurrent episodes of a worker.

    Its class method `open(setup)` is an async context manager that starts what it needs and gives the object; it
    raises UsageError when something is not there. A task set says by `LoadedTasks.environment` which one plays it.
    Where tasks may be unfit for it, a class method `check_tasks(tasks, settings)` raises UsageError, and so does
    `check_sites(tasks, sites)`, which returns sentences for the user; both are called before there is a run folder.
    What it may tell of its load: `TellsLoad`. One whose actions are calls of functions says so: `OffersTools`.
    """

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions that a number may depend on, for the manifest."""
        ...

    def episode(self, task: Task, *, trial: int, notes: EpisodeNotes) -> AbstractAsyncContextManager[Environment]:
        """Raises EpisodeError when the task cannot be set up."""
        ...


@runtime_checkable
class EndsItself(Protocol):
    """An environment whose episodes end without a stop of the agent's, such as a game that is won or lost."""

    @property
    def is_over(self) -> bool:
        """Asked after each step."""
        ...


class OffersTools(Protocol):
    """A provider whose actions are `CallTool`, of functions that each episode names in `EpisodeNotes.tools`.

    A call that does not fit the function's schema never gets to the environment's `step`, which is given `Invalid` for
    it, as for any other reply that is no action.
    """

    offers_tools: ClassVar[bool]


class TellsLoad(Protocol):
    """A provider whose episodes share something that not all of them can use at once, for `--workers auto`."""

    @property
    def in_line(self) -> int:
        """Episodes that wait for it now."""
        ...

    @property
    def starved_s(self) -> float:
        """Seconds up to now in which it, or the runner, was kept from a core."""
        ...
