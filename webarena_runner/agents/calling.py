"""What an agent is told of the calls that it has made of an environment's functions, in one text."""

from collections.abc import Sequence

from webarena_runner.actions.describe import describe_action
from webarena_runner.types import Invalid, Step

NOTHING = "None"


def transcript(history: Sequence[Step]) -> str:
    """All calls, each with what came of it; of the last one that is what is there now, which is no part of this."""
    after = [f"\n{step.observation.text}" for step in history[1:]] + [""]
    parts = (f"{_said(step)}{shown}" for step, shown in zip(history, after, strict=False))
    return "\n\n".join(parts) or NOTHING


def _said(step: Step) -> str:
    action = step.decision.action
    said = describe_action(action, step.observation, action_set="calls")
    # Of a reply that is no call the reason is in its description.
    return f"{said}\nNot done: {step.action_error}" if step.action_error and not isinstance(action, Invalid) else said
