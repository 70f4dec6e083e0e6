"""The settings of a run, as records; `loading` puts them together from files, options and the environment."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from webarena_runner.types import Record, Sampling


class LeaderboardInfo(Record):
    """What the leaderboard row says of a model: open weights or not, size in billions of parameters."""

    open_weights: bool | None = None
    size_b: float | None = None
    release_date: str = ""
    work: str = ""


class Prices(Record):
    """US dollars per million tokens; `cached_input` None: cached prompt tokens cost as much as others."""

    input: NonNegativeFloat
    output: NonNegativeFloat
    cached_input: NonNegativeFloat | None = None


class RateLimits(Record):
    """What a provider's account allows; None: no limit. `max_concurrency` counts requests under way."""

    requests_per_minute: PositiveInt | None = None
    tokens_per_minute: PositiveInt | None = None
    max_concurrency: PositiveInt | None = None


Images = Literal["none", "screenshot"]


class ModelSpec(Record):
    """One model file, `configs/models/NAME.yaml`.

    `backend` is a plug-in name, `options` are the backend's own and validated by it, `sampling` overrides the
    profile's sampling key by key, `context_window` is in tokens (None: ask the server or do not limit).
    `images`: whether each prompt carries a screenshot of the page, for models that see.
    """

    name: str
    description: str = ""
    backend: str
    model: str = ""
    context_window: PositiveInt | None = None
    images: Images = "none"
    prices: Prices | None = None
    rates: RateLimits = RateLimits()
    sampling: Sampling = Sampling()
    options: dict[str, Any] = Field(default_factory=dict)
    leaderboard: LeaderboardInfo = LeaderboardInfo()


class ObservationSettings(Record):
    """What the model sees. `max_tokens` is the official `max_obs_length`; None does not cut.

    `ids`: of elements in the accessibility tree, the `browser`'s own (official), or `stable`, equal in every run.
    """

    mode: Literal["accessibility_tree", "html"] = "accessibility_tree"
    viewport_only: bool = True
    max_tokens: PositiveInt | None = 1920
    ax_properties: Literal["published", "browser"] = "published"
    ids: Literal["browser", "stable"] = "browser"


ActionSet = Literal["id", "playwright"]


class ActionSettings(Record):
    """How a reply becomes an action, and what the model is told of it. With every default as official.

    `lenient_syntax`: near misses of the grammar are understood: `[id=5]`, `Click [5]`, `press [Ctrl+v]`, a language
        tag after the splitter, text over several lines.
    `url_mapping`: public URLs become the sites' own in the `whole_action` (typed text and answers too), or only in
        the `address` of a goto.
    `show_errors`: the next prompt says why the last action did nothing.
    `playwright_quirks`: of the playwright set, arguments of click, hover, check and select_option are dropped, press
        does not go to the element, and an answer counts only in double quotes.
    """

    action_set: ActionSet = "id"
    lenient_syntax: bool = False
    url_mapping: Literal["whole_action", "address"] = "whole_action"
    show_errors: bool = False
    playwright_quirks: bool = True


class LimitSettings(Record):
    """The official stops (steps, parse failures, repeated actions) and ours (time, attempts, errors in a row, money).

    `type_equality`: two typing actions are equal when they go to the same `element` (official), whatever the text, or
        only with the same `element_and_text`.
    `stop_at_repeated_scrolls`: scrolling the same way counts as repeating an action (official).
    """

    max_steps: PositiveInt = 30
    parse_failures: PositiveInt = 3
    repeated_actions: PositiveInt = 3
    type_equality: Literal["element", "element_and_text"] = "element"
    stop_at_repeated_scrolls: bool = True
    episode_timeout_s: PositiveFloat = 1800
    retries: NonNegativeInt = 2
    stop_after_errors: PositiveInt = 12
    max_cost_usd: PositiveFloat | None = None


class BrowserSettings(Record):
    """`executable` None: find one (Chrome, Chromium, Playwright's). `recycle_after` counts episodes per browser.

    `follow_new_tabs`: a tab that a page opens becomes the current one; officially the agent stays where it is.
    """

    headless: bool = True
    executable: Path | None = None
    viewport_width: PositiveInt = 1280
    viewport_height: PositiveInt = 720
    navigation_timeout_s: PositiveFloat = 30
    observation_timeout_s: PositiveFloat = 30
    recycle_after: PositiveInt = 100
    screenshots: bool = True
    follow_new_tabs: bool = False


class SettleSettings(Record):
    """After an action: `quiet` waits for navigation, network and DOM under `limit_s`; `official` sleeps 2 s."""

    mode: Literal["quiet", "official"] = "quiet"
    limit_s: PositiveFloat = 2.0


class JudgeSettings(Record):
    """`model` names a model file; None: no judge, and a task that needs one ends as a judge error."""

    model: str | None = None


PageChecks = Literal["agent_tab", "fresh_tab"]


class ScoringSettings(Record):
    """How end states are judged. With every default the scores are the official ones; each switch corrects one thing.

    `page_checks`: pages that a check names open in the agent's own tab (official), or each in a fresh one
        (libwebarena), where nothing of the agent's tab is left, such as its sessionStorage.
    `url_whole_segments`: a URL matches when host and path segments of the reference are its first ones. Officially
        they may be anywhere in it: `/issues/1` matches `/issues/12`.
    `answer_alternatives`: ` |OR| ` separates alternatives also in answers. Officially only page checks know it, so
        that task 386 cannot be passed.
    `numbers_by_value`: a whole number that an answer must include is compared with the numbers in the answer.
        Officially it is a piece of text: "16" is in "316", and "0" not in "$0.00".
    `judge_negation`: "not correct" and "not the same" are a no. Officially they hold the word for yes.
    """

    page_checks: PageChecks = "agent_tab"
    url_whole_segments: bool = False
    answer_alternatives: bool = False
    numbers_by_value: bool = False
    judge_negation: bool = False


class RunSettings(Record):
    """How to run: what a profile fixes, and the numbers of a run. What is run is told elsewhere, in RunConfig.

    `sampling` is final (profile, then model file, then `-o`).
    """

    profile: str
    agent: str = "prompted"
    prompt: str = "cot"
    workers: PositiveInt = 1
    trials: PositiveInt = 1
    seed: int = 0
    sampling: Sampling = Sampling()
    observation: ObservationSettings = ObservationSettings()
    actions: ActionSettings = ActionSettings()
    limits: LimitSettings = LimitSettings()
    browser: BrowserSettings = BrowserSettings()
    settle: SettleSettings = SettleSettings()
    judge: JudgeSettings = JudgeSettings()
    scoring: ScoringSettings = ScoringSettings()


class TaskChoice(Record):
    """Which tasks are run."""

    task_set: str
    expression: str = "all"
    allow_modified: bool = False


class SitesSpec(Record):
    """Where the sites come from: a provider's plug-in name, and options that are its own and validated by it."""

    provider: str
    options: dict[str, Any] = Field(default_factory=dict)


class SitesFile(SitesSpec):
    """One sites file, `configs/sites/NAME.yaml`."""

    provider: str = "static"
    description: str = ""


class RunConfig(Record):
    """One validated run: how (`settings`), and what: a model (None: the agent needs none), tasks and sites."""

    settings: RunSettings
    model: ModelSpec | None
    tasks: TaskChoice
    sites: SitesSpec
