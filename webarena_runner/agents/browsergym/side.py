"""The other side of a BrowserGym agent: runs in the environment that has it, and has nothing of the runner.

Started as `python side.py MODULE.NAME`. Its first line says what the agent is; then it reads one JSON object a line,
and answers each with one, in the order in which they are done: every episode has an agent, and a thread, of its own.
"""

import ast
import base64
import importlib
import inspect
import io
import json
import math
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any, TextIO

BENCHMARK = "webarena"
METHODS = ("obs_preprocessor", "get_action")
END_LIMIT_S = 10.0


def main(target: str) -> None:
    asked_of, lines = own_streams()
    talking = threading.Lock()  # guards `lines`: threads answer as they are done

    def tell(line: str) -> None:
        with talking:
            print(line, file=lines, flush=True)

    try:
        make, close = load(target)
        line = written({"ready": described(make()), "greeting": greeting()})
    except BaseException as error:  # noqa: BLE001 - told to whoever started this; modules may end the process, too
        missing = isinstance(error, ImportError)
        tell(written({"error": told(error), "missing": missing, "traceback": traceback.format_exc()}))
        return
    tell(line)
    episodes: dict[str, Episode] = {}
    for asking in asked_of:
        asked = json.loads(asking)
        name = asked["episode"]
        if asked["do"] == "end":
            if name in episodes:
                episodes.pop(name).end()
            continue
        if asked["do"] == "begin":
            if name in episodes:
                episodes.pop(name).end()
            episodes[name] = Episode(make)
        if name in episodes:
            episodes[name].ask(asked, tell)
        else:
            tell(written({"id": asked["id"], "error": "its agent is gone: the process of the agents was started anew"}))
    # An agent that hangs in its thread would keep the process, even when whoever started it was killed.
    limit = threading.Timer(END_LIMIT_S, os._exit, (1,))
    limit.daemon = True
    limit.start()
    close()


def own_streams() -> tuple[TextIO, TextIO]:
    """What is asked and what is answered, out of reach of the agents and of the programs that they start.

    Those may print, which goes to standard error, and read, which finds nothing.
    """
    asked_of = os.fdopen(os.dup(0), encoding="utf-8")
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - as the other streams
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return asked_of, lines


class Episode:
    """An agent, with one thread, in which it is made and asked."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._agent = self._thread.submit(make)

    def ask(self, asked: dict[str, Any], tell: Callable[[str], None]) -> None:
        self._thread.submit(self._answer, asked, tell)

    def end(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _answer(self, asked: dict[str, Any], tell: Callable[[str], None]) -> None:
        try:
            line = written({"id": asked["id"], **act(self._agent.result(), asked["observation"])})
        except BaseException as error:  # noqa: BLE001 - told to the runner, where the episode ends by it; sys.exit(), too
            line = written({"id": asked["id"], "error": told(error), "traceback": traceback.format_exc()})
        tell(line)


def act(agent: Any, given: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    action, info = agent.get_action(agent.obs_preprocessor(observed(given)))
    info = info or {}
    stats = info.get("stats", None) or {}
    return {
        "action": action,
        "think": info.get("think", None),
        "messages": [message for message in map(as_message, messages_of(info)) if message],
        "stats": {str(key): value for key, value in stats.items() if is_amount(value)},
        "seconds": time.monotonic() - started,
        **described(agent),
    }


def load(target: str) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """What makes an agent for an episode, and what is to be called at the end.

    `target` names an agent class that is called without arguments, or AgentLab's arguments of one.
    """
    module, _, name = target.rpartition(".")
    found = getattr(importlib.import_module(module), name)
    if isinstance(found, type) and hasattr(found, "make_agent"):
        found = found()
    if not hasattr(found, "make_agent"):
        if not callable(found) or not all(hasattr(found, method) for method in METHODS):
            wanted = " and ".join(METHODS)
            raise TypeError(f"{target} is neither an agent class, with {wanted}, nor has it make_agent")
        return found, lambda: None
    arguments = deepcopy(found)
    if hasattr(arguments, "set_benchmark"):
        arguments.set_benchmark(benchmark(), False)
    if hasattr(arguments, "prepare"):
        arguments.prepare()
    return lambda: deepcopy(arguments).make_agent(), getattr(arguments, "close", lambda: None)


def benchmark() -> Any:
    """What AgentLab's arguments look at for WebArena: its action set, and that there are several tabs."""
    from browsergym.experiments.benchmark.base import Benchmark
    from browsergym.experiments.benchmark.configs import DEFAULT_HIGHLEVEL_ACTION_SET_ARGS

    return Benchmark(
        name=BENCHMARK,
        high_level_action_set_args=DEFAULT_HIGHLEVEL_ACTION_SET_ARGS[BENCHMARK],
        is_multi_tab=True,
        supports_parallel_seeds=False,
        env_args_list=[],
        backends=[],
        task_metadata=no_tasks(),
    )


def no_tasks() -> Any:
    import pandas

    return pandas.DataFrame({"task_name": []})


def described(agent: Any) -> dict[str, Any]:
    """How it writes its actions, by its own action set; nothing of one that is not of BrowserGym's kind."""
    actions = getattr(agent, "action_set", None)
    if actions is None or not isinstance(getattr(actions, "action_set", None), dict):
        return {}
    return {
        "actions": {
            "names": list(actions.action_set),
            "multiaction": bool(getattr(actions, "multiaction", False)),
            "strict": bool(getattr(actions, "strict", False)),
            "force": bool(getattr(actions, "retry_with_force", False)),
        }
    }


def greeting() -> str:
    """What an episode's chat begins with: the first message that BrowserGym's own environment puts there."""
    try:
        import browsergym.core.env as environment
    except ImportError:
        return ""
    for node in ast.walk(ast.parse(inspect.getsource(environment.BrowserEnv.reset).lstrip())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_message":
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            said = given.get("msg")
            if isinstance(said, ast.Constant) and ast.unparse(given["role"]) == repr("assistant"):
                return str(said.value)
    return ""


def observed(given: dict[str, Any]) -> dict[str, Any]:
    """The observation with the types that BrowserGym's has."""
    import numpy
    import PIL.Image

    picture = PIL.Image.open(io.BytesIO(base64.b64decode(given["screenshot"])))
    return {
        **given,
        "chat_messages": tuple(given["chat_messages"]),
        "goal_object": tuple(given["goal_object"]),
        "open_pages_urls": tuple(given["open_pages_urls"]),
        "open_pages_titles": tuple(given["open_pages_titles"]),
        "active_page_index": numpy.asarray([given["active_page_index"]]),
        "screenshot": numpy.array(picture.convert("RGB")),
        "elapsed_time": numpy.asarray([given["elapsed_time"]]),
    }


def messages_of(info: Any) -> list[Any]:
    given = info.get("chat_messages", None)
    return list(getattr(given, "messages", given) or ())


def is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def as_message(message: Any) -> dict[str, str]:
    """Role and text of a chat message; empty for what is none."""
    if not isinstance(message, dict) or "role" not in message:
        return {}
    content = message.get("content") or ""
    if not isinstance(content, str):
        content = "\n".join(part.get("text", f"[{part.get('type')}]") for part in content if isinstance(part, dict))
    return {"role": str(message["role"]), "content": content}


def written(answer: dict[str, Any]) -> str:
    return json.dumps(answer, default=str)


def told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main(sys.argv[1])
