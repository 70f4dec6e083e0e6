"""What the driver and its workers on other nodes tell each other: plain values, which can be pickled."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from webarena_runner.interfaces.execution import Attempt, Recipe
from webarena_runner.interfaces.site_events import SiteEvent
from webarena_runner.types import EpisodeResult


@dataclass(frozen=True)
class Kit:
    """All that a node needs to play episodes of a run: `files` are prompt and model files by their place, `folder` is
    the working directory of the command, for relative paths in settings.

    `secrets` are values of environment variables, only where they are handed over.
    """

    recipe: Recipe
    files: Mapping[str, bytes]
    folder: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Granted:
    """Shared sites that an attempt may use: the grant's number, and the copy.

    `renewals` is how often each of the sites was put back or came back, which no log-in of before may have outlived.
    """

    number: int
    instance: str
    sites: tuple[str, ...]
    writes: bool
    renewals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """An attempt for a worker, under a token that no other attempt of the run has; `slot` is for whoever watches."""

    token: int
    attempt: Attempt
    slot: int
    granted: Granted | None = None


@dataclass(frozen=True)
class Usage:
    """What the replies of one step, or of several, took."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None

    def __add__(self, other: "Usage") -> "Usage":
        costs = [each for each in (self.cost_usd, other.cost_usd) if each is not None]
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
            sum(costs) if costs else None,
        )


@dataclass(frozen=True)
class Piece:
    """Of a file in the folder of an attempt; `begins`: its first one."""

    token: int
    name: str
    data: bytes = field(repr=False)
    begins: bool


@dataclass(frozen=True)
class SharedText:
    """A text that steps of any attempt name by its checksum."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class Stepped:
    """A step was taken, and is in the pieces before."""

    token: int
    index: int
    action_text: str
    usage: Usage


@dataclass(frozen=True)
class Ended:
    """An attempt is over, all its files are in the pieces before; `result` None: it was stopped before it had one."""

    token: int
    result: EpisodeResult | None


@dataclass(frozen=True)
class Broke:
    """An attempt ended in what ends a run, such as a full disk."""

    token: int
    message: str


@dataclass(frozen=True)
class Logged:
    """A line of the log, with whose episode it is of."""

    level: int
    name: str
    text: str


@dataclass(frozen=True)
class OfSites:
    """What shared sites tell of themselves."""

    event: SiteEvent


News = Piece | SharedText | Stepped | Ended | Broke | Logged | OfSites


@dataclass(frozen=True)
class Batch:
    """News up to the number `last`, in order."""

    last: int
    news: tuple[News, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Why something could not be opened: a UsageError's text, or, `internal`, a traceback."""

    text: str
    internal: bool = False
