"""Plays a task's reference actions through a running server: wa-run env serve --sessions 2

python openenv_client.py http://127.0.0.1:8000 37
"""

import sys

from openenv import GenericEnvClient
from webarena_runner.gym import ReferencePlayer


def play(url: str, task_id: int) -> float | None:
    """The reward; a model stands where the player does here."""
    player = ReferencePlayer.of("mini", task_id)
    # The client waits a minute for an answer unless it is told to wait longer.
    with GenericEnvClient(base_url=url, message_timeout_s=900).sync() as env:
        result = env.reset(task_id=task_id, max_steps=15)
        print(result.observation["intent"])
        while not result.done:
            action = player.next(result.observation["text"])
            print("  ", action)
            result = env.step({"action": action})
            if result.observation["last_action_error"]:
                print("     ", result.observation["last_action_error"])
        print("reward", result.reward, result.metadata)
        return result.reward


if __name__ == "__main__":
    play(sys.argv[1], int(sys.argv[2]))
