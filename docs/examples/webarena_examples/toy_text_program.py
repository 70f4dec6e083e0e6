"""A game of Gymnasium's, played by a Python that has nothing of the runner."""

import re

import gymnasium

# What the games show in colour is where the player is.
COLOURED = re.compile(r"\x1b\[\d+m(.*?)\x1b\[0m")


class World:
    versions = {"gymnasium": gymnasium.__version__}

    def begin(self, task_id, record, seed):
        self.moves = record["moves"]
        self.env = gymnasium.make(record["env_id"], render_mode="ansi", **record["options"])
        self.env.reset(seed=seed)
        self.reward, self.terminated = 0.0, False
        one_of_the_moves = {
            "type": "object",
            "properties": {"direction": {"type": "string", "enum": self.moves}},
            "required": ["direction"],
            "additionalProperties": False,
        }
        move = {
            "name": "move",
            "description": "One step.",
            "parameters": one_of_the_moves,
        }
        return {"text": self._shown(), "tools": [move]}

    def call(self, name, arguments):
        action = self.moves.index(arguments["direction"])
        _, self.reward, self.terminated, truncated, _ = self.env.step(action)
        return {"text": self._shown(), "over": self.terminated or truncated}

    def score(self, answer):
        # The lake pays for the goal alone; the cliff ends nowhere else.
        won = self.terminated and self.reward != 0
        return {
            "value": float(won),
            "explanation": f"the last reward was {self.reward:g}",
            "evidence": {"reward": float(self.reward), "terminated": bool(self.terminated)},
        }

    def end(self):
        self.env.close()

    def _shown(self):
        return COLOURED.sub(r"[\1]", self.env.render()).strip()
