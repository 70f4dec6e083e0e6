"""The settings of a run, as records; `loading` puts them together from files, options and the environment."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from webarena_runner.types import Record, Sampling


class LeaderboardInfo(Record):
    """What the leaderboard row says of a model: open weights or not, size in billions of parameters."""

    open_weights: bool | None = None
    size_b: float | None = None
    release_date: str = ""
    work: str = ""


class ModelSpec(Record):
    """One model file, `configs/models/NAME.yaml`.

    `backend` is a plug-in name, `options` are the backend's own and validated by it, `sampling` overrides the
    profile's sampling key by key, `context_window` is in tokens (None: ask the server or do not limit).
    """

    name: str
    description: str = ""
    backend: str
    model: str = ""
    context_window: PositiveInt | None = None
    sampling: Sampling = Sampling()
    options: dict[str, Any] = Field(default_factory=dict)
    leaderboard: LeaderboardInfo = LeaderboardInfo()


class ObservationSettings(Record):
    """What the model sees. `max_tokens` is the official `max_obs_length`; None does not cut."""

    mode: Literal["accessibility_tree", "html"] = "accessibility_tree"
    viewport_only: bool = True
    max_tokens: PositiveInt | None = 1920
    ax_properties: Literal["published", "browser"] = "published"


class LimitSettings(Record):
    """The official stops (steps, parse failures, repeated actions) and ours (time, attempts, errors in a row)."""

    max_steps: PositiveInt = 30
    parse_failures: PositiveInt = 3
    repeated_actions: PositiveInt = 3
    episode_timeout_s: PositiveFloat = 1800
    retries: NonNegativeInt = 2
    stop_after_errors: PositiveInt = 12


class BrowserSettings(Record):
    """`executable` None: find one (Chrome, Chromium, Playwright's). `recycle_after` counts episodes per browser."""

    headless: bool = True
    executable: Path | None = None
    viewport_width: PositiveInt = 1280
    viewport_height: PositiveInt = 720
    navigation_timeout_s: PositiveFloat = 30
    observation_timeout_s: PositiveFloat = 30
    recycle_after: PositiveInt = 100
    screenshots: bool = True


class SettleSettings(Record):
    """After an action: `quiet` waits for navigation, network and DOM under `limit_s`; `official` sleeps 2 s."""

    mode: Literal["quiet", "official"] = "quiet"
    limit_s: PositiveFloat = 2.0


class JudgeSettings(Record):
    """`model` names a model file; None: no judge, and a task that needs one ends as a judge error."""

    model: str | None = None


class AccountVariables(Record):
    """Names of the environment variables that hold a site's log-in account; the values never enter the config."""

    username_env: str
    password_env: str


class SitesFile(Record):
    """One sites file, `configs/sites/NAME.yaml`: who provides the sites, and where they are."""

    description: str = ""
    provider: str = "static"
    urls: dict[str, str] = Field(default_factory=dict)
    accounts: dict[str, AccountVariables] = Field(default_factory=dict)


class RunConfig(Record):
    """One validated run. `model` None only for agents that need none (`oracle`).

    `sites` is a site provider's plug-in name; `sampling` is final (profile, then model file, then `-o`).
    """

    model: ModelSpec | None
    agent: str
    prompt: str
    profile: str
    task_set: str
    tasks: str
    sites: str
    site_urls: dict[str, str] = Field(default_factory=dict)
    site_accounts: dict[str, AccountVariables] = Field(default_factory=dict)
    workers: PositiveInt = 1
    trials: PositiveInt = 1
    seed: int = 0
    sampling: Sampling = Sampling()
    observation: ObservationSettings = ObservationSettings()
    limits: LimitSettings = LimitSettings()
    browser: BrowserSettings = BrowserSettings()
    settle: SettleSettings = SettleSettings()
    judge: JudgeSettings = JudgeSettings()
