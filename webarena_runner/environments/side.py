"""The other side of an environment that runs apart: any Python from 3.9 on runs it, with nothing of the runner.

Started as `python side.py FILE CLASS`. It reads one JSON-RPC 2.0 request a line and answers each with a line, in order;
docs/plug-ins/environment-program.md has the methods. The class is made once, and plays one episode after the other.
"""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

PROTOCOL = 1
# Until what hangs is ended although it has not answered: nobody waits for it any more.
END_LIMIT_S = 5.0
FAILED = -32000


def main(file: str, name: str) -> None:
    requests, answers = _only_for_us()
    # That of this file, whose neighbours would be taken for packages of the same name.
    own = str(Path(__file__).resolve().parent)
    sys.path[:] = [str(Path(file).resolve().parent), *(folder for folder in sys.path if folder != own)]
    world: Any = None
    for line in iter(_read(requests).get, None):
        asked = json.loads(line)
        try:
            if asked["method"] == "initialize":
                world = world or _load(file, name)()
                result = {"protocol": PROTOCOL, "versions": dict(getattr(world, "versions", {}))}
            else:
                result = _methods(world)[asked["method"]](**asked["params"]) or {}
            answer = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}, allow_nan=False)
        except Exception as error:  # noqa: BLE001 - told to the runner, where the episode ends by it
            message = f"{type(error).__name__}: {error}"
            failed = {"code": FAILED, "message": message, "data": traceback.format_exc()}
            answer = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": failed})
        answers.write(answer + "\n")
        answers.flush()


def _methods(world: Any) -> dict[str, Callable[..., Any]]:
    return {"begin": world.begin, "call": world.call, "score": world.score, "end": getattr(world, "end", dict)}


def _load(file: str, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return getattr(module, name)


def _only_for_us() -> tuple[TextIO, TextIO]:
    """Standard input and output as they were. What others print, in whatever language, goes to standard error."""
    requests, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, answers


def _read(requests: TextIO) -> queue.Queue[str | None]:
    """The lines of standard input, then None: read in a thread, which sees the end of it while a call hangs."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in requests:
            lines.put(line)
        lines.put(None)
        killer = threading.Timer(END_LIMIT_S, _kill)
        killer.daemon = True
        killer.start()

    threading.Thread(target=read, daemon=True).start()
    return lines


def _kill() -> None:
    """Ourselves, with all that we have started: the runner gives us a group of our own."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
