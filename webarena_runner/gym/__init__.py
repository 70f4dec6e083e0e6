"""The Gymnasium environment, and rollouts for training.

Importing this module registers the environment, which is all that Gymnasium offers to packages.
"""

import gymnasium

from webarena_runner.gym.env import WebArenaEnv
from webarena_runner.gym.many import rollouts
from webarena_runner.gym.reference import ReferencePlayer
from webarena_runner.gym.trajectories import Reply, Rollout, RolloutStep, RolloutTask, Seen

ENV_ID = "webarena_runner/WebArena-v0"

__all__ = [
    "ENV_ID",
    "ReferencePlayer",
    "Reply",
    "Rollout",
    "RolloutStep",
    "RolloutTask",
    "Seen",
    "WebArenaEnv",
    "rollouts",
]

gymnasium.register(ENV_ID, entry_point="webarena_runner.gym.env:WebArenaEnv")
