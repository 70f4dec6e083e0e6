"""The Gymnasium environment; importing this module registers it, which is all that Gymnasium offers to packages."""

import gymnasium

from webarena_runner.gym.env import WebArenaEnv

ENV_ID = "webarena_runner/WebArena-v0"

__all__ = ["ENV_ID", "WebArenaEnv"]

gymnasium.register(ENV_ID, entry_point="webarena_runner.gym.env:WebArenaEnv")
