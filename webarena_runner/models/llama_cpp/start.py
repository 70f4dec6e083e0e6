"""The command that starts a llama.cpp server, and the program that it is."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from webarena_runner.allowance import cores

if TYPE_CHECKING:
    from webarena_runner.models.llama_cpp.options import LlamaCppOptions

KEY_VARIABLE = "LLAMA_API_KEY"
LLAMA_SERVER = "llama-server"
DEFAULT_SLOTS = 1


@dataclass(frozen=True)
class Program:
    """`words` begin the command."""

    words: Sequence[str]
    is_llama_server: bool


def program_of(wanted: str) -> Program | None:
    """None: it is not here."""
    if not wanted and find_spec("xllamacpp") is not None:
        return Program((sys.executable, "-I", str(Path(__file__).with_name("xserver.py"))), is_llama_server=False)
    found = shutil.which(wanted or LLAMA_SERVER)
    return Program((found,), is_llama_server=True) if found else None


def start_command(program: Program, file: Path, options: "LlamaCppOptions", *, window: int) -> list[str]:
    """Without host and port. Slots divide the context, so that it is as large as all their windows."""
    slots = options.slots or DEFAULT_SLOTS
    words = {
        "--model": file,
        "--alias": file.name,
        "--ctx-size": slots * window,
        "--parallel": slots,
        "--batch-size": options.batch,
        "--threads": options.threads or _free_cores(),
        "--gpu-layers": options.gpu_layers,
        "--mmproj": Path(options.mmproj).expanduser() if options.mmproj else None,
    }
    flags = [text for flag, value in words.items() if value is not None for text in (flag, str(value))]
    return [*program.words, *flags, *options.arguments]


def _free_cores() -> int:
    """All that this process may use but one, which the browser needs."""
    return max(1, cores() - 1)
