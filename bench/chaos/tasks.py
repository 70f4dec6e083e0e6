"""Tasks whose episodes differ in what is done and answered, so that one mistaken for another is seen."""

import json
import random
from pathlib import Path

from tests.cli.conftest import own_task

# As the model writes an action, and how the next prompt's last line tells that it was done. Each is used once at most.
ACTIONS = {
    "scroll [down]": "scroll [down]",
    "scroll [up]": "scroll [up]",
    "press [End]": "press [End]",
    "press [Home]": "press [Home]",
    "press [PageDown]": "press [PageDown]",
}


def write_tasks(path: Path, count: int) -> None:
    """Tasks on the embedded forum, each passed by the answer that its intent asks for."""
    words = [f"word{number}" for number in range(count)]
    path.write_text(json.dumps([own_task(index, expected=word, said=word) for index, word in enumerate(words)]))


def says(intent: str, last: str) -> str:
    """What the model says to `Say WORD` after its last action: always the same, whatever was asked before."""
    word = intent.removeprefix("Say ")
    chance = random.Random(word)
    plan = chance.sample(list(ACTIONS), k=chance.randint(2, 4))
    done = next((index for index, action in enumerate(plan) if ACTIONS[action] in last), -1)
    return plan[done + 1] if done + 1 < len(plan) else f"stop [{word}]"
