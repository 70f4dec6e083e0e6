"""How much of a run's prompts the model server had in its cache, beside the most that any server could have had.

    python -m bench.reuse RUN

Possible is, of each prompt, the longest beginning that it shares with any prompt before it in the run, in characters of
the messages: what a server that forgets nothing would not have to read again. A step that was asked for an answer has
two prompts.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from webarena_runner.agents.constrained import ASK_FOR_ANSWER
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_steps
from webarena_runner.types import Step


def prompts_of(step: Step) -> Iterator[str]:
    """As they were asked."""
    text = "".join(f"\0{message.role}\0{message.content}" for message in step.decision.messages)
    first = text.removesuffix(f"\n{ASK_FOR_ANSWER}")
    yield first
    if first != text:
        yield text


def shared(prompts: list[str]) -> Iterator[int]:
    """Characters that each has in common with the one before it, of those before it, that has most."""
    for index, prompt in enumerate(prompts):
        yield max((len(os.path.commonprefix([prompt, other])) for other in prompts[:index]), default=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a run of the prompted agent")
    folder = parser.parse_args().run
    steps = [step for paths in RunPaths(folder).episodes() for step in read_steps(paths.folder)]
    asked = [(step, step.decision.completion) for step in steps if step.decision.completion and step.decision.messages]
    if not asked:
        raise SystemExit(f"{folder}: no step has a prompt and a completion; expected a run of the prompted agent")
    asked.sort(key=lambda pair: pair[0].started_at)
    prompts = [prompt for step, _ in asked for prompt in prompts_of(step)]
    possible = sum(shared(prompts)) / sum(map(len, prompts))
    tokens, cached = (sum(getattr(each, name) for _, each in asked) for name in ("prompt_tokens", "cached_tokens"))
    print(
        f"{len(asked)} steps, {len(prompts)} requests, {tokens / len(prompts):.0f} prompt tokens a request, "
        f"{cached / tokens:.1%} of them from the cache; {possible:.1%} was possible"
    )


if __name__ == "__main__":
    main()
