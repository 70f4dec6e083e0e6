"""How much of the prompts vLLM had in its prefix cache, and how many requests wait: for the run log."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)
_SAMPLE = re.compile(r"^vllm:(\w+?)(?:_total)?(?:\{[^}]*\})? ([-+0-9.eE]+)$", re.M)
_COUNTERS = ("prefix_cache_queries", "prefix_cache_hits")
_GAUGES = ("num_requests_running", "num_requests_waiting")


class Repeating:
    """Calls `report` every `every_s` seconds, and once more when it is closed."""

    def __init__(self, report: Callable[[], Awaitable[None]], every_s: float) -> None:
        self._report = report
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._repeat())

    async def aclose(self) -> None:
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None
        await self._report()

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            await self._report()


class CacheTally:
    """Prompt tokens of completed requests, and how many of them came from the prefix cache."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._requests = self._prompt_tokens = self._cached_tokens = 0

    def add(self, *, prompt_tokens: int, cached_tokens: int) -> None:
        self._requests += 1
        self._prompt_tokens += prompt_tokens
        self._cached_tokens += cached_tokens

    async def report(self) -> None:
        if self._requests:
            message = "%s: %d requests, %d prompt tokens, %s from the prefix cache"
            rate = share(self._cached_tokens, self._prompt_tokens)
            logger.info(message, self._subject, self._requests, self._prompt_tokens, rate)


def share(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole else "none"


def read_metrics(text: str) -> Counter[str]:
    """vLLM's counters and gauges of `/metrics` by name without prefix and `_total`, summed over engines."""
    wanted = (*_COUNTERS, *_GAUGES)
    found: Counter[str] = Counter()
    for name, value in _SAMPLE.findall(text):
        if name in wanted:
            found[name] += float(value)  # type: ignore[assignment]  # Counter counts floats too
    return found


def describe_metrics(now: Counter[str]) -> str:
    rate = share(now["prefix_cache_hits"], now["prefix_cache_queries"])
    running, waiting = now["num_requests_running"], now["num_requests_waiting"]
    return f"{running:.0f} requests running, {waiting:.0f} waiting; prefix cache hits {rate} of prompt tokens"
