"""A WebArena environment for TRL's GRPOTrainer, on a server: wa-run env serve --sessions 8

dataset = Dataset.from_list(rows([37, 38]))
GRPOTrainer(model, args=args, train_dataset=dataset, environment_factory=WebArena)
"""

import os

from openenv import GenericEnvClient

PROMPT = (
    "Do the task on the web page, by calls of `act`. The last one is `stop [answer]`.\n\n"
)


def rows(task_ids):
    """A dataset's: `reset` is given all columns of a row."""
    return [
        {"prompt": [{"role": "user", "content": PROMPT}], "task_id": each}
        for each in task_ids
    ]


class WebArena:
    """One connection, and so one browser context, for one rollout after another."""

    def __init__(self):
        url = os.environ.get("WEBARENA_URL", "http://127.0.0.1:8000")
        self._env = GenericEnvClient(base_url=url, message_timeout_s=900).sync()
        self._connected, self._done, self._reward = False, False, None

    def reset(self, task_id=None, **row):
        if not self._connected:
            self._env.connect()
            self._connected = True
        self._done, self._reward = False, None
        try:
            seen = self._env.reset(task_id=task_id, max_steps=15)
        except RuntimeError as error:
            self._done = True
            return f"The task could not begin: {error}"
        return f"{seen.observation['intent']}\n\n{seen.observation['text']}"

    def act(self, action: str) -> str:
        """
        Does something on the page, and shows what came of it.

        Args:
            action: such as `click [12]`, `type [7] [blue shoes] [1]`, `stop [answer]`
        """
        if self._done:
            return "The task is over."
        try:
            seen = self._env.step({"action": action})
        except RuntimeError as error:
            self._done = True
            return f"The task was broken off: {error}"
        if seen.done:
            self._done, self._reward = True, seen.reward
            return "The task is over."
        return seen.observation["last_action_error"] or seen.observation["text"]

    def get_reward(self):
        """None, which TRL leaves out, for a rollout whose browser or site failed."""
        if not self._done:
            # It said no more, which is a stop without an answer.
            self.act("stop []")
        return self._reward
