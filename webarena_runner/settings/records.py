"""The settings of a run, as records; `loading` puts them together from files, options and the environment.

The text below a field is its description: `wa-run profiles show` prints the first line, the reference all of it.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from webarena_runner.settings.cluster import RaySettings as RaySettings
from webarena_runner.settings.described import Described, LeaderboardInfo
from webarena_runner.settings.resetting import ResetWhen
from webarena_runner.settings.scoring import PageChecks as PageChecks
from webarena_runner.settings.scoring import ScoringSettings as ScoringSettings
from webarena_runner.types import Sampling

Order = Literal["official", "free"]
Images = Literal["none", "screenshot"]
ActionSet = Literal["id", "playwright", "calls"]
Dialect = Literal["webarena", "visualwebarena"]
Offsite = Literal["block", "terminate", "allow"]
Screenshots = Literal["every", "changed", "failed", "none"]


def _seconds(value: object) -> object:
    """Seconds of a time such as 90s, 30m or 1h30m; a number as it is."""
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    match = _TIME.fullmatch(value)
    if match is None or not match[0]:
        raise ValueError("expected a time such as 90s, 30m or 1h30m, or a number of seconds")
    return sum(float(amount) * unit for amount, unit in zip(match.groups(), (3600, 60, 1), strict=True) if amount)


_NUMBER = re.compile(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?")
_TIME = re.compile(r"(?:([0-9]+(?:\.[0-9]+)?)h)? ?(?:([0-9]+(?:\.[0-9]+)?)m)? ?(?:([0-9]+(?:\.[0-9]+)?)s)?")
Duration = Annotated[PositiveFloat, BeforeValidator(_seconds)]


def _workers(value: object) -> object:
    """As a command line and a file have it: a number, or a text of one."""
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and int(value) > 0:
        return int(value)
    raise ValueError("expected a number of episodes at a time, 1 or more, or auto")


Workers = Annotated[PositiveInt | Literal["auto"], BeforeValidator(_workers)]


def _screenshots(value: object) -> object:
    """As earlier versions had it: true or false."""
    return {True: "every", False: "none"}[value] if isinstance(value, bool) else value


class Prices(Described):
    """US dollars per million tokens."""

    input: NonNegativeFloat
    """of the prompt"""
    output: NonNegativeFloat
    """of the reply"""
    cached_input: NonNegativeFloat | None = None
    """of the part of the prompt that the server had in its cache; null: as other prompt tokens"""


class RateLimits(Described):
    """What a provider's account allows; requests wait until they are within it."""

    requests_per_minute: PositiveInt | None = None
    """requests in any minute; null: no limit"""
    tokens_per_minute: PositiveInt | None = None
    """of prompt and reply together, in any minute; null: no limit"""
    max_concurrency: PositiveInt | None = None
    """requests under way at the same time; null: no limit"""


class ModelSpec(Described):
    """One model file, `configs/models/NAME.yaml`."""

    name: str
    """what the run is called after; the file's name when it is left out"""
    description: str = ""
    """one line for `wa-run models list`"""
    backend: str
    """plug-in that talks to the model, such as openai_chat or vllm; `wa-run models list` shows them"""
    model: str = ""
    """the model's name for the server, its name on a hub, or a folder, as the backend takes it"""
    context_window: PositiveInt | None = None
    """tokens of prompt and reply together; null: ask the server, and do not limit where it does not say"""
    images: Images = "none"
    """screenshot: each prompt carries a picture of the page, for models that see; none: text alone"""
    prices: Prices | None = None
    """what tokens cost; null: the run has no cost and cannot be limited by --max-cost"""
    rates: RateLimits = RateLimits()
    """how many requests and tokens the provider's account allows"""
    sampling: Sampling = Sampling()
    """overrides the profile's sampling, key by key"""
    options: dict[str, Any] = Field(default_factory=dict)
    """the backend's own options, which it validates"""
    leaderboard: LeaderboardInfo = LeaderboardInfo()
    """what the leaderboard row says of the model"""

    @property
    def label(self) -> str:
        """The model file and the model, as results record a judge."""
        return f"{self.name} ({self.model})" if self.model and self.model != self.name else self.name


class ObservationSettings(Described):
    """What the model reads of a page."""

    mode: Literal["accessibility_tree", "html", "som"] = "accessibility_tree"
    """what the model reads: accessibility_tree (official default), html, or som (set of marks)

    som is VisualWebArena's: pictures of pages have numbered marks on what can be acted on, and the text lists these
    elements. It is of what is in view, whatever viewport_only says.
    """
    viewport_only: bool = True
    """only what is scrolled into view; official runs force it on"""
    max_tokens: PositiveInt | None = 1920
    """the page is cut after this many tokens; official 1920 (max_obs_length); null: not cut

    For Gemini it counts characters, as official.
    """
    ax_properties: Literal["published", "browser"] = "published"
    """published: the properties that published prompts show; browser: also newer ones that this Chromium has"""
    ids: Literal["browser", "stable"] = "browser"
    """browser: Chromium's own, as official; stable: by first appearance, equal in every run

    Of elements in the accessibility tree.
    """
    captioner: str | None = None
    """model file of a model that sees, which describes the pictures of pages; null: nobody does, as in WebArena

    As VisualWebArena's captions: descriptions and addresses are put into the pictures' alternative texts in the page,
    and so into the tree or the list of elements.
    """
    observers: tuple[str, ...] = ()
    """plug-ins whose view of each page an agent is given besides the text, by name; officially none"""


class ActionSettings(Described):
    """How a reply becomes an action, and what the model learns of it. With every default as official."""

    action_set: ActionSet = "id"
    """id: click [12]; playwright: page.get_by_role(...).click(); published official runs use id

    calls: name({"parameter": value}), of functions that the environment offers; for environments that offer some.
    """
    dialect: Dialect = "webarena"
    """whose id actions: those of webarena, or of visualwebarena, which has clear [id] too

    The line about the last action is worded as there too.
    """
    lenient_syntax: bool = False
    """understand [id=5], Click [5], press [Ctrl+v], several lines; official does not

    Also a language tag after the splitter. What is not a near miss of the grammar stays an invalid action.
    """
    url_mapping: Literal["whole_action", "address"] = "whole_action"
    """public URLs become the sites' own in the whole_action (official) or only in the address of a goto

    The whole action includes typed text and answers.
    """
    loose_addresses: bool = False
    """a goto takes reddit.com/f/x or www.gitlab.com for the site too; official: only http:// and the very name

    Officially the one is no address, and the other leads to the live site.
    """
    show_errors: bool = False
    """the next prompt says why the last action did nothing; official never shows the model why"""
    skip_thoughts: bool = False
    """look for the action outside blocks of thoughts, such as <think>...</think>; official looks in them too"""
    tell_budget: bool = False
    """the prompt ends with how many steps are left; official never says it"""
    constrain: Literal["none", "grammar", "ids", "controls", "words"] = "none"
    """keeps the sampler to the action grammar, to elements of the page (ids), its controls, words; officially none

    Elements are those of the page that the model is shown. With controls it clicks links, buttons and the like only,
    and types only where text goes. With words it also types only words that follow each other in the task, and answers
    with words that follow each other in the page, or N/A. A reply is some text and one action of the id set. For
    engines that can: llama.cpp, vLLM and Transformers; others are refused. The text before the action is bounded by
    what sampling.max_tokens leaves for it.
    """
    stop_at_repeats: bool = False
    """a reply that does again what an earlier step did is asked anew, for stop [answer] alone; official: no

    The same is a click on an element of the same role and name, a second "Next" too: for models that never stop by
    themselves. Needs constrain.
    """
    playwright_quirks: bool = True
    """drop arguments of click etc., press by focus, stop by double quotes: official

    Of the playwright set: arguments of click, hover, check and select_option are dropped, press does not go to the
    element, and an answer counts only in double quotes.
    """


class LimitSettings(Described):
    """The official stops (steps, parse failures, repeated actions) and ours (time, attempts, errors, money)."""

    max_steps: PositiveInt = 30
    """steps in an episode; official 30"""
    parse_failures: PositiveInt = 3
    """unreadable replies in a row that end an episode; official 3"""
    repeated_actions: PositiveInt = 3
    """equal actions in a row, or equal typing actions anywhere, that end an episode; official 3"""
    type_equality: Literal["element", "element_and_text"] = "element"
    """typing actions are equal by element (official: whatever the text) or by element_and_text"""
    stop_at_repeated_scrolls: bool = True
    """scrolls the same way are equal actions; official: yes, three end the episode"""
    starved_share: NonNegativeFloat = Field(default=0.0, le=1)
    """share of an episode's steps past which it is an error of class overload and no score; 1: never

    Of steps whose page was read before it had its time, because the machine was too busy. Official has no such rule.
    """
    episode_timeout_s: PositiveFloat = 1800
    """seconds until an episode ends as an error; official has no limit"""
    retries: NonNegativeInt = 1
    """rounds at the end of the run in which errors are tried again; official: none

    A round begins when everything of the one before has ended.
    """
    stop_after_errors: PositiveInt = 12
    """errors in a row that stop the run; official goes on"""
    fail_fast: PositiveInt | None = None
    """episodes with an error, of one start of the run, after which no more are begun; null: no limit"""
    max_cost_usd: PositiveFloat | None = None
    """US dollars, by the models' prices, after which no more episodes are begun; null: no limit"""
    max_tokens: PositiveInt | None = None
    """tokens of prompts and replies after which no more episodes are begun; null: no limit"""
    max_cost_per_episode_usd: PositiveFloat | None = None
    """US dollars of replies that end an episode, which is scored, as at max_steps; null: no limit

    Official has no such rule. The reply that reaches the limit is still carried out; the judge is not counted.
    """
    max_time_s: Duration | None = None
    """seconds, or a time such as 1h30m, after which no more episodes are begun; null: no limit

    Those that are running are finished.
    """


class OutageSettings(Described):
    """When a shared site counts as down, and what a run does about it; the numbers are for a GitLab that starts."""

    failures: PositiveInt = 3
    """episodes in a row that end on a site, after which it is paused although it answers

    A site that does not answer its health check is paused when the first episode ends on it.
    """
    error_share: Annotated[float, Field(gt=0, le=1)] = 0.3
    """share of a site's latest pages that failed (status 429, 5xx, no answer), from which on fewer episodes use it

    Their number is halved, and one more is let in for each that goes well.
    """
    slow_s: PositiveFloat = 15
    """seconds to the first byte, as the median of a site's latest pages, from which on fewer episodes use it"""
    pause_s: PositiveFloat = 15
    """seconds until a site that is down is asked again; twice as long each time"""
    longest_pause_s: PositiveFloat = 120
    """seconds that it becomes at most"""
    ask_limit_s: PositiveFloat = 20
    """seconds in which a health check must be answered"""
    reset_after: NonNegativeInt = 5
    """health checks that fail before the site is reset, where its instance has a way (`reset`); 0: never"""
    resets: NonNegativeInt = 2
    """resets in one outage"""
    replays: NonNegativeInt = 5
    """times an episode is run again because of outages, beside `limits.retries`"""
    longest_s: Duration = 1800
    """seconds, or a time such as 1h, that a run waits for a site when nothing else is left to do

    Then it stops, to be resumed.
    """


class BrowserSettings(Described):
    """The browser of an episode."""

    headless: bool = True
    """without a window, as official"""
    executable: Path | None = None
    """path of Chrome or Chromium; null: find one, without a window a headless shell first"""
    viewport_width: PositiveInt = 1280
    """CSS pixels; official 1280"""
    viewport_height: PositiveInt = 720
    """CSS pixels; official 720"""
    navigation_timeout_s: PositiveFloat = 30
    """seconds until a page counts as not loading; official 30"""
    observation_timeout_s: PositiveFloat = 30
    """seconds until a page counts as not readable; official has no limit"""
    step_timeout_s: PositiveFloat = 180
    """seconds until a step, from its action to the reading of the page, ends the episode; official has no limit

    So do the start pages. Time in the queue for the browser does not count; the error is of class timeout.
    """
    recycle_after: PositiveInt = 100
    """episodes until Chromium is started afresh; official: one

    Nobody's episode is ended: those after it go to the new one, and the old one ends with the last that is in it.
    """
    recycle_age_s: Duration = 14400
    """seconds, or a time such as 4h, until Chromium is started afresh in the same way"""
    recycle_above_mb: PositiveInt | None = None
    """MiB of all its processes above which Chromium is started afresh in the same way; null: half of the memory

    What they share counts once on Linux (PSS), elsewhere once for each (RSS).
    """
    concurrency: PositiveInt | None = None
    """steps, start pages and checks in the browser at the same time; null: by the cores; official: one

    Whatever the number of workers: the others wait their turn, first come, first served, or for their model. null: as
    many as there are cores, and more as long as nothing in the browser has to wait for a core.
    """
    screenshots: Annotated[Screenshots, BeforeValidator(_screenshots)] = "every"
    """pictures of pages kept in the log (--screenshots): every step's (official), changed, failed or none

    changed: none is taken, and the last one stands for it, where a step did nothing but scroll or was no action, and
    the page's text and places are the same; equal pictures are kept once. failed: those of episodes that passed are
    removed at their end. A model that sees is given every picture, and cannot have none; true and false are every and
    none.
    """
    follow_new_tabs: bool = False
    """go to a tab that a page opens; official stays where it is (VisualWebArena goes there)"""
    offsite: Offsite = "block"
    """what comes of a page that is none of the sites' (--offsite): block it, terminate the episode, or allow it

    block: it is not opened, and the agent is told so. terminate: it is not opened, and the episode ends with value 0,
    as in BrowserGym. allow: pages reach the public internet, as officially, but neither this machine nor private nets.
    """


class SettleSettings(Described):
    """How long an episode waits after an action, before it looks at the page."""

    mode: Literal["quiet", "official"] = "quiet"
    """quiet: wait until navigation, network and page are quiet, up to limit_s; official: sleep 2 s"""
    limit_s: PositiveFloat = 2.0
    """seconds that waiting may take at most"""


class EnvironmentSettings(Described):
    """An environment whose program runs apart, with a Python that has its packages."""

    python: Path | None = None
    """Python of the environment's program; null: the runner's own"""
    start_timeout_s: PositiveFloat = 60
    """seconds until the program has to be ready"""
    step_timeout_s: PositiveFloat = 180
    """seconds in which it has to begin an episode, do a call, or score; longer is an error of class timeout"""


class RecordSettings(Described):
    """What is recorded of each episode besides its steps (--record); nothing of it changes what an episode sees."""

    har: bool = False
    """the network log, as network.har in the episode's folder, written as it happens"""
    har_bodies: bool = False
    """with the answers' bodies, of texts up to max_body_kb; webarena-verified reads them in 15 tasks"""
    max_body_kb: PositiveInt = 256
    """KiB of the longest body that is kept"""
    trace: Literal["none", "failed", "all"] = "none"
    """Playwright's trace, trace.zip, of all episodes, or of those that did not pass; for its viewer"""
    film_strip: bool = False
    """with pictures of the page as it changes, in the trace: about twenty times the size, and slower"""


class JudgeSettings(Described):
    """Who decides answers that no comparison of texts can decide."""

    model: str | None = None
    """model file of the judge (--judge); official: gpt-4-1106-preview; null: there is none

    Without a judge a task that needs one ends as a judge error.
    """
    cache: bool | str = True
    """true: a question is asked once in a run; false: each time; a FOLDER: not when a run before asked it

    Verdicts in FOLDER hold for judges of the same backend, model, options and server. What answers to the same name at
    the same address is taken for the same model there: have a folder for each.
    """


class RunSettings(Described):
    """How to run: what a profile fixes, and the numbers of a run. `RunConfig` says what is run."""

    profile: str
    """profile file that the settings started from (--profile)"""
    agent: str = "prompted"
    """agent plug-in; a profile gives the default, which --agent overrides

    browsergym:MODULE.NAME is an agent that was written for BrowserGym.
    """
    prompt: str = "cot"
    """prompt file; a profile gives the default, which --prompt overrides"""
    agent_python: Path | None = None
    """Python of the environment that has a browsergym agent and its packages; null: the runner's own"""
    executor: str = "local"
    """plug-in that plays the episodes; local: all on this machine, ray: on the nodes of a Ray cluster (--executor)"""
    exporters: tuple[str, ...] = ("leaderboard",)
    """plug-ins that are given the run when it has ended, each as NAME, or NAME=TARGET to write elsewhere than usual"""
    ray: RaySettings = RaySettings()
    """the cluster of the executor ray"""
    workers: Workers = 1
    """episodes at the same time, or auto: as many as machine, model and sites bear (--workers)

    auto begins with a number by the cores and by what model and memory let, and goes on by what is seen meanwhile.
    """
    order: Order = "official"
    """order in which tasks that change a shared site start there: official (that of the task set), or free (--order)

    Tasks that only read start as soon as nobody changes what they read. Sites that are fresh for each episode have no
    order.
    """
    trials: PositiveInt = 1
    """times each task is run (--trials)"""
    seed: int = 0
    """seed of sample:N and of agents that draw, such as random-click (--seed)

    The option --seed sets sampling.seed too, where there is a model.
    """
    reset: ResetWhen | None = None
    """when shared sites are reset: never, before-run, per-task, after-write or every:N (--reset); null: as they say

    Sites say it by `reset.when` of the sites file, those that do not are reset before the run, as officially. Those
    that do not say how are never reset.
    """
    sampling: Sampling = Sampling()
    """how the model is sampled: the profile's, then the model file's, then -o"""
    observation: ObservationSettings = ObservationSettings()
    """what the model reads of a page"""
    actions: ActionSettings = ActionSettings()
    """how a reply becomes an action"""
    limits: LimitSettings = LimitSettings()
    """when an episode or the run stops"""
    outages: OutageSettings = OutageSettings()
    """what becomes of a shared site that is down or overloaded"""
    browser: BrowserSettings = BrowserSettings()
    """the browser of an episode"""
    environment: EnvironmentSettings = EnvironmentSettings()
    """the program of an environment that runs apart"""
    settle: SettleSettings = SettleSettings()
    """how long to wait after an action"""
    record: RecordSettings = RecordSettings()
    """what is recorded besides the steps"""
    judge: JudgeSettings = JudgeSettings()
    """who decides fuzzy answers"""
    scoring: ScoringSettings = ScoringSettings()
    """how end states are judged"""


class TaskChoice(Described):
    """Which tasks are run."""

    task_set: str
    """set that the tasks are chosen from: a plug-in's name or a task file (--task-set)"""
    expression: str = "all"
    """which of them (--tasks); `wa-run --help` has the grammar"""
    limit: PositiveInt | None = None
    """of these, the first so many of the file (--limit); null: all"""
    shard: tuple[PositiveInt, PositiveInt] | None = None
    """K and N: of these, the Kth of N parts, for N runs that are all of them together (--shard K/N); null: all"""
    allow_modified: bool = False
    """go on when the set's file is not the official one (--allow-modified); results say so"""
    ignore_keys: tuple[str, ...] = ()
    """keys of task records to play without, though they change the task: image, policies (--ignore-keys)

    Without it such tasks are refused; results say what they were played without.
    """


class SitesSpec(Described):
    """Where the sites come from."""

    provider: str
    """site provider plug-in: embedded, static (sites that already run), or one that is installed"""
    options: dict[str, Any] = Field(default_factory=dict)
    """the provider's own options, which it validates"""


class SitesFile(SitesSpec):
    """One sites file, `configs/sites/NAME.yaml`."""

    provider: str = "static"
    """site provider plug-in: static unless the file says otherwise"""
    description: str = ""
    """one line for readers"""


class RunConfig(Described):
    """One validated run: how, and what."""

    settings: RunSettings
    """how to run"""
    model: ModelSpec | None
    """the model file; null for agents that need no model"""
    tasks: TaskChoice
    """which tasks are run"""
    sites: SitesSpec
    """where the sites come from"""
