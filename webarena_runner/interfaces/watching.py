"""What an episode tells the provider of its sites of how they are, and the provider the episode."""

from collections import deque
from dataclasses import dataclass, field

# A page can navigate as often as it likes.
MAX_DOCUMENTS = 500


@dataclass(frozen=True)
class Document:
    """What became of a request for a page; `status` 0: nobody answered, for the reason `error`.

    `cached`: the browser had it, and asked no server. `latency_s` is the time to the first byte of an answer.
    `sent_from` is the address that was asked for, where redirects led on from it.
    """

    url: str
    status: int = 0
    error: str = ""
    cached: bool = False
    latency_s: float = 0.0
    sent_from: str = ""


@dataclass
class LeaseWatch:
    """Of one lease. `good` and `failed` are pages of its sites, as the browser got them or did not.

    `blamed` is the address of that whose failure ended the episode. `lost` is why the episode must not go on or be
    scored, as its provider has learned elsewhere. Both are "" otherwise.
    """

    good: deque[Document] = field(default_factory=lambda: deque(maxlen=MAX_DOCUMENTS))
    failed: deque[Document] = field(default_factory=lambda: deque(maxlen=MAX_DOCUMENTS))
    blamed: str = ""
    lost: str = ""
