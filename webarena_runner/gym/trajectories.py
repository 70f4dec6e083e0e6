"""The records of rollouts: what is to be played, what a policy sees and says, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner.errors import EpisodeError
from webarena_runner.types import Action, TaskId


@dataclass(frozen=True)
class RolloutTask:
    """One episode to play, with limits of its own; None: those of the settings. `tag` comes back with the rollout.

    `step_timeout_s` is what sites and browser may take for the start or for a step; the policy's time is not in it.
    """

    task_id: TaskId
    max_steps: int | None = None
    step_timeout_s: float | None = None
    tag: Any = None


@dataclass(frozen=True)
class Reply:
    """What a policy says; only `action` is needed, the rest goes into the step as it is.

    `prompt` is what the model was given, a text or messages, and `text` its whole reply. `token_ids` are of the reply,
    `logprobs` the natural logarithms of their probabilities, one for each.
    """

    action: str | Action
    prompt: Any = None
    text: str = ""
    prompt_token_ids: Sequence[int] | None = None
    token_ids: Sequence[int] | None = None
    logprobs: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if self.token_ids is not None and self.logprobs is not None and len(self.token_ids) != len(self.logprobs):
            raise ValueError(
                f"Reply: {len(self.logprobs)} logprobs for {len(self.token_ids)} token_ids; expected one for each"
            )


@dataclass(frozen=True)
class RolloutStep:
    """What the policy saw, what it said, and what came of it; `rollout` is the number of the rollout.

    `action` is what was carried out, with the sites' own addresses. `action_error` is why it did nothing ("": it
    worked), or the error by which the episode ended in this step.
    """

    rollout: int
    index: int
    observation: dict[str, Any]
    reply: Reply
    action: Action
    action_error: str
    info: dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """What a policy decides by: the observation and info of the environment, and the steps before, oldest first."""

    rollout: int
    task: RolloutTask
    observation: dict[str, Any]
    info: dict[str, Any]
    steps: Sequence[RolloutStep]


@dataclass(frozen=True)
class Rollout:
    """A finished episode; `number` is its task's place among the tasks, from 0.

    `reward` is None exactly when `error` is there: such an episode says nothing of the policy, and neither terminated
    nor was truncated. `observation` and `info` are the last ones; of an episode that did not begin there is no
    observation, {}.
    """

    number: int
    task: RolloutTask
    steps: tuple[RolloutStep, ...]
    observation: dict[str, Any]
    info: dict[str, Any]
    reward: float | None = None
    terminated: bool = False
    truncated: bool = False
    error: EpisodeError | None = None
