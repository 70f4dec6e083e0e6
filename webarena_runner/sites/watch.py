"""Who is told how it goes with sites that are brought up."""

import logging
from typing import Protocol

log = logging.getLogger(__name__)


class Watch(Protocol):
    def say(self, name: str, state: str) -> None:
        """What a container, or a site, is at now; the same may be said many times."""
        ...

    def warn(self, text: str) -> None: ...


class Logged:
    """Tells the log, each state once."""

    def __init__(self) -> None:
        self._latest: dict[str, str] = {}

    def say(self, name: str, state: str) -> None:
        kind = state.partition(":")[0]
        if self._latest.get(name) != kind:
            self._latest[name] = kind
            log.info("%s: %s", name, state)

    def warn(self, text: str) -> None:
        log.warning("%s", text)
