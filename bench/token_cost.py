"""Processor time that a llama.cpp server takes for a token: of a prompt and of a reply, alone and 16 at once.

    python -m bench.token_cost --model FILE.gguf [--options '{"program": "llama-server", "threads": 1}']

Processor time hardly depends on what else runs here, and with one thread it is the time that a machine of its own would
take. What 16 at once take less is what the server gains from a batch, and bounds what concurrent episodes can gain.
Counted are the processes that the backend starts.
"""

import argparse
import asyncio
import json
import os
import random
from collections.abc import Sequence

import psutil

from webarena_runner.interfaces import RequestTag
from webarena_runner.models.llama_cpp.backend import LlamaCpp
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

WORDS = ("link", "button", "Kettle", "review", "price", "textbox", "forum", "order", "map", "9.99", "[12]", "heading")


def page(seed: int, words: int) -> str:
    draw = random.Random(seed)  # noqa: S311  no secret
    return (
        f"Page {seed}. " + " ".join(draw.choice(WORDS) for _ in range(words)) + "\nWrite a long story about this page."
    )


def spent_s() -> float:
    times = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return sum(each.user + each.system for each in times)


class Costs:
    def __init__(self, backend: LlamaCpp, *, words: int, reply_tokens: int) -> None:
        self._backend = backend
        self._words = words
        self._reply_tokens = reply_tokens

    async def read(self, seeds: Sequence[int]) -> float:
        """Milliseconds a token of new prompts, asked at once."""
        taken_s, replies = await self._ask(seeds, 1)
        return 1000 * taken_s / sum(each.prompt_tokens - each.cached_tokens for each in replies)

    async def reply(self, seeds: Sequence[int]) -> float:
        """Milliseconds a token of replies to prompts that were read before, asked at once."""
        taken_s, replies = await self._ask(seeds, self._reply_tokens)
        return 1000 * taken_s / sum(each.completion_tokens for each in replies)

    async def _ask(self, seeds: Sequence[int], max_tokens: int) -> tuple[float, list[Completion]]:
        sampling, before_s = Sampling(temperature=0.0, max_tokens=max_tokens), spent_s()
        asked = [[Message(role="user", content=page(seed, self._words))] for seed in seeds]
        replies = await asyncio.gather(*(self._backend.generate(each, sampling, tag=RequestTag()) for each in asked))
        return spent_s() - before_s, replies


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="GGUF file")
    parser.add_argument("--options", type=json.loads, default={}, help="options of the backend, as JSON")
    parser.add_argument("--words", type=int, default=60, help="of each prompt")
    parser.add_argument("--reply-tokens", type=int, default=24)
    parser.add_argument("--episodes", type=int, default=16)
    arguments = parser.parse_args()
    spec = ModelSpec(
        name="bench",
        backend="llama-cpp",
        model=arguments.model,
        context_window=2048,
        options={"slots": arguments.episodes, "threads": 1} | arguments.options,
    )
    backend, many = LlamaCpp(spec, environ=os.environ), range(1, arguments.episodes + 1)
    costs = Costs(backend, words=arguments.words, reply_tokens=arguments.reply_tokens)
    try:
        await backend.check()
        await costs.read([0])
        found = (await costs.read([-1]), await costs.read(many), await costs.reply([1]), await costs.reply(many))
    finally:
        await backend.aclose()
    alone, at_once, reply_alone, reply_at_once = found
    print(f"milliseconds of processor time a token{'one':>10}{f'{len(many)} at once':>14}{'gain':>8}")
    for name, one, all_of_them in (("prompt", alone, at_once), ("reply", reply_alone, reply_at_once)):
        print(f"{name:37}{one:10.2f}{all_of_them:14.2f}{one / all_of_them:8.1f}")


if __name__ == "__main__":
    asyncio.run(main())
