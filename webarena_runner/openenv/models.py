"""What goes over the wire.

A framework shows its model the whole observation, `metadata` included, so nothing is in it that tells how episodes are
scored; what a trainer wants to know besides the reward is in the state.
"""

from openenv.core.env_server.types import Action, Observation, State
from pydantic import Field


class WebArenaAction(Action):  # type: ignore[misc]
    """One required field, so that clients which only have a text know where it goes."""

    action: str = Field(
        description="An action such as `click [12]`, `type [7] [blue shoes] [1]` or `stop [answer]`; or a whole reply, "
        "of which the action is what stands between the first two ```",
        max_length=100_000,
    )


class WebArenaObservation(Observation):  # type: ignore[misc]
    """`reward` is 0 until the end, then the score; `done` does not say whether a limit ended it: the state does."""

    intent: str = Field(description="What is to be done")
    text: str = Field(description="The page as models see it, with the open tabs")
    url: str = Field(description="Address of the page, with the site's public name")
    last_action_error: str = Field(default="", description="Why the last action did nothing; empty: it worked")
    screenshot: str | None = Field(default=None, description="The page as PNG, in base64; none unless asked for")


class WebArenaState(State):  # type: ignore[misc]
    """Not for the model: which task is played, and how the episode ended."""

    task_set: str = ""
    task_id: int | str | None = None
    max_steps: int = 0
    done: bool = False
    truncated: bool = Field(default=False, description="Ended by a limit, not by the agent; scored all the same")
    ending: str = Field(default="", description="answered, step_limit, repeated_action, parse_failures, error, ...")
    reward: float | None = Field(default=None, description="The score; none before the end and after an error")
    error_class: str = Field(default="", description="browser, site, login, judge, overload, environment or timeout")
    error: str = ""
