"""The records of an episode: what was seen, what the model said, what was done, how it was scored; and of the run."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, FiniteFloat, JsonValue

from webarena_runner.types.actions import Action, Tool
from webarena_runner.types.messages import Completion, Message
from webarena_runner.types.record import Record, is_empty, is_none
from webarena_runner.types.tasks import TaskId

# What a column of a table can hold.
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]

# --- what the browser shows -------------------------------------------------------------------------------------------


class Box(Record):
    """A rectangle in CSS pixels of the viewport: official `union_bound`."""

    x: FiniteFloat
    y: FiniteFloat
    width: FiniteFloat
    height: FiniteFloat


class Node(Record):
    """One printed node: its line without the leading id, and where a click on it lands (None: not rendered)."""

    line: str
    box: Box | None


class Observation(Record):
    """What the agent sees after a step.

    `text` is the official text, tab line included. `nodes` maps a printed id to its node. `screenshot` is an encoded
    image (`screenshot_type`), or None. `action_error` is why the last action did nothing ("" when it worked).
    `timings_ms` names the parts: execute, settle, observe, screenshot. `deviations` names each place where official
    would have crashed or differed. `still_busy` is what went on in the page when the wait for it ended at its limit,
    `not_awaited` what went on too, but had not ended before. `starved`: the machine was so busy that the page was read
    before it had the time that the settings give it. `site_failures` are main documents of the last action that
    a site failed to give, with the reason, and `outage` is why the episode cannot go on ("": it can). `extras` has what
    the run's observers saw, by their names: for agents, not for the log. `left_to` are addresses on none of the sites,
    to which the last action led a tab, or was to. `signed_out` is why the episode cannot go on, since a site has ended
    its session ("": it has not). `acted_box` is where the element of the last action was before it, of
    an action that finds it itself (`playwright`); it goes to the log with that action's step.
    """

    url: str
    tabs: tuple[str, ...]
    text: str
    nodes: dict[str, Node] = Field(default_factory=dict, exclude=True, repr=False)
    screenshot: bytes | None = Field(default=None, exclude=True, repr=False)
    screenshot_type: Literal["jpeg", "png", "webp"] = "jpeg"
    action_error: str = ""
    timings_ms: dict[str, FiniteFloat] = Field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    still_busy: tuple[str, ...] = ()
    not_awaited: tuple[str, ...] = ()
    starved: bool = False
    site_failures: tuple[str, ...] = ()
    outage: str = ""
    left_to: tuple[str, ...] = ()
    signed_out: str = ""
    extras: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)
    acted_box: Box | None = Field(default=None, exclude=True, repr=False)


# --- what the agent does ----------------------------------------------------------------------------------------------


class Decision(Record):
    """One step of an agent: the action, and all that led to it.

    `cut_tokens` counts observation tokens that did not fit the prompt; `note` is for readers of the log.
    """

    action: Action
    messages: tuple[Message, ...] = ()
    completion: Completion | None = None
    cut_tokens: int = 0
    note: str = ""


# --- episodes ---------------------------------------------------------------------------------------------------------


class ActedOn(Node):
    """The node that an action names by its id, as the agent saw it.

    `element_id` and `line` are "" for an action that finds its element itself (`playwright`).
    """

    element_id: str


class Step(Record):
    """One observe-decide-act round as it is written to `steps.jsonl`.

    `observation` is what the agent saw *before* the action; `action_error` is what executing the action reported, and
    `action_text` the official history line of the action ("None" stands for no previous action). `acted_on` is None
    for an action without an element, or with one that is not on the page.
    """

    index: int
    started_at: AwareDatetime
    observation: Observation
    decision: Decision
    action_text: str
    action_error: str = ""
    acted_on: ActedOn | None = None
    screenshot_file: str | None = None
    timings_ms: dict[str, FiniteFloat] = Field(default_factory=dict)


class LastPage(Record):
    """What the agent would have seen next, had a limit or an error not ended the episode; in `last.json`."""

    observation: Observation
    screenshot_file: str | None = None


class Ending(StrEnum):
    ANSWERED = "answered"
    STEP_LIMIT = "step_limit"
    REPEATED_ACTION = "repeated_action"
    PARSE_FAILURES = "parse_failures"
    COST_LIMIT = "cost_limit"
    OFFSITE = "offsite"
    OVER = "over"
    ERROR = "error"


# The class of an imported episode that was recorded without a score.
UNSCORED = "unscored"


class Failure(Record):
    """Why an episode has no score; `error_class` is one of model, browser, site, login, judge, overload, node,
    environment, timeout, internal, and unscored for an imported one that was recorded without a score.

    `cause` says what kept the model from answering, where the server did: filter, refusal, reply limit.
    `stops_run`: the episodes after it would end the same way, so the run stopped there, to be resumed.
    `process_lost`: a process that episodes share (browser, sites, a node's worker) ended, whatever the task was.
    `away` are shared sites that were down, such as "gitlab of instance 2", as their health check said too.
    """

    error_class: str
    message: str
    traceback: str
    may_retry: bool
    cause: str = ""
    stops_run: bool = False
    process_lost: bool = False
    away: tuple[str, ...] = ()


class Verdict(Record):
    """One judge call; `kind` says by which of the judge's prompts, `score` is None when the reply was unclear.

    `question` is the whole prompt ("" when the reply was recorded elsewhere). `cost_usd` is None when the judge's model
    file has no prices, or the reply was kept from an earlier call.
    """

    kind: str
    reference: str
    question: str = ""
    reply: str
    score: FiniteFloat | None
    judge: str
    cached: bool
    cost_usd: FiniteFloat | None = None


class Score(Record):
    """One evaluator's result in [0, 1] with what it looked at; `flags` such as `judge_unclear`."""

    evaluator: str
    value: float = Field(ge=0, le=1)
    explanation: str = ""
    evidence: dict[str, JsonValue] = Field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    flags: tuple[str, ...] = ()


class EpisodeResult(Record):
    """The outcome of one attempt at one (task, trial); `value` is None exactly when `ending` is ERROR.

    An ending that only a newer version knows is its text.
    Tokens and cost are of all replies, also of one whose action was not carried out; `cut_replies` ended at their
    limit, `thought_replies` hold thoughts. Only `cost_usd` counts the judge; it is None when no model of the run has
    prices. `site_urls` are the leased sites' by official name, {} when there was no lease. `timings_ms` names the
    parts: lease, login, queue (waiting for a turn in the browser), context, start_page, first_observation, for all
    steps together agent, execute, settle, observe, screenshot, log (writing the steps), then evaluate and close;
    earlier versions had browser for context and start_page. `busy_steps` led to a page that was still busy when the
    wait for it ended, `starved_steps` to one that the machine was too busy for. `site_failures` are pages that a site
    failed to give; where there is a score, the site was there again. `blocked_hosts` are those that the fence kept the
    episode's pages from, as HOST:PORT, with how often they were asked for; `visited_hosts` are those beside the sites
    that it let them reach (`browser.offsite: allow`), and `left_to` the addresses that tabs went to, or were to go to,
    on no site of the task. `cookies_apart` are sites on one host name whose cookies were kept apart. `login_pages` are
    log-in pages that the agent came to see, on sites that it was logged in to; where there is a score, it had signed
    out or gone there by itself.
    `instance` is the copy of the sites, where episodes share copies. `wrote` are sites that the episode was seen to
    change, whatever its task's record says, `disturbed` those that another one was seen to change meanwhile although
    its task was to read them only: what this one saw there may not be what the task is about. `tools` are the functions
    that the environment offered.
    """

    task_set: str
    task_id: TaskId
    trial: Count
    attempt: Count
    ending: Ending | str = Field(union_mode="left_to_right")
    answer: str
    final_url: str
    value: float | None = Field(ge=0, le=1)
    scores: tuple[Score, ...]
    steps: Count
    prompt_tokens: Count
    completion_tokens: Count
    cached_tokens: Count
    cut_replies: Count = 0
    thought_replies: Count = 0
    busy_steps: Count = 0
    starved_steps: Count = 0
    cost_usd: FiniteFloat | None = None
    site_urls: dict[str, str] = Field(default_factory=dict)
    started_at: AwareDatetime
    finished_at: AwareDatetime
    wall_s: FiniteFloat
    timings_ms: dict[str, FiniteFloat] = Field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    site_failures: tuple[str, ...] = ()
    blocked_hosts: dict[str, int] = Field(default_factory=dict)
    visited_hosts: dict[str, int] = Field(default_factory=dict)
    instance: str = ""
    wrote: tuple[str, ...] = ()
    disturbed: tuple[str, ...] = ()
    left_to: tuple[str, ...] = ()
    cookies_apart: tuple[str, ...] = ()
    login_pages: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = Field(default=(), exclude_if=is_empty)
    failure: Failure | None = None


class Imported(Record):
    """Where the episodes of a run come from that something else recorded.

    `kind` is whose they are: official, playwright. `source` is what was read, `sha256` says whether it still is the
    same, and `unknown` what of a run it does not say. Such a run has scores at most, and no evidence for them.
    """

    kind: str
    source: str
    sha256: str
    unknown: tuple[str, ...] = ()


class AutoWorkers(Record):
    """What `--workers auto` came to, of all starts of a run: how many episodes might be under way at once.

    `allowed` is the most that the latest start might have gone to, and `bound_by` what it was for.
    """

    least: int
    most: int
    allowed: int
    bound_by: str = ""


class RunManifest(Record):
    """What a run is: written before work starts; `resume` refuses to mix it with other inputs.

    `planned` lists (task id, trial); `task_sites` gives each planned task's sites joined by "+", the task id as text.
    `tasks_sha256` is of `tasks.jsonl` ("": a folder of format 0, which has none). `finished_at` is when the latest
    start of the run ended, None when it has not or a crash ended it. `sites_data` is the version of tasks and sites'
    data together, where the provider makes the data ("": it does not).
    `expected_count` is of the benchmark's tasks, None for a set that is none. `scope` is what the numbers are of, in
    short; `caution` says why they are not the benchmark's ("": they are). `agent_note` is what an agent without a model
    goes by. `environment` is the plug-in that plays them. `imported` None: webarena-runner played the run. The text
    of the prompt file is `texts/PROMPT_SHA256.txt`. `judge_model` is the judge's model file. `site_images` says which
    images the sites run, where that is known.
    `packages` and `hardware` are of the machine that began the run. `order` has task id, trial and number of every
    attempt in the order in which they began, as of the end of the latest start; more than one of a pair are retries.
    `auto_workers` None: a number was given, or no start has ended.
    """

    run_id: str
    started_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    profile: str
    profile_overrides: tuple[str, ...]
    config: dict[str, Any]
    config_sha256: str
    task_set: str
    task_set_sha256: str
    tasks_sha256: str = ""
    task_set_modified: bool
    expected_count: int | None = None
    scope: str = ""
    caution: str = ""
    prompt_sha256: str
    model: str
    agent: str
    agent_note: str = ""
    environment: str = "browser"
    judge: str
    judge_model: dict[str, Any] | None = None
    sites: str
    sites_data: str = ""
    site_images: str = ""
    planned: tuple[tuple[TaskId, int], ...]
    task_sites: dict[str, str]
    order: tuple[tuple[TaskId, int, int], ...] = ()
    versions: dict[str, str]
    imported: Imported | None = Field(default=None, exclude_if=is_none)
    packages: dict[str, str] = Field(default_factory=dict)
    hardware: dict[str, str] = Field(default_factory=dict)
    auto_workers: AutoWorkers | None = Field(default=None, exclude_if=is_none)

    @property
    def model_name(self) -> str:
        """What the model's server calls it, which the leaderboard shows; else the name of its file or of the agent."""
        return (self.config.get("model") or {}).get("model") or self.model

    @property
    def model_title(self) -> str:
        """The model file's name and what its server calls the model: one file may stand for many models."""
        return self.model if self.model_name == self.model else f"{self.model} ({self.model_name})"
