"""Times the requests of concurrent episodes against the same requests one at a time, on one engine.

    python -m bench.models --backend vllm --model FOLDER [--options '{"engine": {"dtype": "bfloat16"}}']

Each request is a step of the prompted agent: its template, its examples, and a page that no other request has, so that
only the fixed part of the prompt can come from a prefix cache. Rounds of both kinds take turns. Run it with a Python
that has the engine, such as that of `make test-models`, which also makes a tiny model:

    .venv-models/bin/python tests/tools/make_tiny_llama.py /tmp/tiny-llama
"""

import argparse
import asyncio
import json
import logging
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner import registry
from webarena_runner.agents.prompt import load_prompt
from webarena_runner.agents.prompted import Prompted
from webarena_runner.interfaces import ModelBackend
from webarena_runner.settings.records import ModelSpec, ObservationSettings
from webarena_runner.types import Completion, Observation, Sampling, Task

# For a tiny model on a CPU; --options replaces them key by key.
ARGUMENTS = {"dtype": "float32", "enforce_eager": True, "max_num_seqs": 64}
ENVIRONMENT = {"VLLM_CPU_KVCACHE_SPACE": 1}
OPTIONS: dict[str, dict[str, Any]] = {
    "vllm": {"engine": ARGUMENTS, "environment": ENVIRONMENT},
    "vllm-server": {"serve": ARGUMENTS, "environment": ENVIRONMENT},
    "transformers": {"dtype": "float32"},
    "llama-cpp": {"slots": 16},
}
URLS = {"shopping": "http://127.0.0.1:7770"}


@dataclass(frozen=True)
class Round:
    wall_s: float
    replies: Sequence[Completion]

    @property
    def tokens_per_s(self) -> float:
        return sum(reply.completion_tokens for reply in self.replies) / self.wall_s


def task(number: int) -> Task:
    return Task(
        task_set="bench",
        task_id=number,
        intent=f"buy the cheapest item of page {number}",
        sites=("shopping",),
        start_urls=(),
        login_sites=(),
        template_id=number,
        checks=(),
        raw={},
    )


def page(number: int, lines: int) -> Observation:
    items = (f"\t[{line + 10}] link 'Item {number * lines + line} for ${line}.99'\n" for line in range(lines))
    text = f"Tab 0 (current): Page {number}\n\n[1] RootWebArea 'Page {number}' focused: True\n{''.join(items)}"
    return Observation(url=f"{URLS['shopping']}/{number}", tabs=(f"Page {number}",), text=text)


class Episodes:
    """Every call is a round of new pages, so that no observation is ever in the engine's cache."""

    def __init__(self, agent: Prompted, *, episodes: int, lines: int) -> None:
        self._agent = agent
        self._episodes = episodes
        self._lines = lines
        self._pages = 0

    async def one_by_one(self) -> Round:
        numbers, started_s = self._next(), time.monotonic()
        replies = [await self._step(number) for number in numbers]
        return Round(time.monotonic() - started_s, replies)

    async def at_once(self) -> Round:
        numbers, started_s = self._next(), time.monotonic()
        replies = await asyncio.gather(*map(self._step, numbers))
        return Round(time.monotonic() - started_s, replies)

    def _next(self) -> range:
        first, self._pages = self._pages, self._pages + self._episodes
        return range(first, self._pages)

    async def _step(self, number: int) -> Completion:
        decision = await self._agent.act(task(number), [], page(number, self._lines), urls=URLS)
        if decision.completion is None:
            raise SystemExit("the agent made no request")
        return decision.completion


async def measure(backend: ModelBackend, arguments: argparse.Namespace) -> tuple[list[Round], list[Round]]:
    sampling = Sampling(temperature=0.0, max_tokens=arguments.max_tokens)
    agent = Prompted(backend, load_prompt(arguments.prompt), sampling=sampling, settings=ObservationSettings())
    episodes = Episodes(agent, episodes=arguments.episodes, lines=arguments.lines)
    await episodes.at_once()
    alone, together = [], []
    for _ in range(arguments.rounds):
        alone.append(await episodes.one_by_one())
        together.append(await episodes.at_once())
    return alone, together


def table(name: str, alone: Sequence[Round], together: Sequence[Round]) -> str:
    replies = [reply for taken in (*alone, *together) for reply in taken.replies]
    prompts, cached = (sum(getattr(reply, kind) for reply in replies) for kind in ("prompt_tokens", "cached_tokens"))
    title = f"requests of {len(alone[0].replies)} episodes"
    rows = [f"{title:28}{'median s':>10}{'slowest s':>11}{'tokens/s':>10}"]
    for label, rounds in (("one at a time", alone), ("at once", together)):
        walls = [taken.wall_s for taken in rounds]
        rate = statistics.median(taken.tokens_per_s for taken in rounds)
        rows.append(f"{label:28}{statistics.median(walls):10.2f}{max(walls):11.2f}{rate:10.0f}")
    ratio = statistics.median(taken.wall_s for taken in alone) / statistics.median(taken.wall_s for taken in together)
    rows.append(
        f"{name}: {ratio:.1f} times as fast at once; {prompts / len(replies):.0f} prompt tokens a request, "
        f"{cached / prompts:.1%} of them from the prefix cache; {len(alone)} rounds"
    )
    return "\n".join(rows)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", required=True, choices=registry.names("models"))
    parser.add_argument("--model", required=True, help="folder or name")
    parser.add_argument("--options", type=json.loads, default={}, help="options of the backend, as JSON")
    parser.add_argument("--context-window", type=int, default=8192)
    parser.add_argument("--prompt", default="cot")
    parser.add_argument("--episodes", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--lines", type=int, default=40, help="of each page")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("webarena_runner").setLevel(logging.INFO)
    spec = ModelSpec(
        name=arguments.backend,
        backend=arguments.backend,
        model=arguments.model,
        context_window=arguments.context_window,
        options=OPTIONS.get(arguments.backend, {}) | arguments.options,
    )
    backend: ModelBackend = registry.load("models", spec.backend)(spec, environ=os.environ)
    try:
        await backend.check()
        alone, together = await measure(backend, arguments)
    finally:
        await backend.aclose()
    print(table(spec.backend, alone, together))


if __name__ == "__main__":
    asyncio.run(main())
