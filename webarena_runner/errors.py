"""The exception tree.

RunnerError
├── UsageError             bad input; the CLI prints it and exits with 2; nothing was started
│   ├── ConfigError        a config, model, prompt or site file, an option or an environment variable
│   │   └── EvidenceMissing    a check looks at what a past episode's folder does not have
│   ├── TaskFileError      a task file that is malformed, missing or not the official one
│   ├── FetchError         a published file that cannot be had
│   ├── SelectionError     a --tasks expression that cannot be read or names what is not there
│   ├── BrowserMissing     no Chromium to start
│   └── StoreError         a run folder that cannot be written, or belongs to another run
│       ├── DamagedRecord  a file of a run that is not what was written
│       └── NewerFormat    a run of a newer version of this package
└── EpisodeError           infrastructure failed inside an episode; has an error class, never a score
    ├── ModelError         the model server
    │   ├── PromptTooLong  the prompt does not fit (no retry)
    │   ├── ModelRefused   wrong key, unknown model, malformed request (no retry)
    │   ├── NoAnswer       the server's reply holds nothing that the model says (no retry)
    │   │   ├── ModelBlocked   the provider's safety filter blocked the prompt or the reply
    │   │   ├── ModelDeclined  the model refused, in the field that the API has for it
    │   │   └── LimitSpent     the whole reply limit went into thoughts
    │   ├── EngineGone     the process that has the model on a cluster ended: the run stops
    │   └── ModelExhausted a day's quota, the account's credit or the run's --max-cost is used up: the run stops
    ├── BrowserError       Chromium or the protocol to it
    │   ├── BrowserGone    Chromium or its driver ended, and all its episodes with it (not the task's fault)
    │   └── ScriptError    a page's own script or locator threw
    ├── SiteError          a web site is down, slow or answers with a server error
    │   ├── SitesGone      the process of leased sites ended, and all its episodes with it (not the task's fault)
    │   ├── SiteAway       a shared site is down, as its health check says too (paused; no try of the task's)
    │   ├── SiteElsewhere  a start page leads to another host than the site's (no retry)
    │   ├── OutsideSites   the task names an address that is no site of its own (no retry)
    │   └── PictureMissing a picture that a task or its check names cannot be had
    │       └── NoPicture  what is there is no picture, or none that is taken (no retry)
    ├── LoginError         the first observation shows a log-in page, or logging in failed
    │   └── LoginRefused   a wrong account, page or host, or sites that sign each other out (no retry)
    ├── JudgeError         the judge model failed
    │   └── JudgeUnusable  no judge was given, or it refuses every request (no retry)
    ├── EnvironmentFault   an environment that is no browser failed
    │   ├── EnvironmentGone    its program ended
    │   └── ProtocolFault      it says what it must not, or offers functions that nobody could call (no retry)
    ├── NodeGone           the node of a cluster was lost, and all its episodes with it (not the task's fault)
    ├── Overload           the machine was too busy for pages to be read as they should have been
    └── LimitExceeded      the hard time limit of the episode, or of a step
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from webarena_runner.types import Completion, Message


class RunnerError(Exception):
    """Base of everything this package raises on purpose."""


class UsageError(RunnerError):
    """Bad input: what, where, what was expected, what to do."""


class ConfigError(UsageError):
    pass


class EvidenceMissing(ConfigError):
    pass


class TaskFileError(UsageError):
    pass


class FetchError(UsageError):
    pass


class SelectionError(UsageError):
    pass


class BrowserMissing(UsageError):
    pass


class StoreError(UsageError):
    pass


class DamagedRecord(StoreError):
    pass


class NewerFormat(StoreError):
    pass


class EpisodeError(RunnerError):
    """Infrastructure failed; `may_retry` says whether running the episode again may help, now or after `stops_run`.

    `process_lost`: a process that several episodes share ended under them, which says nothing of any of them.
    `cost_usd` is what the judge had cost before scoring failed; None: nothing that has a price.
    """

    error_class: ClassVar[str]
    may_retry: ClassVar[bool] = True
    stops_run: ClassVar[bool] = False
    process_lost: ClassVar[bool] = False
    cost_usd: float | None = None


class ModelError(EpisodeError):
    error_class = "model"


class PromptTooLong(ModelError):
    may_retry = False


class ModelRefused(ModelError):
    may_retry = False


class NoAnswer(ModelError):
    """`cause` is for counting; `completion` is what there is of the reply, with its tokens, `messages` the prompt."""

    may_retry = False
    cause: ClassVar[str]

    def __init__(self, message: str, *, completion: "Completion | None" = None) -> None:
        super().__init__(message)
        self.completion = completion
        self.messages: tuple[Message, ...] = ()


class ModelBlocked(NoAnswer):
    cause = "filter"


class ModelDeclined(NoAnswer):
    cause = "refusal"


class LimitSpent(NoAnswer):
    cause = "reply limit"


class ModelExhausted(ModelError):
    """No request can succeed for hours, or none may be made: the run stops, and is resumed later."""

    stops_run = True


class EngineGone(ModelError):
    stops_run = True


class BrowserError(EpisodeError):
    error_class = "browser"


class BrowserGone(BrowserError):
    process_lost = True


class ScriptError(BrowserError):
    pass


class SiteError(EpisodeError):
    error_class = "site"


class SitesGone(SiteError):
    process_lost = True


class SiteAway(SiteError):
    """`away` are the sites that are down, with their instances."""

    def __init__(self, message: str, *, away: tuple[str, ...]) -> None:
        super().__init__(message)
        self.away = away


class SiteElsewhere(SiteError):
    may_retry = False


class OutsideSites(SiteError):
    may_retry = False


class PictureMissing(SiteError):
    pass


class NoPicture(PictureMissing):
    may_retry = False


class LoginError(EpisodeError):
    error_class = "login"


class LoginRefused(LoginError):
    may_retry = False


class JudgeError(EpisodeError):
    error_class = "judge"


class JudgeUnusable(JudgeError):
    may_retry = False


class EnvironmentFault(EpisodeError):
    error_class = "environment"


class EnvironmentGone(EnvironmentFault):
    pass


class ProtocolFault(EnvironmentFault):
    may_retry = False


class NodeGone(EpisodeError):
    error_class = "node"
    process_lost = True


class Overload(EpisodeError):
    error_class = "overload"


class LimitExceeded(EpisodeError):
    error_class = "timeout"
