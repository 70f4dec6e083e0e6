"""The official early stops: when an episode ends although the agent did not stop."""

from collections.abc import Sequence

from webarena_runner.actions.kinds import equivalent, is_typing
from webarena_runner.settings.records import LimitSettings
from webarena_runner.types import Action, Ending, Invalid, Scroll


def early_stop(actions: Sequence[Action], limits: LimitSettings) -> tuple[Ending, str] | None:
    """The ending and the official answer text, checked in the official order before each model call."""
    if len(actions) >= limits.max_steps:
        return Ending.STEP_LIMIT, f"Early stop: Reach max steps {limits.max_steps}"
    recent = actions[-limits.parse_failures :]
    if len(recent) == limits.parse_failures and all(isinstance(action, Invalid) for action in recent):
        return Ending.PARSE_FAILURES, f"Early stop: Failed to parse actions for {limits.parse_failures} times"
    if not actions:
        return None
    last, times = actions[-1], limits.repeated_actions
    if is_typing(last):
        if sum(_typed_again(action, last, limits) for action in actions) >= times:
            return Ending.REPEATED_ACTION, f"Early stop: Same typing action for {times} times"
        return None
    if isinstance(last, Scroll) and not limits.stop_at_repeated_scrolls:
        return None
    recent = actions[-times:]
    if len(recent) == times and all(equivalent(action, last) for action in recent):
        return Ending.REPEATED_ACTION, f"Early stop: Same action for {times} times"
    return None


def _typed_again(action: Action, last: Action, limits: LimitSettings) -> bool:
    return action == last if limits.type_equality == "element_and_text" else equivalent(action, last)
