"""How vLLM runs the tiny model on a CPU in tests, and what both of its backends must do with it."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from webarena_runner.interfaces import ModelBackend, RequestTag
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

CONTEXT = 4096
MAX_NUM_SEQS = 16
ARGUMENTS = {"dtype": "float32", "enforce_eager": True, "max_num_seqs": MAX_NUM_SEQS}
ENVIRONMENT = {"VLLM_CPU_KVCACHE_SPACE": 1, "VLLM_NO_USAGE_STATS": 1, "HF_HUB_OFFLINE": 1}
# vLLM and what it imports use what others have deprecated.
WARNINGS = ("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


def spec_of(backend: str, folder: Path, **options: Any) -> ModelSpec:
    arguments = {"engine" if backend == "vllm" else "serve": ARGUMENTS}
    options = arguments | {"environment": ENVIRONMENT} | options
    return ModelSpec(name="tiny", backend=backend, model=str(folder), context_window=CONTEXT, options=options)


async def ask(backend: ModelBackend, text: str, *, images: Sequence[bytes] = (), **sampling: Any) -> Completion:
    message = Message(role="user", content=text, images=tuple(images))
    values = {"temperature": 0.0, "max_tokens": 48} | sampling
    return await backend.generate([message], Sampling(**values), tag=RequestTag("mini", 1, 0, 0))


def descendants(process: int) -> dict[int, str]:
    """Command lines of a process's children and theirs, by id; without those that have ended."""
    found = {}
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z":
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                found |= descendants(child)
    return found


def find(name: str, *, but: Collection[int] = ()) -> int:
    """The first of our descendants whose command line has this in it."""
    found = descendants(os.getpid())
    return next(process for process in found if name in found[process] and process not in but)
