"""What a run may use before it begins no more episodes. No clock, no I/O."""

from dataclasses import dataclass

from webarena_runner.log.paths import Key
from webarena_runner.settings.records import LimitSettings
from webarena_runner.types import EpisodeResult


@dataclass(frozen=True)
class Used:
    """What a run has used, its earlier starts and attempts without a score included."""

    cost_usd: float = 0.0
    tokens: int = 0


class Budgets:
    """The limits of a run's settings on dollars, tokens and errored episodes, and what of them is used.

    Errors are of this start only: an episode that passes or fails later counts no more.
    """

    def __init__(self, limits: LimitSettings, used: Used) -> None:
        self._limits = limits
        self._used = used
        self._errored: set[Key] = set()
        self._last_error = ""

    def count(self, key: Key, result: EpisodeResult, *, errored: bool) -> None:
        """An attempt; `errored`: it ended in an error that is the episode's own."""
        tokens = result.prompt_tokens + result.completion_tokens
        self._used = Used(self._used.cost_usd + (result.cost_usd or 0.0), self._used.tokens + tokens)
        if errored and result.failure:
            self._errored.add(key)
            self._last_error = f"({result.failure.error_class}): {result.failure.message}"
        elif result.failure is None:
            self._errored.discard(key)

    @property
    def spent(self) -> str:
        """Why no more episodes are to be begun; "" as long as they are."""
        most_errors = self._limits.fail_fast
        if most_errors is not None and len(self._errored) >= most_errors:
            count = f"{len(self._errored)} episodes" if len(self._errored) > 1 else "1 episode"
            return (
                f"{count} ended in an error (--fail-fast {most_errors}, limits.fail_fast), the last one "
                f"{self._last_error}"
            )
        return used_up(self._limits, self._used)


def used_up(limits: LimitSettings, used: Used) -> str:
    """Which limit of a whole run is reached, and how to go on; "" when none is."""
    if limits.max_cost_usd is not None and used.cost_usd >= limits.max_cost_usd:
        return (
            f"the run has cost ${used.cost_usd:.4f}, and --max-cost allows ${limits.max_cost_usd:g}; "
            "to resume it, give a higher --max-cost"
        )
    if limits.max_tokens is not None and used.tokens >= limits.max_tokens:
        return (
            f"the run has used {used.tokens:,} tokens, and --max-tokens allows {limits.max_tokens:,}; "
            "to resume it, give a higher --max-tokens"
        )
    return ""
