"""The seams. What plug-ins implement, and what the episode loop is written against."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import BaseModel

from webarena_runner.interfaces.models import (
    AsksServer,
    ModelBackend,
    ObservationUnit,
    Preview,
    RequestTag,
    ServeCommand,
    ServeHow,
    Serves,
    ShowsPrompts,
    TakesForms,
    TakesTools,
    Wish,
    form_fault,
    generate_in_form,
    refusals_of,
    tools_fault,
)
from webarena_runner.interfaces.site_events import ResetBegun, SiteEvent, ignore_site_event
from webarena_runner.interfaces.tasksets import LoadedTasks, TaskSet, UnusableTask
from webarena_runner.interfaces.watching import LeaseWatch
from webarena_runner.official.node import Node
from webarena_runner.pictures import KeptPictures, Picture, PictureSource
from webarena_runner.settings.records import Images, OutageSettings, RunSettings, ScoringSettings
from webarena_runner.settings.resetting import NO_RESETS, Resetting
from webarena_runner.types import Decision, Observation, Score, Step, Task, Verdict

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, StorageState

__all__ = [
    "Captioner",
    "Agent",
    "AgentSetup",
    "AsksServer",
    "EpisodeEnd",
    "Evaluator",
    "EvaluatorSetup",
    "Exchange",
    "Judge",
    "JudgeReply",
    "LoadedTasks",
    "ModelBackend",
    "NewContext",
    "ObservationUnit",
    "ObservedPage",
    "Observer",
    "PageProbe",
    "Past",
    "Preview",
    "Question",
    "RequestTag",
    "ResetBegun",
    "ServeCommand",
    "ServeHow",
    "Serves",
    "ShowsPrompts",
    "SiteEvent",
    "SiteLease",
    "SiteProvider",
    "SiteSetup",
    "TakesForms",
    "TakesTools",
    "TaskSet",
    "UnusableTask",
    "Wish",
    "form_fault",
    "generate_in_form",
    "refusals_of",
    "tools_fault",
    "ignore_site_event",
]


class Agent(Protocol):
    """No hidden state: history in, decision out. `urls` are the leased sites' URLs by official site name.

    A class whose agents work without a model says so by `needs_model = False`, and what they go by in a `note`; one
    whose agents look at `Task.images` says so by `takes_images = True` (with a model, they do where it sees), and one
    whose agents without a model make nothing of the run's seed by `draws = False`. `prompt` names the prompt file that
    a class has where none is chosen, `prompts` others by action set. One with `takes_argument = True` may be named with
    more behind a colon, and finds it in `RunSettings.agent`. An async context manager is entered before the first
    episode.
    """

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision: ...

    def check_tasks(self, tasks: Sequence[Task]) -> None:
        """Before a run: raises UsageError when these tasks are not for this agent."""
        ...


@dataclass(frozen=True)
class AgentSetup:
    """What an agent class is built from, by its class method `build(setup)`; `model` None for agents without one.

    `images` is what the model file says of pictures in prompts; `ignore_keys` are keys of task records that the run is
    to be played without, such as image. `captioner` describes pictures to models that do not see. `pictures` gives
    those of `Task.images`, which the run has got already where it keeps them.
    """

    model: ModelBackend | None
    settings: RunSettings
    images: Images = "none"
    ignore_keys: tuple[str, ...] = ()
    captioner: "Captioner | None" = None
    pictures: PictureSource = field(default_factory=PictureSource)


@dataclass(frozen=True)
class Exchange:
    """One request of an episode's pages; `resource` is Playwright's type (`document`, `xhr`), `status` 0: no answer."""

    method: str
    url: str
    resource: str
    body: str
    status: int


class ObservedPage(Protocol):
    """The page of the agent's tab, after it has settled and its text has been read."""

    @property
    def url(self) -> str: ...

    @property
    def tab_urls(self) -> Sequence[str]:
        """Of all tabs, in their order; `number` is the agent's among them."""
        ...

    @property
    def number(self) -> int: ...

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Result of a DevTools command. What it raises is not for the observer: the page went away, and is read again.

        Commands that change the page, or switch on a DevTools domain, change what episodes see.
        """
        ...


class Observer(Protocol):
    """Adds to `Observation.extras` under the name it is announced by; a class that is called without arguments.

    Runs name it in `observation.observers`. One object serves all concurrent episodes of a browser.
    """

    async def observe(self, page: ObservedPage) -> Any:
        """A JSON value, or bytes."""
        ...


class PageProbe(Protocol):
    """What evaluators may look at. `last` is the agent's tab.

    Other URLs open in that same tab, which then shows them (official), or each in a fresh tab of its own.
    """

    @property
    def url(self) -> str:
        """URL of the agent's tab: where the episode ended, until `open` takes it elsewhere."""
        ...

    async def open(self, url: str) -> str:
        """Opens a URL (nothing to do for "last") and returns the URL it ended on."""
        ...

    async def content(self, url: str = "last") -> str:
        """Serialised HTML of the page that `open` last showed for `url`."""
        ...

    async def evaluate(self, script: str, url: str = "last") -> Any:
        """Value of a script in the page: JSON values as Playwright returns them. Raises BrowserError if it throws."""
        ...


async def _cannot_tell(site: str, state: "StorageState") -> bool:
    return False


@dataclass(frozen=True)
class SiteLease:
    """The sites of one episode, by official name: those its task needs, and the home page where the provider has one.

    `more_urls` are further addresses that the sites' pages ask; the browser reaches these and the sites, no others.
    `credentials`: user name and password. `storage_state` is Playwright's, None for an episode that is not logged in.
    `headers` are extra ones of all requests to a site, by its name. `apart` are sites on one host name that would take
    each other's cookies, each with a logged-in state of its own. `label` says in logs where the sites are, `instance`
    is the name of the copy, where the provider has several episodes share copies.
    `login_pages` are addresses where a visitor is sent who should be logged in and is not; `is_signed_out` asks a site
    whether these cookies sign nobody in, and says no where it cannot tell.
    `on_write` is told, as it happens, which of the sites the episode is seen to change; `disturbed` are those that
    another episode was seen to change meanwhile.
    `watch` is how episode and provider tell each other of outages. `login_s` is how long logging in took, of the time
    until the lease was there.
    """

    urls: Mapping[str, str]
    storage_state: Mapping[str, Any] | None = field(default=None, repr=False)
    credentials: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    more_urls: Sequence[str] = ()
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    login_pages: Sequence[str] = ()
    is_signed_out: Callable[[str, "StorageState"], Awaitable[bool]] = _cannot_tell
    apart: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    label: str = ""
    instance: str = ""
    on_write: Callable[[str], None] = lambda site: None
    disturbed: set[str] = field(default_factory=set, compare=False)
    watch: LeaseWatch = field(default_factory=LeaseWatch, repr=False, compare=False)
    login_s: float = field(default=0.0, compare=False)


class NewContext(Protocol):
    """Opens empty browser contexts outside any episode, for logging in to sites."""

    def __call__(
        self, urls: Sequence[str] | None = None, *, headers: Mapping[str, Mapping[str, str]] | None = None
    ) -> AbstractAsyncContextManager["BrowserContext"]:
        """One that reaches the hosts of these URLs and no others; None: all hosts.

        `headers` are sent with every request to one of them, by its URL.
        """
        ...


@dataclass(frozen=True)
class SiteSetup:
    """What a site provider is built from, by its class method `build(setup)`.

    `options` is the class's own record `Options`. `new_context` opens a browser context for logging in, and keeps it to
    the URLs that it is given; `environ` holds the passwords that options only name. `outages` says what becomes of a
    shared site that is down, `resetting` what the run does about resets; `on_event` is for whoever watches.
    """

    options: Any
    new_context: NewContext
    environ: Mapping[str, str]
    outages: OutageSettings = OutageSettings()
    resetting: Resetting = NO_RESETS
    on_event: Callable[[SiteEvent], None] = ignore_site_event


class SiteProvider(Protocol):
    """Hands out web sites. One object serves a run; entering it starts what it needs.

    A provider class has a pydantic record `Options`, which validates the options of a sites file, and class methods
    `build(setup)` and `serves(options)`, the official names of the sites that it has. Where it makes sense it also has
    `options_from(environ, given)`, options that are added to those that a file and `-o` give, or take their place, and
    `lacking(missing, tasks)`, the message for sites that it does not serve, with how many of so many tasks need each.
    One whose episodes share sites says by `copies(options)` which sites each copy has. One that knows the URLs of its
    sites before it is entered gives by `addresses(options, sites)` all that an episode with these sites reaches. One
    that makes the sites' data itself says by `data_version(task_set_sha256)` which data and tasks those are, one that
    knows which images its sites run by `images_of(options)`, and one whose every lease has sites that nothing was done
    to by `fresh = True`; such a one is entered while the browser starts, and uses `new_context` in leases alone. One
    that starts its sites before a run does that in
    `await prepare(options, environ, sites=..., watch=...)`, and one that can say what has become of what they run in
    does so in `await states(options, environ)`, a `sites.probes.findings.Finding` by the URL of the site.
    """

    async def __aenter__(self) -> "SiteProvider": ...

    async def __aexit__(self, *exc: object) -> None: ...

    def lease(
        self, sites: Sequence[str], *, login_sites: Sequence[str], writes: bool
    ) -> AbstractAsyncContextManager[SiteLease]:
        """Takes what `official.sites.sites_needed` says of a task; `login_sites` are some of `sites`.

        Raises:
            SiteError: a site is not served, or does not answer.
            LoginError: a site cannot be logged in to.
        """
        ...


class Judge(Protocol):
    """Decides fuzzy answers; verdicts are kept by what they depend on."""

    @property
    def name(self) -> str: ...

    async def ask(
        self, kind: str, *, intent: str, reference: str, answer: str, pictures: Sequence[bytes] = ()
    ) -> "JudgeReply":
        """`pictures` are only given with questions about some."""
        ...


class Captioner(Protocol):
    """Says in words what a picture shows; "" when it cannot."""

    async def caption(self, picture: Picture) -> str: ...


@dataclass(frozen=True)
class JudgeReply:
    """`cost_usd` None: kept from an earlier call, or the judge's model file has no prices.

    `question` is the whole prompt, for the log.
    """

    text: str
    cached: bool
    cost_usd: float | None = None
    question: str = ""


@dataclass(frozen=True)
class EpisodeEnd:
    """What an evaluator is given of the episode.

    `trace` is the network log from the start pages to the last action; only there when one of the task's evaluators
    needs it. `pictures` keeps those that an evaluator looks at, `source` gets them. `verdict` is what webarena-verified
    says of the episode, for evaluators with `asks_verified`.
    """

    task: Task
    answer: str
    lease: SiteLease
    page: PageProbe
    trace: Sequence[Exchange] = ()
    pictures: KeptPictures = field(default_factory=KeptPictures)
    verdict: Mapping[str, Any] | None = None
    source: PictureSource = field(default_factory=PictureSource)


@dataclass(frozen=True)
class Question:
    """What only a judge can decide: whether `answer` is right by `reference`; `kind` is one of the judge's prompts.

    `unjudged` is the score when there is no judge, where no verdict can change it; None: the verdict decides. `intent`
    is what the judge is told that was asked for; None: the task's. `picture` is the name of one that was kept of the
    episode, which the judge is shown; "": none.
    """

    kind: str
    reference: str
    answer: str
    unjudged: Score | None = None
    intent: str | None = None
    picture: str = ""


@dataclass(frozen=True)
class Past:
    """What a past episode's folder has for a check that it was not scored by; `urls` are of all its sites.

    `seen` has the spec and the evidence of each check of the same kind that it was scored by.
    """

    answer: str
    final_url: str
    urls: Mapping[str, str]
    seen: Sequence[tuple[Any, Mapping[str, Any]]] = ()


@dataclass(frozen=True)
class EvaluatorSetup:
    """What an evaluator class is built from, by its class method `build(setup)`."""

    scoring: ScoringSettings


class Evaluator(Protocol):
    """Scores one kind of check, in two parts: `collect` looks at what the episode left, `score` decides by that alone.

    `Spec` is the record of what is checked: its JSON is `Check.spec`, and `spec` below is always an object of it.
    `Outcome` has the keys of a line of `wa-run score` besides task_id, type and judge_reply. A class that opens
    pages or compares addresses may have a class method `elsewhere(spec, urls)`: those that are on none of these sites.
    For `wa-run rescore` with another spec it may have `recall(spec, past)`, the evidence that a past episode has for
    this spec (EvidenceMissing: it has none), and `opens_pages(spec)`: whether evidence depends on `page_checks`. One
    that cannot score each of its checks says by `cannot_score(spec)` why, "" where it can: such tasks are refused
    before a run. One with `asks_verified = True` is given the verdict of the package webarena-verified on the task,
    which reads the network log; where `needs_bodies(spec)` with the bodies of what the sites answered.
    """

    Spec: ClassVar[type[BaseModel]]
    Outcome: ClassVar[type[BaseModel]]

    @classmethod
    def read(cls, evaluation: Node) -> BaseModel:
        """The spec that a task record's `eval` gives. Raises TaskFileError with the place of what is wrong."""
        ...

    @classmethod
    def writes(cls, spec: Any) -> bool:
        """Whether a task with such a check may change the sites."""
        ...

    @classmethod
    def needs_judge(cls, spec: Any) -> bool:
        """Whether there are answers that only a judge can score."""
        ...

    @classmethod
    def needs_trace(cls, spec: Any) -> bool:
        """Whether it looks at the network log of the episode, `EpisodeEnd.trace`."""
        ...

    async def collect(self, spec: Any, end: EpisodeEnd) -> Mapping[str, Any]:
        """Evidence, as JSON: all that `score` needs. Raises EpisodeError when site or browser fails."""
        ...

    @classmethod
    def evidence_of(cls, spec: Any, outcome: Any, urls: Mapping[str, str]) -> Mapping[str, Any]:
        """Evidence from an outcome that was recorded elsewhere. Raises TaskFileError when it does not fit the check."""
        ...

    def score(self, spec: Any, evidence: Mapping[str, Any], verdicts: Sequence[Verdict]) -> Score | Question:
        """The score, or what must be asked next; the replies in `verdicts` are read as today's settings say."""
        ...
