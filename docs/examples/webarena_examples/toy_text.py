"""Gymnasium's toy texts as tasks whose actions are calls, played by another Python."""

import hashlib
from pathlib import Path
from typing import Any, ClassVar

from webarena_runner.environments.served import Served
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.types import Check, Task

# By task: the game, and the moves that win it.
GAMES: dict[str, dict[str, Any]] = {
    "lake-4x4": {
        "env_id": "FrozenLake-v1",
        "options": {"map_name": "4x4", "is_slippery": False},
        "goal": "Get from S to G over the frozen lake (F); a hole (H) is the end",
        "moves": ["left", "down", "right", "up"],
        "wins": "down down right right down right",
    },
    "lake-8x8": {
        "env_id": "FrozenLake-v1",
        "options": {"map_name": "8x8", "is_slippery": False},
        "goal": "Get from S to G over the frozen lake (F); a hole (H) is the end",
        "moves": ["left", "down", "right", "up"],
        "wins": "right " * 7 + "down " * 7,
    },
    "cliff": {
        "env_id": "CliffWalking-v1",
        "options": {},
        "goal": "Get from x to T; a step on the cliff (C) leads back to the start",
        "moves": ["up", "right", "down", "left"],
        "wins": "up " + "right " * 11 + "down",
    },
}


class ToyText(Served):
    """Games in a program; `environment.python` is the Python that has Gymnasium."""

    name = "toy-text"
    program = Path(__file__).with_name("toy_text_program.py")


class ToyTextTasks:
    name = "toy-text"
    served_by = None
    profile: ClassVar[str] = "calls"

    def load(self, *, allow_modified: bool = False) -> LoadedTasks:
        sha256 = hashlib.sha256(repr(GAMES).encode()).hexdigest()
        tasks = tuple(self._task(name, game) for name, game in GAMES.items())
        return LoadedTasks(self.name, tasks, sha256, __name__, environment="toy-text")

    def _task(self, name: str, game: dict[str, Any]) -> Task:
        moves = game["wins"].split()
        plays = [
            {"do": "call", "name": "move", "arguments": {"direction": move}}
            for move in moves
        ]
        return Task(
            task_set=self.name,
            task_id=name,
            intent=game["goal"],
            sites=(),
            start_urls=(),
            login_sites=(),
            checks=(Check(kind="environment", spec={}),),
            raw={**game, "reference_actions": plays},
        )
