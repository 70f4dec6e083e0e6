"""Plays the pages of a recorded run to one engine, 16 episodes at once: tokens per second, share of the prefix cache.

    python -m bench.gpu --backend vllm --model FOLDER [--device cpu] [--run RUN_FOLDER] [--attention flash_attention_2]

Without a run the pages are made, as in `bench.models`. `bench/gpu.sh` calls this for each engine that there is.
"""

import argparse
import asyncio
import logging
import os
import platform
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from bench.models import ENVIRONMENT, URLS, page, task
from webarena_runner import registry
from webarena_runner.agents.prompt import load_prompt
from webarena_runner.agents.prompted import Prompted
from webarena_runner.errors import ModelError
from webarena_runner.interfaces import ModelBackend
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_steps, read_tasks
from webarena_runner.settings.records import ModelSpec, ObservationSettings
from webarena_runner.types import Completion, Observation, Sampling, Step, Task

LINES = 120  # of a made page: some 1,900 tokens, as the profile cuts them
Episode = tuple[Task, Sequence[Step], Sequence[Observation]]


def recorded(folder: Path, *, steps: int) -> list[Episode]:
    """Each episode by its latest attempt; its first steps are the history of the later ones."""
    tasks = {each.task_id: each for each in read_tasks(folder) or ()}
    found: list[Episode] = []
    for paths in RunPaths(folder).episodes():
        taken = list(islice(read_steps(paths.folder), steps))
        if taken and paths.key[0] in tasks:
            found.append((tasks[paths.key[0]], taken, [step.observation for step in taken]))
    return found


def made(count: int, *, steps: int) -> list[Episode]:
    pages = (page(number, LINES) for number in range(1, count * steps + 1))
    return [(task(number), (), list(islice(pages, steps))) for number in range(count)]


async def play(agent: Prompted, episode: Episode, trial: int) -> list[Completion]:
    of_task, history, pages = episode
    replies = []
    for number, shown in enumerate(pages):
        decision = await agent.act(of_task, history[:number], shown, urls=URLS, trial=trial)
        if decision.completion is None:
            raise SystemExit("the agent made no request")
        replies.append(decision.completion)
    return replies


def spec_for(given: argparse.Namespace) -> ModelSpec:
    on_cpu = given.device == "cpu"
    dtype = "float32" if on_cpu else "bfloat16"
    options: dict[str, Any]
    if given.backend == "vllm":
        engine = {"dtype": dtype, "max_num_seqs": 64, "enforce_eager": on_cpu}
        options = {"engine": engine, "environment": {"VLLM_NO_USAGE_STATS": 1, **(ENVIRONMENT if on_cpu else {})}}
    else:
        options = {"dtype": dtype, "device_map": given.device, "attn_implementation": given.attention}
    return ModelSpec(
        name=given.backend, backend=given.backend, model=given.model, context_window=given.window, options=options
    )


async def measure(backend: ModelBackend, given: argparse.Namespace) -> str:
    sampling = Sampling(temperature=0.0, max_tokens=given.max_tokens)
    agent = Prompted(backend, load_prompt(given.prompt), sampling=sampling, settings=ObservationSettings())
    # The first request compiles and allocates; its page is none of those that count.
    await agent.act(task(0), (), page(0, LINES), urls=URLS)
    found = recorded(given.run, steps=given.steps) if given.run else made(given.episodes, steps=given.steps)
    if not found:
        raise SystemExit(f"{given.run}: has no steps to play")
    episodes = list(islice(cycle(found), given.episodes))
    started_s = time.monotonic()
    played = await asyncio.gather(
        *(play(agent, episode, trial) for trial, episode in enumerate(episodes)), return_exceptions=True
    )
    wall_s = time.monotonic() - started_s
    faults = [each for each in played if isinstance(each, ModelError)]
    for each in played:
        if isinstance(each, BaseException) and not isinstance(each, ModelError):
            raise each
    replies = [reply for each in played if isinstance(each, list) for reply in each]
    source = f"{len(found)} recorded ones" if given.run else "made pages"
    return _told(given, replies, wall_s, f"{len(episodes)} episodes of {source}", len(faults))


def _told(given: argparse.Namespace, replies: Sequence[Completion], wall_s: float, what: str, faults: int) -> str:
    sums = {
        name: sum(getattr(reply, name) for reply in replies)
        for name in ("prompt_tokens", "completion_tokens", "cached_tokens")
    }
    attention = f", {given.attention}" if given.backend == "transformers" else ""
    return (
        f"{given.backend}{attention} on {_device(given.device)}: {what}, {len(replies)} requests in {wall_s:.1f} s, "
        f"{faults} episodes with an error; {sums['prompt_tokens'] / wall_s:.1f} prompt and "
        f"{sums['completion_tokens'] / wall_s:.1f} reply tokens/s; "
        f"{sums['cached_tokens'] / max(1, sums['prompt_tokens']):.1%} of the prompts from the prefix cache"
    )


def _device(name: str) -> str:
    if name == "cpu":
        return f"cpu ({platform.machine()}, {os.cpu_count()} cores)"
    import torch

    return str(torch.cuda.get_device_name())


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", required=True, choices=("vllm", "transformers"))
    parser.add_argument("--model", required=True, help="folder of a checkpoint")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--attention", default="sdpa", help="of Transformers: sdpa, flash_attention_2, eager")
    parser.add_argument("--run", type=Path, help="folder of a run whose pages are played; default: made pages")
    parser.add_argument("--prompt", default="cot")
    parser.add_argument("--window", type=int, default=8192)
    parser.add_argument("--episodes", type=int, default=16)
    parser.add_argument("--steps", type=int, default=4, help="of each episode, at most")
    parser.add_argument("--max-tokens", type=int, default=128)
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    spec = spec_for(given)
    backend: ModelBackend = registry.load("models", spec.backend)(spec, environ=os.environ)
    try:
        await backend.check()
        print(await measure(backend, given))
    finally:
        await backend.aclose()


if __name__ == "__main__":
    asyncio.run(main())
